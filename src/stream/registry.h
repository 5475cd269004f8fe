/* Client of a schema registry with Confluent's interface (Confluent's own,
 * Karapace, Apicurio).
 *
 * Credentials: VQE_REGISTRY_USERNAME and VQE_REGISTRY_PASSWORD (basic), or
 * VQE_REGISTRY_TOKEN (bearer), each also by a file (stream/settings.h); for
 * mutual TLS VQE_REGISTRY_CERT_FILE and VQE_REGISTRY_KEY_FILE (PEM). None is
 * in any message.
 *
 * Errors: VQE_ERR_IO after the retries (no response, 5xx, 429): trying later
 * may help. VQE_ERR_INPUT for what it does not cure: not authorised, an
 * incompatible or invalid schema, a wrong URL. VQE_ERR_NOT_FOUND: no such id.
 *
 * A handle is for one thread at a time. */
#ifndef VQE_STREAM_REGISTRY_H
#define VQE_STREAM_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

struct vqe_registry;

/* 0 or NULL asks for the default. */
struct vqe_registry_options {
  const char *urls;    /* one or more, separated by commas; with the path of
                          the interface: http://host:8081,
                          http://host:8080/apis/ccompat/v7 */
  const char *ca_file; /* PEM; NULL: VQE_REGISTRY_CA_FILE, else the system's */
  double timeout_s;    /* of one request (10) */
  int attempts;        /* rounds over all URLs (3) */
};

int vqe_registry_open(struct vqe_registry **out,
                      const struct vqe_registry_options *options);
void vqe_registry_close(struct vqe_registry *registry); /* NULL is fine */

/* Id of `schema` under `subject`, registered when it is new; one request a
 * subject and schema. Where registering is not allowed, a schema that is
 * already there is looked up. */
int vqe_registry_register(uint32_t *id, struct vqe_registry *registry,
                          const char *subject, const char *schema,
                          size_t size);

/* Text of the Avro schema `id`, valid as long as the handle; one request an
 * id, and one for each schema that it refers to: those stand in the text.
 * VQE_ERR_UNSUPPORTED for a schema of another language, or one with more
 * references than anyone needs. */
int vqe_registry_fetch(const char **schema, struct vqe_registry *registry,
                       uint32_t id);

#endif
