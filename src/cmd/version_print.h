/* What --version shows. */
#ifndef VQE_CMD_VERSION_PRINT_H
#define VQE_CMD_VERSION_PRINT_H

/* Print the program's version in the first line; then how it was built, the
 * files of its libraries as they were loaded, and the processor: what a report
 * of a fault needs. */
void vqe_cmd_version_print(const char *program);

#endif
