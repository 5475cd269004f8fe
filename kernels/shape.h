/* Shapes of launches, for the host and for the kernels. */
#ifndef VQE_KERNELS_SHAPE_H
#define VQE_KERNELS_SHAPE_H

/* Threads of a block; a power of two. */
#define VQE_BLOCK 256u
/* Sums of a block go through this many partial sums. */
#define VQE_FOLD 16u
/* Doubles of shared memory that a sum takes. */
#define VQE_SUM_SHARED (VQE_BLOCK + VQE_FOLD)

/* Amplitudes of a tile of RY: two of them and the sums are 35 KB. */
#define VQE_RY_BITS 11
#define VQE_RY_TILE (1u << VQE_RY_BITS)
#define VQE_RY_SHARED (2 * VQE_RY_TILE + VQE_SUM_SHARED + 16)
/* Of RZ: table of phases and folded sums are 26 KB. */
#define VQE_RZ_BITS 10
#define VQE_RZ_TILE (1u << VQE_RZ_BITS)
#define VQE_RZ_SHARED (3 * VQE_RZ_TILE + VQE_SUM_SHARED)
/* Of a permutation: the images of the low bits. */
#define VQE_PERMUTE_BITS 10
#define VQE_PERMUTE_SHARED (1u << VQE_PERMUTE_BITS)

/* A product of matrices: tiles of the result, and columns of the left matrix
 * at a time. Sums and both parts are the 48 KB that any device lets a block
 * have. */
#define VQE_GEMM_TILE 64u
#define VQE_GEMM_DEPTH 16u
#define VQE_GEMM_SHARED (VQE_GEMM_TILE * (VQE_GEMM_TILE + 2 * VQE_GEMM_DEPTH))

#endif
