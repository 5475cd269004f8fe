/* Avro schemas of others, checked before avro-c makes values of them: it
 * recurses without end where a record contains itself, and takes at once what
 * a `fixed` says that it has. */
#ifndef VQE_BASE_AVRO_SCHEMA_H
#define VQE_BASE_AVRO_SCHEMA_H

#include <avro.h>
#include <stdbool.h>
#include <stddef.h>

/* Parse the `size` bytes of JSON at `text`. Release *out by
 * avro_schema_decref(). A caller that knows whose schema it is puts that in
 * front of the message.
 *
 * VQE_ERR_INPUT for what is no Avro schema. VQE_ERR_UNSUPPORTED, with the type
 * that it is about, for one that is more than this version takes: more than
 * 1 MiB of text, 10,000 types with those of references, 32 types deep, a
 * record that contains itself, a `fixed` beyond 1 MiB, values of more than
 * 16 MiB before their arrays, an array of items without bytes, a name that
 * stands for two types, a union in a union. */
int vqe_schema_parse(avro_schema_t *out, const char *text, size_t size);

/* A schema and one value of it. */
struct vqe_schema_holder {
  avro_schema_t schema;
  avro_value_iface_t *iface;
  avro_value_t value;
  bool has_value;
};

/* Parse a schema as above and make a value of it. Close `holder`, which is
 * zeroed before, in every case. */
int vqe_schema_holder_open(struct vqe_schema_holder *holder, const char *text,
                           size_t size);
void vqe_schema_holder_close(struct vqe_schema_holder *holder);

/* Memory of one value of `schema`, which vqe_schema_parse() has passed,
 * without what lies behind its arrays, maps and texts: an estimate from above.
 * *types is raised by the number of types looked at. */
size_t vqe_schema_value_size(avro_schema_t schema, size_t *types);

#endif
