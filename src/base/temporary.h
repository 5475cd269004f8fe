/* Folders for temporary files that do not outlive the next run. */
#ifndef VQE_BASE_TEMPORARY_H
#define VQE_BASE_TEMPORARY_H

/* A folder that its owner alone may enter, marked by a locked file. */
struct vqe_temporary {
  char *path; /* NULL: none */
  int owner;  /* descriptor that holds the lock, or -1 */
};

/* Where the system keeps temporary files: TMPDIR, else /tmp. */
const char *vqe_temporary_place(void);

/* Make the folder `prefix` and six random characters, of mode 700. First those
 * of this prefix go that processes of this user on this host left behind when
 * they crashed or were killed: their lock is free. Where the file system has
 * no locks none goes. VQE_ERR_IO when the folder cannot be made; errno says
 * why. */
int vqe_temporary_make(struct vqe_temporary *out, const char *prefix);

/* Remove it with all that is in it; one that was never made is fine. */
void vqe_temporary_remove(struct vqe_temporary *temporary);

/* Remove a folder with all that is in it, down to 32 folders within each
 * other; symbolic links are not followed, whoever puts them there at what
 * time. */
void vqe_temporary_remove_tree(const char *path);

#endif
