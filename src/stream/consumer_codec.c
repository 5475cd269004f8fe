/* Messages to records, by the schemas that they name. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "stream/consumer_state.h"
#include "stream/wire.h"

/* Is it the message's own doing that its schema is of no use, so that no later
 * reading can make a record of it? Where the caller has asked for it, a schema
 * that is missing or that cannot be read counts as that too. */
static bool is_final(const struct vqe_consumer *consumer, int status)
{
  return status == VQE_ERR_UNSUPPORTED ||
         (consumer->reject_unknown &&
          (status == VQE_ERR_NOT_FOUND || status == VQE_ERR_INPUT));
}

static int make_codec(struct vqe_record_avro **out,
                      struct vqe_consumer *consumer, uint32_t id)
{
  const char *schema = NULL;
  int status = vqe_registry_fetch(&schema, consumer->registry, id);
  if (status == VQE_OK) {
    status = vqe_record_avro_create(out, schema, strlen(schema));
    if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
      status = vqe_error_context(status, "schema %lu", (unsigned long)id);
    }
  }
  return status;
}

/* Codec for schema `id`, fetched from the registry once; an unusable one where
 * its messages are to be rejected. Any other failure, such as of a registry
 * that does not respond, has lost its place or wants other credentials, is an
 * error: a later reading can make records of these messages. */
static int codec_of(struct vqe_consumer_codec **out,
                    struct vqe_consumer *consumer, uint32_t id)
{
  struct vqe_record_avro *avro = NULL;
  struct vqe_consumer_codec *codec = NULL;
  for (codec = consumer->codecs; codec != NULL; codec = codec->next) {
    if (codec->id == id) {
      *out = codec;
      return VQE_OK;
    }
  }
  int found = make_codec(&avro, consumer, id);
  if (found != VQE_OK && !is_final(consumer, found)) {
    return found;
  }
  int status = vqe_memory_alloc(&codec, 1, sizeof *codec, "a codec");
  if (status != VQE_OK) {
    vqe_record_avro_free(avro);
    return status;
  }
  codec->id = id;
  codec->avro = avro;
  if (found != VQE_OK) {
    snprintf(codec->reason, sizeof codec->reason, "%s", vqe_error_message());
  }
  codec->next = consumer->codecs;
  consumer->codecs = codec;
  *out = codec;
  return VQE_OK;
}

/* The payload by its schema. */
static int decode_payload(struct vqe_record **out,
                          const struct vqe_consumer *consumer,
                          const struct vqe_consumer_codec *codec,
                          const rd_kafka_message_t *message,
                          const uint8_t *payload, size_t size)
{
  char where[200];
  if (codec->avro == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "%s", codec->reason);
  }
  snprintf(where, sizeof where, "%.100s, partition %d, offset %lld",
           consumer->topic, message->partition, (long long)message->offset);
  int status = vqe_record_avro_decode(out, codec->avro, payload, size, where);
  if (status == VQE_OK) {
    status = vqe_record_identify(*out);
  }
  if (status != VQE_OK) {
    vqe_record_free(*out);
    *out = NULL;
  }
  return status;
}

int vqe_consumer_decode(struct vqe_record **out, bool *is_none,
                        struct vqe_consumer *consumer,
                        const rd_kafka_message_t *message)
{
  struct vqe_consumer_codec *codec = NULL;
  const uint8_t *payload = NULL;
  size_t size = 0;
  uint32_t id = 0;
  *out = NULL;
  *is_none = false;
  int status =
      vqe_wire_decode(&id, &payload, &size, message->payload, message->len);
  if (status != VQE_OK) {
    *is_none = true;
    return status;
  }
  status = codec_of(&codec, consumer, id);
  if (status != VQE_OK) {
    return vqe_error_context(
        status, "topic '%.100s', partition %d, offset %lld cannot be read now",
        consumer->topic, message->partition, (long long)message->offset);
  }
  status = decode_payload(out, consumer, codec, message, payload, size);
  *is_none = status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED;
  return status;
}

void vqe_consumer_free_codecs(struct vqe_consumer *consumer)
{
  while (consumer->codecs != NULL) {
    struct vqe_consumer_codec *next = consumer->codecs->next;
    vqe_record_avro_free(consumer->codecs->avro);
    free(consumer->codecs);
    consumer->codecs = next;
  }
}
