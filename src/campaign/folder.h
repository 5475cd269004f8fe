/* The folder of a campaign: names of its files, and what is in it. */
#ifndef VQE_CAMPAIGN_FOLDER_H
#define VQE_CAMPAIGN_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "campaign/found.h"

/* "part-0001" or "part-LANE-0001"; lane NULL: without. Free by free(). */
int vqe_folder_part(char **out, const char *lane, int number);
/* Lane and number of the job file of a part; the lane is "" where it has
 * none. False: `name` is no such file. */
bool vqe_folder_is_part(char lane[64], int *number, const char *name);
/* "FOLDER/NAME", free by free(). */
int vqe_folder_path(char **out, const char *folder, const char *name);

/* Names in order; free by vqe_folder_names_free(). */
struct vqe_folder_names {
  size_t count;
  char **list;
};
/* The job files of parts. */
int vqe_folder_parts(struct vqe_folder_names *out, const char *folder);
/* Paths of all outputs: result files, and those of which there are journals
 * alone. */
int vqe_folder_outputs(struct vqe_folder_names *out, const char *folder);
void vqe_folder_names_free(struct vqe_folder_names *names);

#endif
