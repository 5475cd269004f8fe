/* Random names that no other writer draws: UUIDs (RFC 9562, version 4). */
#ifndef VQE_OBJECTS_OBJECTS_UUID_H
#define VQE_OBJECTS_OBJECTS_UUID_H

#include <stdbool.h>

#define VQE_OBJECTS_UUID_SIZE 37 /* 36 characters and NUL */

/* VQE_ERR_IO when the system has no random numbers. */
int vqe_objects_uuid(char out[VQE_OBJECTS_UUID_SIZE]);

/* Could vqe_objects_uuid() have written `text`? */
bool vqe_objects_is_uuid(const char *text);

#endif
