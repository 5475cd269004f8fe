/* Result files: any bytes are results or a message. HDF5 checksums its
 * metadata and our chunks, so that hardly a mutation would get past the first
 * block: here the checksums are what the bytes say that they are. */
#include <sanitizer/asan_interface.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/hdf5.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
uint32_t H5_checksum_metadata(const void *data, size_t size, uint32_t initial);
uint32_t H5_checksum_fletcher32(const void *data, size_t size);

/* The bytes in hand. */
static const uint8_t *input;
static size_t input_size;

static uint32_t number_at(const uint8_t *at)
{
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
         (uint32_t)at[3] << 24;
}

/* 0 where nothing is behind: a block of a heap whose mark is damaged. */
static uint32_t stored(const void *data, size_t size)
{
  const uint8_t *end = (const uint8_t *)data + size;
  bool inside =
      !__asan_address_is_poisoned(end) && !__asan_address_is_poisoned(end + 3);
  return inside ? number_at(end) : 0;
}

/* Signature, version, address of the heap, offset in it (of a group). */
#define HEAP_BLOCK_HEAD 17

/* HDF5 calls these by name: the checksum stands behind what it is of, but for
 * blocks of a heap, which have it inside and zeros there by now. */
uint32_t H5_checksum_metadata(const void *data, size_t size, uint32_t initial)
{
  (void)initial;
  if (size < HEAP_BLOCK_HEAD + 4 || memcmp(data, "FHDB", 4) != 0) {
    return stored(data, size);
  }
  const uint8_t *block = memmem(input, input_size, data, HEAP_BLOCK_HEAD);
  size_t left = block != NULL ? input_size - (size_t)(block - input) : 0;
  return left >= HEAP_BLOCK_HEAD + 4 ? number_at(block + HEAP_BLOCK_HEAD) : 0;
}

uint32_t H5_checksum_fletcher32(const void *data, size_t size)
{
  return stored(data, size);
}

/* HDF5 wants a file that has a path. */
static char path[64];

static void remove_file(void)
{
  (void)unlink(path);
}

static int make_file(void)
{
  snprintf(path, sizeof path, "/dev/shm/vqe-fuzz-hdf5-XXXXXX");
  if (access("/dev/shm", W_OK) != 0) {
    snprintf(path, sizeof path, "/tmp/vqe-fuzz-hdf5-XXXXXX");
  }
  int made = mkstemp(path);
  if (made < 0 || atexit(remove_file) != 0) {
    abort();
  }
  return made;
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
  static int descriptor = -1;
  double sum = 0.0;
  input = data;
  input_size = size;
  struct vqe_hdf5_row *rows = NULL;
  struct vqe_hdf5_entry *entries = NULL;
  size_t count = 0;
  descriptor = descriptor >= 0 ? descriptor : make_file();
  if (ftruncate(descriptor, 0) != 0 ||
      (size > 0 && pwrite(descriptor, data, size, 0) != (ssize_t)size)) {
    abort();
  }
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
  return 0;
}
