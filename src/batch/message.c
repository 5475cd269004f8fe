#include "batch/message.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/memory.h"

void vqe_message_nap(void)
{
  struct timespec pause = {0, VQE_NAP_NS};
  nanosleep(&pause, NULL);
}

void vqe_message_wait(MPI_Comm comm, int source, int tag, MPI_Status *found)
{
  int flag = 0;
  while (!flag) {
    MPI_Iprobe(source, tag, comm, &flag, found);
    if (!flag) {
      vqe_message_nap();
    }
  }
}

int vqe_message_send(const void *data, size_t size, int to, int tag,
                     MPI_Comm comm)
{
  if (size > INT_MAX) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a result of %.1f GB is too large to send; it is "
                         "safe in the journal of its rank",
                         (double)size / 1e9);
  }
  MPI_Send(data, (int)size, MPI_BYTE, to, tag, comm);
  return VQE_OK;
}

int vqe_message_receive(uint8_t **out, size_t *size, MPI_Comm comm,
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
