/* Core dumps of programs that hold secrets. */
#ifndef VQE_BASE_CORE_DUMP_H
#define VQE_BASE_CORE_DUMP_H

/* Called where a secret is read: from there on a crash of this process leaves
 * no core dump, as the memory holds the secret, libraries copy it, and what is
 * freed still has it. VQE_CORE_DUMPS=1 in the environment allows dumps again.
 * Debuggers attach as before. Children inherit it. */
void vqe_core_dump_forbid(void);

#endif
