/* The folder for temporary files of a warehouse. */
#ifndef VQE_LAKE_SCRATCH_H
#define VQE_LAKE_SCRATCH_H

/* Make a folder of its own in `folder`, or where that is NULL beside the local
 * warehouse `place` (NULL: there is none to write to), so that there is as
 * much room as for the tables, else where the system keeps temporary files.
 * Free *out by free(). */
int vqe_scratch_make(char **out, const char *folder, const char *place);
/* With all that is in it; NULL is fine. */
void vqe_scratch_remove(const char *scratch);
/* Remove the folders of others beside the warehouse `place`. */
void vqe_scratch_remove_stale(const char *place, const char *ours);

#endif
