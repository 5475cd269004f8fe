/* Every kernel, by name: VQE_KERNEL(name) stands for the struct
 * vqe_name_args and the function vqe_name_block. Included many times. */
/* state and parameters */
VQE_KERNEL(basis)
VQE_KERNEL(turns)
/* full space */
VQE_KERNEL(ry)
VQE_KERNEL(rz)
VQE_KERNEL(rz_high)
VQE_KERNEL(xxyy)
VQE_KERNEL(excite)
VQE_KERNEL(permute)
VQE_KERNEL(blocks)
/* sector */
VQE_KERNEL(rotate)
VQE_KERNEL(pool)
VQE_KERNEL(small)
/* both */
VQE_KERNEL(phases)
VQE_KERNEL(phase_sums)
/* full space, beside gates of a library */
VQE_KERNEL(slope)
VQE_KERNEL(strings)
/* Hamiltonian */
VQE_KERNEL(sigma)
VQE_KERNEL(gather)
VQE_KERNEL(scatter)
VQE_KERNEL(product)
/* sums */
VQE_KERNEL(dot)
VQE_KERNEL(finish)
