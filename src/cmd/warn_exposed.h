/* Credentials that go over the net in plain text are warned of. */
#ifndef VQE_CMD_WARN_EXPOSED_H
#define VQE_CMD_WARN_EXPOSED_H

#include <stdbool.h>

/* From here on `program` warns once for each address; `allowed`
 * (--insecure-http), or VQE_INSECURE_HTTP in the environment: it does not. */
void vqe_cmd_warn_exposed(bool allowed);

#endif
