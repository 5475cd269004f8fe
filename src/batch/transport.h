/* Messages between rank 0 and the others; whoever waits sleeps. */
#ifndef VQE_BATCH_TRANSPORT_H
#define VQE_BATCH_TRANSPORT_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

/* Workers ask and report, rank 0 hands out and stops. */
enum vqe_transport_tag {
  VQE_TAG_ASK = 1, /* for work; int: idle lanes, lanes */
  VQE_TAG_WORK,    /* u64 size, u64 whether it is serial and the bytes of a
                      request, repeated */
  VQE_TAG_RESULT,  /* codec bytes of one result */
  VQE_TAG_STOP,    /* empty; the last message that a worker takes */
  VQE_TAG_STOPPED  /* a report; the last message that a worker sends */
};

/* Longest sleep of a rank that waits. */
#define VQE_SLEEP_NS 1000000L
void vqe_transport_sleep(void);

/* Wait, asleep, for a message from `source` with `tag` (or MPI_ANY_TAG). */
void vqe_transport_wait(MPI_Comm comm, int source, int tag, MPI_Status *found);

/* VQE_ERR_UNSUPPORTED above the 2 GB that MPI counts in an int. */
int vqe_transport_send(const void *data, size_t size, int to, int tag,
                     MPI_Comm comm);

/* Messages that are on their way: the sender goes on with its work. */
struct vqe_outbox {
  size_t count, capacity, bytes;
  struct vqe_outgoing {
    MPI_Request request;
    uint8_t *data;
    size_t size;
  } * items;
};

/* Send data (from malloc), which the outbox takes over, also on failure. Waits
 * only when much is still on its way. */
int vqe_outbox_send(struct vqe_outbox *outbox, uint8_t *data, size_t size,
                    int to, int tag, MPI_Comm comm);
/* Wait until all has arrived; frees everything. */
void vqe_outbox_flush(struct vqe_outbox *outbox);

/* Receive the message that was found; free *out by free(). */
int vqe_transport_receive(uint8_t **out, size_t *size, MPI_Comm comm,
                        MPI_Status *found);

#endif
