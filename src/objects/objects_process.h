/* Which process holds something, so that another one can know later whether it
 * still runs. */
#ifndef VQE_OBJECTS_OBJECTS_PROCESS_H
#define VQE_OBJECTS_OBJECTS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#define VQE_OBJECTS_PROCESS_SIZE 128

/* This process: boot of the machine, namespace of process ids, start; "" where
 * the system does not say. */
void vqe_objects_process(char out[VQE_OBJECTS_PROCESS_SIZE]);

/* Has the process with that text and id certainly ended? False for one of
 * another machine, of another container, or of before a reboot. */
bool vqe_objects_process_ended(const char *process, int64_t pid);

#endif
