#include "batch/transport.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/error_message.h"
#include "base/memory.h"

/* What may be on its way before a sender waits. */
#define OUTBOX_BYTES ((size_t)64 << 20)

void vqe_transport_sleep(void)
{
  struct timespec pause = {0, VQE_SLEEP_NS};
  nanosleep(&pause, NULL);
}

void vqe_transport_wait(MPI_Comm comm, int source, int tag, MPI_Status *found)
{
  int flag = 0;
  while (!flag) {
    MPI_Iprobe(source, tag, comm, &flag, found);
    if (!flag) {
      vqe_transport_sleep();
    }
  }
}

static int check_size(size_t size)
{
  if (size > INT_MAX) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a result of %.1f GB is too large to send; it is "
                         "safe in the journal of its rank",
                         (double)size / 1e9);
  }
  return VQE_OK;
}

int vqe_transport_send(const void *data, size_t size, int to, int tag,
                     MPI_Comm comm)
{
  int status = check_size(size);
  if (status == VQE_OK) {
    MPI_Send(data, (int)size, MPI_BYTE, to, tag, comm);
  }
  return status;
}

/* Forget what has arrived; all of it when `wait`. */
static void collect(struct vqe_outbox *outbox, bool wait)
{
  size_t kept = 0;
  for (size_t k = 0; k < outbox->count; k++) {
    struct vqe_outgoing *item = &outbox->items[k];
    int done = 0;
    MPI_Test(&item->request, &done, MPI_STATUS_IGNORE);
    while (wait && !done) {
      vqe_transport_sleep();
      MPI_Test(&item->request, &done, MPI_STATUS_IGNORE);
    }
    if (done) {
      outbox->bytes -= item->size;
      free(item->data);
    } else {
      outbox->items[kept++] = *item;
    }
  }
  outbox->count = kept;
}

int vqe_outbox_send(struct vqe_outbox *outbox, uint8_t *data, size_t size,
                    int to, int tag, MPI_Comm comm)
{
  int status = check_size(size);
  collect(outbox, outbox->bytes + size > OUTBOX_BYTES);
  if (status == VQE_OK && outbox->count == outbox->capacity) {
    size_t capacity = 2 * outbox->capacity + 64;
    status = vqe_memory_grow(&outbox->items, outbox->count, capacity,
                             sizeof *outbox->items, "messages");
    if (status == VQE_OK) {
      outbox->capacity = capacity;
    }
  }
  if (status != VQE_OK) {
    free(data);
    return status;
  }
  struct vqe_outgoing *item = &outbox->items[outbox->count++];
  item->data = data;
  item->size = size;
  outbox->bytes += size;
  MPI_Isend(data, (int)size, MPI_BYTE, to, tag, comm, &item->request);
  return VQE_OK;
}

void vqe_outbox_flush(struct vqe_outbox *outbox)
{
  collect(outbox, true);
  free(outbox->items);
  *outbox = (struct vqe_outbox){0};
}

int vqe_transport_receive(uint8_t **out, size_t *size, MPI_Comm comm,
                        MPI_Status *found)
{
  int count;
  MPI_Get_count(found, MPI_BYTE, &count);
  int status =
      vqe_memory_alloc(out, (size_t)count, 1, "a message between ranks");
  *size = (size_t)count;
  if (status != VQE_OK) {
    return status;
  }
  MPI_Recv(*out, count, MPI_BYTE, found->MPI_SOURCE, found->MPI_TAG, comm,
           MPI_STATUS_IGNORE);
  return VQE_OK;
}
