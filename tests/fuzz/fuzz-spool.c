/* Files of a spool: any bytes are a record, or a message. The checksum is put
 * right first, or no mutation would ever pass it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "record/spool.h"
#include "vqe/error.h"

#define NAME                                                                  \
  "0000000000000000000000000000000000000000000000000000000000000000-"         \
  "0000000000000000.vqes"
#define TAIL 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64];
static struct vqe_spool *spool;

static void remove_folder(void)
{
  vqe_spool_close(spool);
  (void)rmdir(folder);
}

static void open_folder(void)
{
  snprintf(folder, sizeof folder, "/tmp/vqe-fuzz-spool-XXXXXX");
  if (mkdtemp(folder) == NULL || vqe_spool_open(&spool, folder) != VQE_OK) {
    abort();
  }
  atexit(remove_folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_record *record = NULL;
  char path[256];
  if (spool == NULL) {
    open_folder();
  }
  snprintf(path, sizeof path, "%s/%s", folder, NAME);
  FILE *file = fopen(path, "wb");
  if (file == NULL) {
    abort();
  }
  if (size >= TAIL) {
    uLong sum = crc32(crc32(0L, Z_NULL, 0), data, (uInt)(size - TAIL));
    uint8_t tail[TAIL];
    for (int k = 0; k < TAIL; k++) {
      tail[k] = (uint8_t)(sum >> 8 * k);
    }
    (void)fwrite(data, 1, size - TAIL, file);
    (void)fwrite(tail, 1, TAIL, file);
  } else if (size > 0) {
    (void)fwrite(data, 1, size, file);
  }
  fclose(file);
  int status = vqe_spool_read(&record, spool, NAME);
  if ((status == VQE_OK) != (record != NULL) ||
      (status != VQE_OK && vqe_error_message()[0] == '\0')) {
    abort();
  }
  vqe_record_free(record);
  (void)unlink(path);
  return 0;
}
