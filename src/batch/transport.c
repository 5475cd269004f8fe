#include "batch/transport.h"

#include <stdlib.h>
#include <time.h>

#include "base/error_message.h"
#include "base/memory.h"

void vqe_transport_sleep(void)
{
  struct timespec pause = {0, VQE_SLEEP_NS};
  nanosleep(&pause, NULL);
}

bool vqe_transport_probe(const struct vqe_transport *transport,
                         struct vqe_transport_head *found, int from,
                         enum vqe_transport_tag tag)
{
  return transport->probe(transport->ctx, found, from, tag);
}

int vqe_transport_deaths(const struct vqe_transport *transport)
{
  return transport->deaths != NULL ? transport->deaths(transport->ctx) : 0;
}

bool vqe_transport_dead(const struct vqe_transport *transport, int rank)
{
  return transport->dead != NULL && transport->dead(transport->ctx, rank);
}

bool vqe_transport_wait(const struct vqe_transport *transport,
                        struct vqe_transport_head *found, int from,
                        enum vqe_transport_tag tag)
{
  while (!vqe_transport_probe(transport, found, from, tag)) {
    if (from != VQE_TRANSPORT_ANYONE && vqe_transport_dead(transport, from)) {
      return false;
    }
    vqe_transport_sleep();
  }
  return true;
}

int vqe_transport_check_size(size_t size)
{
  if (size > VQE_TRANSPORT_MOST) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a result of %.1f GB is too large to send; it is "
                         "safe in the journal of its rank",
                         (double)size / 1e9);
  }
  return VQE_OK;
}

int vqe_transport_send(const struct vqe_transport *transport, int to,
                       enum vqe_transport_tag tag, const void *data,
                       size_t size)
{
  int status = vqe_transport_check_size(size);
  if (status == VQE_OK) {
    transport->send(transport->ctx, to, tag, data, size);
  }
  return status;
}

static int take(void *data, const struct vqe_transport *transport,
                const struct vqe_transport_head *found)
{
  return transport->receive(transport->ctx, data, found)
             ? VQE_OK
             : vqe_error_set(VQE_ERR_NOT_FOUND, "rank %d died while it sent",
                             found->from);
}

int vqe_transport_receive(uint8_t **out, const struct vqe_transport *transport,
                          const struct vqe_transport_head *found)
{
  int status =
      vqe_memory_alloc(out, found->size, 1, "a message between ranks");
  if (status == VQE_OK) {
    status = take(*out, transport, found);
  }
  if (status != VQE_OK) {
    free(*out);
    *out = NULL;
  }
  return status;
}

int vqe_transport_receive_into(void *data, size_t size,
                               const struct vqe_transport *transport,
                               const struct vqe_transport_head *found)
{
  uint8_t *other = NULL;
  if (found->size == size) {
    return take(data, transport, found);
  }
  int status = vqe_transport_receive(&other, transport, found);
  free(other);
  return status != VQE_OK
             ? status
             : vqe_error_set(VQE_ERR_INPUT,
                             "rank %d sent a message of %zu bytes where %zu "
                             "are due",
                             found->from, found->size, size);
}
