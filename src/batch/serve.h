/* A rank above 0: asks for work, has its lanes do it and sends the results. */
#ifndef VQE_BATCH_SERVE_H
#define VQE_BATCH_SERVE_H

#include "batch/worker.h"

/* Serve rank 0 until it says stop. */
int vqe_serve(struct vqe_worker *worker);

/* The same for a rank that cannot work, for the reason `status`. */
void vqe_serve_decline(struct vqe_worker *worker, int status);

#endif
