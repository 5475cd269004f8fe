/* Files that a command writes beside its result: --summary, --qcschema,
 * --fcidump, --output of vqe_lake. */
#ifndef VQE_CMD_SIDE_OUTPUT_H
#define VQE_CMD_SIDE_OUTPUT_H

#include <stddef.h>

/* VQE_ERR_INPUT when `path` is one of `others` (entries may be NULL) or an
 * HDF5 file: it would be replaced by what is no result. `option` names it in
 * the message. A NULL path is fine. */
int vqe_cmd_side_output_check(const char *option, const char *path,
                              const char *const *others, size_t count);

#endif
