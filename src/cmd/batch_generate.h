/* `vqe_batch generate`: the job files of a campaign. */
#ifndef VQE_CMD_BATCH_GENERATE_H
#define VQE_CMD_BATCH_GENERATE_H

/* argv[0] is the command; the exit status. */
int vqe_batch_generate(int argc, char **argv);

#endif
