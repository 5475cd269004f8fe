#define VQE_REAL float
#define VQE_EMULATED vqe_emulated_single
#include "emulated_kernels.h"
