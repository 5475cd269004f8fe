#define VQE_REAL double
#define VQE_EMULATED vqe_emulated_double
#include "emulated_kernels.h"
