/* Address space for OpenBLAS, which maps a buffer for each thread that calls
 * it and retries for ever where the system refuses one. */
#ifndef VQE_BASE_BLAS_ROOM_H
#define VQE_BASE_BLAS_ROOM_H

/* See to it that so many threads at once can call OpenBLAS, before one does.
 * VQE_ERR_MEMORY names the limit that is in the way and what to do. Where
 * there is a limit, the buffers are OpenBLAS's from then on, whatever else
 * takes memory. Of several calls the largest number counts; safe to call from
 * any thread. */
int vqe_blas_room_reserve(int callers);

#endif
