/* HDF5's error stack turned into vqe_error_set() messages. */
#ifndef VQE_STORE_H5ERROR_H
#define VQE_STORE_H5ERROR_H

#include <hdf5.h>
#include <stdbool.h>

/* HDF5 prints its stack on every failure, and loads code that the environment
 * names when a file asks for a filter; these two bracket our calls, in which
 * it does neither, and give the program's own settings back. */
struct vqe_h5quiet {
  H5E_auto2_t function;
  void *data;
  unsigned plugins;
};
void vqe_h5quiet_begin(struct vqe_h5quiet *quiet);
void vqe_h5quiet_end(const struct vqe_h5quiet *quiet);

/* Message "result file 'path': what: HDF5's innermost reason"; returns
 * `status`. To be called before any other HDF5 function. */
int vqe_h5error_set(int status, const char *path, const char *what);

/* Was the last failure one of the system (a full disk, no permission)? Did it
 * come from another program that has the file open? */
bool vqe_h5error_is_system(void);
bool vqe_h5error_is_open_elsewhere(void);

#endif
