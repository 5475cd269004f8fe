/* Kernels on amplitudes of 64 bits. */
#define VQE_REAL double
#define VQE_LAUNCH vqe_launch_double
#define VQE_LOADABLE vqe_loadable_double
#include "kernels/launch.h"
