/* Records of other producers: any bytes are a record or a refusal with its
 * reason, as JSON of a connector and as Avro binary of our schema, and a
 * record that is taken is written and read again as the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"
#include "record/record_avro.h"
#include "record/record_json.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_repeats(struct vqe_record_avro *avro,
                          const struct vqe_record *record)
{
  uint8_t *first = NULL;
  uint8_t *second = NULL;
  size_t first_size = 0;
  size_t second_size = 0;
  struct vqe_record *again = NULL;
  if (vqe_record_avro_encode(&first, &first_size, 0, record) != VQE_OK ||
      vqe_record_avro_decode(&again, avro, first, first_size, "again") !=
          VQE_OK ||
      vqe_record_avro_encode(&second, &second_size, 0, again) != VQE_OK ||
      first_size != second_size || memcmp(first, second, first_size) != 0) {
    abort();
  }
  free(first);
  free(second);
  vqe_record_free(again);
}

/* The first byte says which form the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct vqe_record_avro *avro;
  struct vqe_record *record = NULL;
  if (size == 0 ||
      (avro == NULL && vqe_record_avro_create(&avro, NULL, 0) != VQE_OK)) {
    return 0;
  }
  int status;
  if (data[0] == '{') {
    char *text = malloc(size + 1);
    if (text == NULL) {
      return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    status = vqe_record_json_parse(&record, text, size, "fuzz");
    free(text);
  } else {
    status = vqe_record_avro_decode(&record, avro, data + 1, size - 1, "fuzz");
  }
  if (status == VQE_OK) {
    (void)vqe_record_nonfinite(record);
    check_repeats(avro, record);
  } else if (vqe_error_message()[0] == '\0') {
    abort();
  }
  vqe_record_free(record);
  return 0;
}
