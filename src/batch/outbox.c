#include "batch/outbox.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

/* Forget what has arrived; all of it when `wait`. */
static void collect(struct vqe_outbox *outbox,
                    const struct vqe_transport *transport, bool wait)
{
  size_t kept = 0;
  for (size_t k = 0; k < outbox->count; k++) {
    struct vqe_outgoing *item = &outbox->items[k];
    bool arrived = transport->arrived(transport->ctx, item->request);
    while (wait && !arrived) {
      vqe_transport_sleep();
      arrived = transport->arrived(transport->ctx, item->request);
    }
    if (arrived) {
      VQE_ASSERT(outbox->bytes >= item->size);
      outbox->bytes -= item->size;
      free(item->data);
    } else {
      outbox->items[kept++] = *item;
    }
  }
  outbox->count = kept;
}

int vqe_outbox_send(struct vqe_outbox *outbox,
                    const struct vqe_transport *transport, int to,
                    enum vqe_transport_tag tag, uint8_t *data, size_t size)
{
  struct vqe_outgoing item = {.data = data, .size = size};
  int status = vqe_transport_check_size(size);
  collect(outbox, transport, outbox->bytes + size > VQE_OUTBOX_BYTES);
  if (status == VQE_OK && outbox->count == outbox->capacity) {
    size_t capacity = 2 * outbox->capacity + 64;
    status = vqe_memory_grow(&outbox->items, outbox->count, capacity,
                             sizeof *outbox->items, "messages");
    if (status == VQE_OK) {
      outbox->capacity = capacity;
    }
  }
  if (status == VQE_OK) {
    status =
        transport->start(transport->ctx, &item.request, to, tag, data, size);
  }
  if (status != VQE_OK) {
    free(data);
    return status;
  }
  VQE_ASSERT(outbox->count < outbox->capacity);
  outbox->items[outbox->count++] = item;
  outbox->bytes += size;
  return VQE_OK;
}

void vqe_outbox_flush(struct vqe_outbox *outbox,
                      const struct vqe_transport *transport)
{
  collect(outbox, transport, true);
  free(outbox->items);
  *outbox = (struct vqe_outbox){0};
}
