/* A JSON value as a file for scripts. */
#ifndef VQE_REPORT_JSON_FILE_H
#define VQE_REPORT_JSON_FILE_H

#include <jansson.h>

/* Write `value` to `path`, aside and renamed: two blanks of indent, 17 digits,
 * a line's end behind it. NULL, which is what Jansson gives where memory ran
 * out, is VQE_ERR_MEMORY. */
int vqe_report_write_json(const char *path, const json_t *value);

#endif
