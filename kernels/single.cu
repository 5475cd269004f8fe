/* Kernels on amplitudes of 32 bits; arithmetic and sums are of 64. */
#define VQE_REAL float
#define VQE_LAUNCH vqe_launch_single
#define VQE_LOADABLE vqe_loadable_single
#include "kernels/launch.h"
