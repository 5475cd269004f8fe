/* OpenBLAS in little address space. */
#ifndef VQE_CMD_BLAS_START_H
#define VQE_CMD_BLAS_START_H

/* Where the shell limits address space or data, begin the program again with
 * OpenBLAS on one thread, unless it has been: it starts a thread for each
 * processor before main, which takes 136 MB each and has no end where they
 * are refused, while our own loops are threaded around it. To be called first
 * in main. */
void vqe_cmd_blas_start(char **argv);

#endif
