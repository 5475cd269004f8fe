/* What was printed has reached its place, or the program says so. */
#ifndef VQE_CMD_SCREEN_H
#define VQE_CMD_SCREEN_H

/* Flush and close the standard output at the end of `program`; the exit status
 * `code`, or 1 with a message where what was printed is lost (a full disk) and
 * `code` is 0. */
int vqe_cmd_end_screen(const char *program, int code);

#endif
