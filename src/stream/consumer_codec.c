/* Messages to records, by the schemas that they name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "stream/consumer_state.h"
#include "stream/wire.h"

/* Codec for schema `id`, fetched from the registry once. VQE_OK with an
 * unusable one for a schema that is not there or no schema; a registry that
 * does not respond is an error: its messages are not to be rejected. */
static int codec_of(struct vqe_consumer_codec **out,
                    struct vqe_consumer *consumer, int32_t id)
{
  const char *schema = NULL;
  struct vqe_consumer_codec *codec = NULL;
  for (codec = consumer->codecs; codec != NULL; codec = codec->next) {
    if (codec->id == id) {
      *out = codec;
      return VQE_OK;
    }
  }
  int status = vqe_registry_fetch(&schema, consumer->registry, id);
  if (status != VQE_OK && status != VQE_ERR_NOT_FOUND) {
    return status;
  }
  bool found = status == VQE_OK;
  status = vqe_memory_alloc(&codec, 1, sizeof *codec, "a codec");
  if (status != VQE_OK) {
    return status;
  }
  codec->id = id;
  if (found) {
    status = vqe_record_avro_create(&codec->avro, schema, strlen(schema));
  }
  if (status == VQE_ERR_MEMORY) {
    free(codec);
    return status;
  }
  if (codec->avro == NULL) {
    snprintf(codec->reason, sizeof codec->reason, "schema %d: %s", id,
             vqe_error_message());
  }
  codec->next = consumer->codecs;
  consumer->codecs = codec;
  *out = codec;
  return VQE_OK;
}

int vqe_consumer_decode(struct vqe_record **out, struct vqe_consumer *consumer,
                        const rd_kafka_message_t *message)
{
  struct vqe_consumer_codec *codec = NULL;
  const uint8_t *payload = NULL;
  size_t size = 0;
  int32_t id = 0;
  char where[200];
  *out = NULL;
  int status =
      vqe_wire_decode(&id, &payload, &size, message->payload, message->len);
  if (status != VQE_OK) {
    return status;
  }
  status = codec_of(&codec, consumer, id);
  if (status != VQE_OK) {
    /* not the message's fault */
    return status == VQE_ERR_INPUT ? VQE_ERR_UNSUPPORTED : status;
  }
  if (codec->avro == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "%s", codec->reason);
  }
  snprintf(where, sizeof where, "%.100s, partition %d, offset %lld",
           consumer->topic, message->partition, (long long)message->offset);
  status = vqe_record_avro_decode(out, codec->avro, payload, size, where);
  if (status == VQE_OK) {
    status = vqe_record_identify(*out);
  }
  if (status != VQE_OK) {
    vqe_record_free(*out);
    *out = NULL;
  }
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
