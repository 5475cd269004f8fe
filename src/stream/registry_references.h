/* Schemas that refer to others of the registry, made one. */
#ifndef VQE_STREAM_REGISTRY_REFERENCES_H
#define VQE_STREAM_REGISTRY_REFERENCES_H

#include <stddef.h>

/* The Avro schema `schema` with the named types of `others` written out where
 * it first refers to them, so that it stands alone. A type of `others` may
 * refer to types before it and after it. Names are changed, since Avro's
 * binary form does not hold them: each type gets one of its own, without a
 * namespace. VQE_ERR_INPUT for what is no JSON, and for a reference to a type
 * that is nowhere, VQE_ERR_UNSUPPORTED for types more than a hundred deep.
 * Free *out by free(). */
int vqe_registry_join(char **out, const char *schema,
                      const char *const *others, size_t count);

#endif
