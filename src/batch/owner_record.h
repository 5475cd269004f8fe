/* What a lock file says of the run that has an output. */
#ifndef VQE_BATCH_OWNER_RECORD_H
#define VQE_BATCH_OWNER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define VQE_OWNER_RECORD_SIZE 2048

struct vqe_owner_record {
  char token[40]; /* of this run alone */
  char user[64];
  char host[256];
  int64_t process;
  char job[64]; /* the scheduler's; "" without one */
  char since[VQE_CLOCK_RFC3339_SIZE];
  char boot[64];   /* of the kernel, until it is restarted; "" not known */
  char space[64];  /* in which `process` means something; "" not known */
  int64_t started; /* of the process, in ticks since the kernel's start */
};

/* Of this process. VQE_ERR_IO when the system has no random numbers. */
int vqe_owner_record_self(struct vqe_owner_record *out);

/* Text of the file, and its size; it always fits VQE_OWNER_RECORD_SIZE. */
size_t vqe_owner_record_print(char *text, size_t size,
                              const struct vqe_owner_record *record);
/* False when it is no such text. */
bool vqe_owner_record_read(struct vqe_owner_record *out, const char *text,
                           size_t size);

/* One kernel; the same numbers of processes besides. */
bool vqe_owner_record_same_machine(const struct vqe_owner_record *a,
                                   const struct vqe_owner_record *b);
bool vqe_owner_record_same_processes(const struct vqe_owner_record *a,
                                     const struct vqe_owner_record *b);

/* Does that process of this machine still run? */
bool vqe_owner_record_lives(const struct vqe_owner_record *record);

#endif
