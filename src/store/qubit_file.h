/* The Hamiltonian on qubits as a file for other programs: OpenFermion's text,
 * Qiskit's list of labels as JSON, HDF5. Layouts: src/store/README.md. */
#ifndef VQE_STORE_QUBIT_FILE_H
#define VQE_STORE_QUBIT_FILE_H

#include <stddef.h>

#include "vqe/experiment.h"

/* Is there a format of the ending of `path`? VQE_ERR_INPUT lists them:
 * .txt and .openfermion, .json, .h5 and .hdf5. */
int vqe_qubitfile_check(const char *path);

/* Write `path` whole or not at all (vqe_file_write). VQE_ERR_INPUT for another
 * ending, and for a NULL array. Memory: the file's size a few times. */
int vqe_qubitfile_write(const char *path,
                        const struct vqe_qubit_hamiltonian *hamiltonian);

/* The same as HDF5, whatever the ending. */
int vqe_qubitfile_hdf5(const char *path,
                       const struct vqe_qubit_hamiltonian *hamiltonian);

#endif
