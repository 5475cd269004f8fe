#include "batch/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "store/codec.h"

/* In front of each experiment. */
struct head {
  uint64_t size;
  uint32_t share;
  uint32_t more;
};

int vqe_request_add(struct vqe_request_message *message,
                    const struct vqe_experiment *experiment,
                    enum vqe_task_share share, bool more)
{
  uint8_t *data = NULL;
  size_t size = 0;
  int status = vqe_codec_encode_experiment(&data, &size, experiment);
  struct head head = {size, (uint32_t)share, more};
  if (status == VQE_OK) {
    status = vqe_memory_grow(&message->data, message->size,
                             message->size + sizeof head + size, 1,
                             "a work message");
  }
  if (status == VQE_OK) {
    memcpy(message->data + message->size, &head, sizeof head);
    memcpy(message->data + message->size + sizeof head, data, size);
    message->size += sizeof head + size;
  }
  free(data);
  return status;
}

void vqe_request_clear(struct vqe_request_message *message)
{
  free(message->data);
  *message = (struct vqe_request_message){0};
}

int vqe_request_next(struct vqe_experiment **out, enum vqe_task_share *share,
                     bool *more, size_t *at,
                     const struct vqe_request_message *message)
{
  struct head head;
  size_t left = message->size - *at;
  *out = NULL;
  if (left == 0) {
    return VQE_OK;
  }
  if (left >= sizeof head) {
    memcpy(&head, message->data + *at, sizeof head);
    left -= sizeof head;
    if (head.size <= left && head.share <= VQE_TASK_ALONE && head.more <= 1) {
      const uint8_t *data = message->data + *at + sizeof head;
      *at += sizeof head + (size_t)head.size;
      *share = (enum vqe_task_share)head.share;
      *more = head.more != 0;
      return vqe_codec_decode_experiment(out, data, (size_t)head.size);
    }
  }
  return vqe_error_set(VQE_ERR_IO, "a work message is cut short");
}
