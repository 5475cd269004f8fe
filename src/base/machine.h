/* What this process may use of the machine: memory and processors, by the
 * limits of control groups and by affinity. */
#ifndef VQE_BASE_MACHINE_H
#define VQE_BASE_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* Where the system keeps the groups; NULL members: as Linux has them. Tests
 * have others. */
struct vqe_machine_places {
  const char *groups; /* of this process: /proc/self/cgroup */
  const char *root;   /* of their files: /sys/fs/cgroup */
};

/* Bytes left below the limits (max and high) of this process's control group
 * and of all groups above it, page cache that can go counted as free.
 * UINT64_MAX: no limit. `places` may be NULL. */
uint64_t vqe_machine_memory_left(const struct vqe_machine_places *places);

/* The lowest of those limits, and no more than the machine has; UINT64_MAX:
 * not known. `places` may be NULL. */
uint64_t vqe_machine_memory_limit(const struct vqe_machine_places *places);

/* Processors' worth of time that those groups grant, rounded up; 0: no limit.
 * `places` may be NULL. */
int vqe_machine_quota(const struct vqe_machine_places *places);

/* The limit of the shell (ulimit) that leaves this process least: */
struct vqe_machine_limit {
  const char *name;   /* "address space" or "data"; NULL without a limit */
  const char *option; /* of ulimit: "-v" or "-d" */
  uint64_t bytes;     /* UINT64_MAX: no limit */
  uint64_t used;
};
void vqe_machine_limit(struct vqe_machine_limit *out);

/* The scheduler's name of the job that this process is part of; NULL without
 * one. */
const char *vqe_machine_job(void);

/* Processors that this process may run on: affinity and quota; at least 1. */
int vqe_machine_processors(void);

/* Name of the processor's model, cut to `size`; "cpu" where Linux has none
 * (ARM). */
void vqe_machine_processor_model(char *out, size_t size);

#endif
