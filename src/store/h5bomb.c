#include "store/h5bomb.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/memory.h"
#include "vqe/error.h"

/* Stored chunks below this cannot become more than 256 MiB. */
#define HARMLESS_BYTES (((hsize_t)256 << 20) / VQE_H5BOMB_DEFLATE_RATIO)
#define CHECKSUM_BYTES 4
/* A filter that does not shorten adds a head and a checksum. */
#define MOST_OVERHEAD 4096
#define WINDOW_BYTES 65536

static const char bomb[] = "has a chunk that inflates to more than a chunk";

/* Does the stream end before it has given more than `most` bytes? Damage is
 * HDF5's to find. */
static bool inflates_within(const uint8_t *data, size_t size, size_t most,
                            uint8_t *window)
{
  z_stream stream = {.next_in = (z_const Bytef *)data, .avail_in = (uInt)size};
  size_t total = 0;
  int code = inflateInit(&stream);
  if (code != Z_OK) {
    return false;
  }
  while (code == Z_OK && total <= most) {
    stream.next_out = window;
    stream.avail_out = WINDOW_BYTES;
    code = inflate(&stream, Z_NO_FLUSH);
    total += WINDOW_BYTES - stream.avail_out;
  }
  (void)inflateEnd(&stream);
  return total <= most;
}

/* One large chunk, read as it is stored. */
static const char *look_inside(hid_t dataset,
                               const struct vqe_h5bomb_chunks *chunks,
                               const hsize_t *offset, hsize_t stored)
{
  uint32_t skipped = 0;
  uint8_t *data = NULL;
  size_t size = (size_t)stored;
  const char *flaw = NULL;
  if (vqe_memory_alloc(&data, size + WINDOW_BYTES, 1, "a chunk") != VQE_OK) {
    return "has a chunk that is larger than the free memory";
  }
  if (H5Dread_chunk(dataset, H5P_DEFAULT, offset, &skipped, data) < 0) {
    flaw = "has a chunk that cannot be read";
  } else {
    size_t tail =
        chunks->checksum_last && size > CHECKSUM_BYTES ? CHECKSUM_BYTES : 0;
    /* where deflate was skipped, there is no stream */
    if ((skipped >> chunks->deflate_at & 1u) == 0 &&
        !inflates_within(data, size - tail, chunks->bytes + MOST_OVERHEAD,
                         data + size)) {
      flaw = bomb;
    }
  }
  free(data);
  return flaw;
}

const char *vqe_h5bomb_flaw(hid_t dataset,
                            const struct vqe_h5bomb_chunks *chunks)
{
  const char *flaw = NULL;
  hsize_t at[2] = {0, 0};
  hsize_t most = chunks->bytes + chunks->bytes / 64 + MOST_OVERHEAD;
  hsize_t columns = chunks->rank > 1 ? chunks->dims[1] : 1;
  for (at[0] = 0; flaw == NULL && at[0] < chunks->dims[0];
       at[0] += chunks->chunk[0]) {
    for (at[1] = 0; flaw == NULL && at[1] < columns;
         at[1] += chunks->chunk[1]) {
      hsize_t stored = 0;
      if (H5Dget_chunk_storage_size(dataset, at, &stored) < 0 || stored == 0) {
        flaw = "lacks a part of its data";
      } else if (stored > most) {
        flaw = "has a chunk that is stored in more bytes than it has";
      } else if (chunks->deflated && stored > HARMLESS_BYTES) {
        flaw = look_inside(dataset, chunks, at, stored);
      }
    }
  }
  return flaw;
}
