/* Result files: any bytes are results or a message. HDF5 checksums its
 * metadata and our chunks, so that hardly a mutation would get past the first
 * block: here the checksums are what the bytes say that they are. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/hdf5.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
uint32_t H5_checksum_metadata(const void *data, size_t size, uint32_t initial);
uint32_t H5_checksum_fletcher32(const void *data, size_t size);

static uint32_t stored(const void *data, size_t size)
{
  const uint8_t *at = (const uint8_t *)data + size;
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
         (uint32_t)at[3] << 24;
}

/* HDF5 calls these by name: the checksum stands behind what it is of. */
uint32_t H5_checksum_metadata(const void *data, size_t size, uint32_t initial)
{
  (void)initial;
  return stored(data, size);
}

uint32_t H5_checksum_fletcher32(const void *data, size_t size)
{
  return stored(data, size);
}

static void check_message(int status)
{
  if (status != VQE_OK && vqe_error_message()[0] == '\0') {
    abort();
  }
}

static int visit(void *ctx, size_t index, const struct vqe_result *result)
{
  double *sum = ctx;
  (void)index;
  for (size_t k = 0; k < result->neval; k++) {
    *sum += result->eval_energy[k];
  }
  for (size_t k = 0; k < result->nterm; k++) {
    *sum += result->term_coeff[k];
  }
  if (result->ansatz_qasm != NULL) {
    *sum += (double)strlen(result->ansatz_qasm);
  }
  if (result->experiment->molecule != NULL) {
    const struct vqe_molecule *molecule = result->experiment->molecule;
    *sum += (double)strlen(molecule->name);
    for (size_t k = 0; k < 3 * molecule->natom; k++) {
      *sum += molecule->coords[k];
    }
  }
  return VQE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char path[64];
  double sum = 0.0;
  struct vqe_hdf5_row *rows = NULL;
  struct vqe_hdf5_entry *entries = NULL;
  size_t count = 0;
  int descriptor = memfd_create("result", MFD_CLOEXEC);
  if (descriptor < 0 ||
      (size > 0 && write(descriptor, data, size) != (ssize_t)size)) {
    abort();
  }
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  check_message(vqe_hdf5_visit(path, visit, &sum));
  int status = vqe_hdf5_rows(&rows, &count, path);
  check_message(status);
  if (status == VQE_OK) {
    vqe_hdf5_rows_free(rows, count);
  }
  status = vqe_hdf5_list(&entries, &count, path);
  check_message(status);
  if (status == VQE_OK) {
    free(entries);
  }
  close(descriptor);
  return 0;
}
