/* Messages that are on their way: the sender goes on with its work. */
#ifndef VQE_BATCH_OUTBOX_H
#define VQE_BATCH_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "batch/transport.h"

/* What may be on its way before a sender waits. */
#define VQE_OUTBOX_BYTES ((size_t)64 << 20)

struct vqe_outgoing {
  void *request;
  uint8_t *data;
  size_t size;
};

/* All zero: empty. */
struct vqe_outbox {
  size_t count, capacity, bytes;
  struct vqe_outgoing *items;
};

/* Send data (from malloc), which the outbox takes over, also on failure. Waits
 * for all that is on its way when this makes it more than VQE_OUTBOX_BYTES. */
int vqe_outbox_send(struct vqe_outbox *outbox,
                    const struct vqe_transport *transport, int to,
                    enum vqe_transport_tag tag, uint8_t *data, size_t size);
/* Wait until all has arrived; frees everything. */
void vqe_outbox_flush(struct vqe_outbox *outbox,
                      const struct vqe_transport *transport);

#endif
