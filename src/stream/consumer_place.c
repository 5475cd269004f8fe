/* Partitions: where to begin, where to end, what is committed. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "stream/consumer_state.h"

#define MEMBER_TIMEOUT_MS 5000

/* Who else is in the group, as "CLIENT at HOST"; "" where that cannot be
 * learned. */
static void name_member(char *out, size_t size,
                        const struct vqe_consumer *consumer)
{
  const struct rd_kafka_group_list *list = NULL;
  out[0] = '\0';
  if (rd_kafka_list_groups(consumer->rk, consumer->group, &list,
                           MEMBER_TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;
  }
  if (list->group_cnt > 0 && list->groups[0].member_cnt > 0) {
    const struct rd_kafka_group_member_info *member =
        &list->groups[0].members[0];
    snprintf(out, size, " (%.100s at %.100s)", member->client_id,
             member->client_host);
  }
  rd_kafka_group_list_destroy(list);
}

/* Kafka's words for it, "unknown member", are about this program. */
static int fail_in_use(const struct vqe_consumer *consumer, const char *what,
                       const char *text)
{
  char member[256];
  name_member(member, sizeof member, consumer);
  return vqe_error_set(VQE_ERR_INPUT,
                       "Kafka at %s, topic '%s': %s: %s: the consumer group "
                       "'%s' is in use by another program%s; name a group of "
                       "its own by --group",
                       consumer->brokers, consumer->topic, what, text,
                       consumer->group, member);
}

int vqe_consumer_fail(const struct vqe_consumer *consumer, const char *what,
                      rd_kafka_resp_err_t error)
{
  int status = VQE_ERR_IO;
  const char *remedy = "are the brokers reachable?";
  const char *text = rd_kafka_err2str(error);
  /* a timeout hides what went wrong before */
  if ((error == RD_KAFKA_RESP_ERR__TIMED_OUT ||
       error == RD_KAFKA_RESP_ERR__TRANSPORT) &&
      consumer->reason[0] != '\0') {
    text = consumer->reason;
    error = consumer->last_error;
  }
  switch (error) {
  case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    status = VQE_ERR_INPUT;
    remedy = "the user needs the right to read the topic and to use the group";
    break;
  case RD_KAFKA_RESP_ERR__AUTHENTICATION:
  case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    status = VQE_ERR_INPUT;
    remedy = "check security.protocol, sasl.mechanism, "
             "VQE_KAFKA_SASL_USERNAME and VQE_KAFKA_SASL_PASSWORD";
    break;
  case RD_KAFKA_RESP_ERR__SSL:
    status = VQE_ERR_INPUT;
    remedy = "check security.protocol and ssl.ca.location";
    break;
  case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
  case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
  case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
  case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    return fail_in_use(consumer, what, text);
  case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
  case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    status = VQE_ERR_NOT_FOUND;
    remedy = "there is no such topic; correct its name or publish first";
    break;
  default:
    break;
  }
  return vqe_error_set(status, "Kafka at %s, topic '%s': %s: %s; %s",
                       consumer->brokers, consumer->topic, what, text, remedy);
}

static int timeout_ms(const struct vqe_consumer *consumer)
{
  return (int)(consumer->timeout_s * 1000.0);
}

static int note_parts(struct vqe_consumer *consumer,
                      const struct rd_kafka_metadata_topic *topic)
{
  size_t count = (size_t)topic->partition_cnt;
  free(consumer->parts);
  consumer->npart = 0;
  int status = vqe_memory_alloc(&consumer->parts, count,
                                sizeof *consumer->parts, "partitions");
  if (status == VQE_OK) {
    consumer->npart = count;
  }
  for (size_t k = 0; k < consumer->npart; k++) {
    consumer->parts[k].id = topic->partitions[k].id;
  }
  return status;
}

static int find_parts(struct vqe_consumer *consumer)
{
  const struct rd_kafka_metadata *metadata = NULL;
  rd_kafka_topic_t *topic =
      rd_kafka_topic_new(consumer->rk, consumer->topic, NULL);
  if (topic == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "'%s' is no name of a topic",
                         consumer->topic);
  }
  rd_kafka_resp_err_t error = rd_kafka_metadata(
      consumer->rk, 0, topic, &metadata, timeout_ms(consumer));
  /* errors that were reported wait in the queue */
  rd_kafka_poll(consumer->rk, 0);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt == 1) {
    error = metadata->topics[0].err;
  }
  int status =
      error == RD_KAFKA_RESP_ERR_NO_ERROR
          ? note_parts(consumer, &metadata->topics[0])
          : vqe_consumer_fail(consumer, "asking for its partitions", error);
  if (metadata != NULL) {
    rd_kafka_metadata_destroy(metadata);
  }
  rd_kafka_topic_destroy(topic);
  return status;
}

static int make_list(rd_kafka_topic_partition_list_t **out,
                     const struct vqe_consumer *consumer)
{
  *out = rd_kafka_topic_partition_list_new((int)consumer->npart);
  if (*out == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for partitions");
  }
  for (size_t k = 0; k < consumer->npart; k++) {
    rd_kafka_topic_partition_list_add(*out, consumer->topic,
                                      consumer->parts[k].id)
        ->offset = consumer->parts[k].next;
  }
  return VQE_OK;
}

static int64_t within(int64_t offset, int64_t low, int64_t end)
{
  return offset < low ? low : offset > end ? end : offset;
}

/* Where the partition is read from, when `committed` (negative: nothing) is
 * its committed offset, `asked` the one asked for (negative: none, beyond the
 * last message), and `low` its first. */
static int find_part_range(struct vqe_consumer_counts *counts,
                           struct vqe_consumer *consumer,
                           struct vqe_consumer_part *part, int64_t committed,
                           int64_t asked)
{
  int64_t low = 0;
  rd_kafka_resp_err_t error =
      rd_kafka_query_watermark_offsets(consumer->rk, consumer->topic, part->id,
                                       &low, &part->end, timeout_ms(consumer));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(consumer->rk, 0);
    return vqe_consumer_fail(consumer, "asking for its end", error);
  }
  /* beyond the end: the topic was made anew */
  part->committed = committed <= part->end ? committed : -1;
  if (consumer->from != VQE_CONSUMER_COMMITTED) {
    part->next = asked < 0 ? part->end : within(asked, low, part->end);
  } else {
    part->next = part->committed >= low ? part->committed : low;
    if (part->committed >= 0 && part->committed < low) {
      counts->expired += (size_t)(low - part->committed);
    }
  }
  part->done = part->next >= part->end;
  return VQE_OK;
}

/* The offsets asked for, in `list`. */
static int find_asked(rd_kafka_topic_partition_list_t *list,
                      const struct vqe_consumer *consumer)
{
  for (int k = 0; k < list->cnt; k++) {
    list->elems[k].offset = consumer->from_value;
  }
  if (consumer->from != VQE_CONSUMER_TIME) {
    return VQE_OK;
  }
  rd_kafka_resp_err_t error =
      rd_kafka_offsets_for_times(consumer->rk, list, timeout_ms(consumer));
  for (int k = 0; k < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; k++) {
    error = list->elems[k].err;
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(consumer->rk, 0);
    return vqe_consumer_fail(consumer, "asking for the offsets of a time",
                             error);
  }
  return VQE_OK;
}

static int find_range(struct vqe_consumer_counts *counts,
                      struct vqe_consumer *consumer)
{
  rd_kafka_topic_partition_list_t *list = NULL;
  rd_kafka_topic_partition_list_t *asked = NULL;
  int status = make_list(&list, consumer);
  if (status == VQE_OK) {
    status = make_list(&asked, consumer);
  }
  if (status == VQE_OK) {
    status = find_asked(asked, consumer);
  }
  rd_kafka_resp_err_t error =
      status == VQE_OK
          ? rd_kafka_committed(consumer->rk, list, timeout_ms(consumer))
          : RD_KAFKA_RESP_ERR_NO_ERROR;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(consumer->rk, 0);
    status =
        vqe_consumer_fail(consumer, "asking for the committed place", error);
  }
  for (size_t k = 0; status == VQE_OK && k < consumer->npart; k++) {
    status = find_part_range(counts, consumer, &consumer->parts[k],
                             list->elems[k].offset, asked->elems[k].offset);
  }
  if (list != NULL) {
    rd_kafka_topic_partition_list_destroy(list);
  }
  if (asked != NULL) {
    rd_kafka_topic_partition_list_destroy(asked);
  }
  return status;
}

static int assign(struct vqe_consumer *consumer, size_t *left)
{
  rd_kafka_topic_partition_list_t *list =
      rd_kafka_topic_partition_list_new((int)consumer->npart);
  int status = VQE_OK;
  *left = 0;
  if (list == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for partitions");
  }
  for (size_t k = 0; k < consumer->npart; k++) {
    if (!consumer->parts[k].done) {
      rd_kafka_topic_partition_list_add(list, consumer->topic,
                                        consumer->parts[k].id)
          ->offset = consumer->parts[k].next;
      (*left)++;
    }
  }
  rd_kafka_resp_err_t error = *left == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR
                                         : rd_kafka_assign(consumer->rk, list);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    status = vqe_consumer_fail(consumer, "taking its partitions", error);
  }
  rd_kafka_topic_partition_list_destroy(list);
  return status;
}

int vqe_consumer_start(struct vqe_consumer_counts *counts, size_t *left,
                       struct vqe_consumer *consumer)
{
  int status = find_parts(consumer);
  if (status == VQE_OK) {
    status = find_range(counts, consumer);
  }
  if (status == VQE_OK) {
    status = assign(consumer, left);
  }
  return status;
}

struct vqe_consumer_part *vqe_consumer_find_part(struct vqe_consumer *consumer,
                                                 int32_t id)
{
  for (size_t k = 0; k < consumer->npart; k++) {
    if (consumer->parts[k].id == id) {
      return &consumer->parts[k];
    }
  }
  return NULL;
}

void vqe_consumer_advance(struct vqe_consumer_part *part, int64_t next,
                          size_t *left)
{
  if (part->done) {
    return;
  }
  if (next > part->next) {
    part->next = next;
  }
  if (part->next >= part->end) {
    part->done = true;
    (*left)--;
  }
}

int vqe_consumer_commit(struct vqe_consumer *consumer)
{
  rd_kafka_topic_partition_list_t *list = NULL;
  int status = make_list(&list, consumer);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < consumer->npart; k++) {
    struct vqe_consumer_part *part = &consumer->parts[k];
    list->elems[k].offset =
        part->next > part->committed ? part->next : part->committed;
  }
  rd_kafka_resp_err_t error = list->cnt == 0
                                  ? RD_KAFKA_RESP_ERR_NO_ERROR
                                  : rd_kafka_commit(consumer->rk, list, 0);
  for (int k = 0; k < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; k++) {
    error = list->elems[k].err;
  }
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    for (size_t k = 0; k < consumer->npart; k++) {
      consumer->parts[k].committed = list->elems[k].offset;
    }
  } else {
    status = vqe_consumer_fail(
        consumer, "committing the place (the data are safe)", error);
  }
  rd_kafka_topic_partition_list_destroy(list);
  return status;
}
