/* What was printed has reached its place, or the program says so. */
#ifndef VQE_CMD_SCREEN_H
#define VQE_CMD_SCREEN_H

/* At the start of a program: a standard stream that is closed gets a number of
 * its own, so that no file which is opened later is taken for it. Printing to
 * it fails. */
void vqe_cmd_begin_screen(void);

/* Flush and close the standard output at the end; the exit status
 * `code`, or 1 with a message where what was printed is lost (a full
 * disk, a closed output) and
 * `code` is 0. */
int vqe_cmd_end_screen(int code);

#endif
