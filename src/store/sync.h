/* Making a new or renamed file durable. */
#ifndef VQE_STORE_SYNC_H
#define VQE_STORE_SYNC_H

/* Sync the folder that holds `path`: a new name is durable only then. File
 * systems that refuse this do not need it, so it cannot fail. */
void vqe_sync_folder(const char *path);

/* Sync the content of `path`; VQE_ERR_IO when that fails. */
int vqe_sync_file(const char *path);

#endif
