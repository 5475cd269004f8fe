/* `vqe_batch status`: the state of a job from its files. */
#ifndef VQE_CMD_BATCH_STATUS_H
#define VQE_CMD_BATCH_STATUS_H

/* argv[0] is the command; the exit status. */
int vqe_batch_status(int argc, char **argv);

#endif
