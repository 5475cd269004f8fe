/* Formats that others read stay byte for byte: one result with every member
 * set, in each form it is kept or sent in, against the SHA-256 of that form.
 * A hash changes with a new field and with nothing else. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>
#include <unistd.h>

#include "base/sha256.h"
#include "record/record.h"
#include "record/record_avro.h"
#include "record/record_json_write.h"
#include "record/result_fixture.h"
#include "store/codec.h"
#include "store/hdf5.h"
#include "vqe/error.h"

static void expect(const void *data, size_t size, const char *hash)
{
  char found[VQE_SHA256_HEX_SIZE];
  assert_int_equal(vqe_sha256_hex(found, data, size), 0);
  assert_string_equal(found, hash);
}

static struct vqe_record *finished_record(void)
{
  struct vqe_result *result = fixture_result(5, 4, 3);
  struct vqe_record *record = NULL;
  result->status = VQE_EXPERIMENT_OK;
  assert_int_equal(vqe_record_from_result(&record, result), VQE_OK);
  vqe_result_free(result);
  return record;
}

static void avro_bytes_stay(void **state)
{
  (void)state;
  struct vqe_record *record = finished_record();
  uint8_t *data = NULL;
  size_t size = 0;
  assert_int_equal(vqe_record_avro_encode(&data, &size, 0, record), VQE_OK);
  expect(data, size,
         "9ce41849bdbdc0063b77b350cfcfaa30c4ac597d1645e44ef2fadd701b0d7dad");
  free(data);
  vqe_record_free(record);
}

static void json_text_stays(void **state)
{
  (void)state;
  struct vqe_record *record = finished_record();
  char *text = NULL;
  size_t size = 0;
  assert_int_equal(vqe_record_json_write(&text, &size, record), VQE_OK);
  expect(text, size,
         "e8a7d0f985bdf81bdbf038e3b633a6647d849092080fc343b7366c8a60db43b9");
  free(text);
  vqe_record_free(record);
}

static void identity_of_a_record_without_one_stays(void **state)
{
  (void)state;
  struct vqe_record *record = finished_record();
  free(record->experiment_id);
  record->experiment_id = NULL;
  assert_int_equal(vqe_record_identify(record), VQE_OK);
  assert_string_equal(
      record->experiment_id,
      "07bd050385b409d25268037951316b56bfe36531b140babf0b35264d1ec866c6");
  vqe_record_free(record);
}

static void codec_bytes_stay(void **state)
{
  (void)state;
  struct vqe_result *result = fixture_result(5, 4, 3);
  uint8_t *data = NULL;
  size_t size = 0;
  assert_int_equal(vqe_codec_encode_result(&data, &size, result), 0);
  expect(data, size,
         "3b007e66f21254d47be031cb5c49f83933f66e225122a84f47a13664ff4db1ec");
  free(data);
  vqe_result_free(result);
}

/* ---- HDF5: what a reader sees, not where the library puts it ---- */

static void describe_attribute(FILE *out, hid_t object, const char *name)
{
  char text[4096] = "";
  hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  hid_t type = H5Aget_type(attribute);
  assert_int_equal(H5Tget_class(type), H5T_STRING);
  assert_true(H5Tget_size(type) < sizeof text);
  assert_true(H5Aread(attribute, type, text) >= 0);
  fprintf(out, "attribute %s %zu %s\n", name, H5Tget_size(type), text);
  H5Tclose(type);
  H5Aclose(attribute);
}

static void describe_type(FILE *out, hid_t type)
{
  fprintf(out, "type %d %zu\n", (int)H5Tget_class(type), H5Tget_size(type));
  if (H5Tget_class(type) != H5T_COMPOUND) {
    return;
  }
  for (unsigned k = 0; k < (unsigned)H5Tget_nmembers(type); k++) {
    char *name = H5Tget_member_name(type, k);
    hid_t member = H5Tget_member_type(type, k);
    fprintf(out, "member %s %zu ", name, H5Tget_member_offset(type, k));
    describe_type(out, member);
    H5Tclose(member);
    H5free_memory(name);
  }
}

static void describe_data(FILE *out, hid_t dataset, hid_t type)
{
  hsize_t dims[2] = {0, 0};
  hid_t space = H5Dget_space(dataset);
  int rank = H5Sget_simple_extent_dims(space, dims, NULL);
  size_t count = (size_t)H5Sget_simple_extent_npoints(space);
  char *data = fixture_alloc(count, H5Tget_size(type));
  assert_true(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >=
              0);
  fprintf(out, "rank %d, %llu x %llu\n", rank, (unsigned long long)dims[0],
          (unsigned long long)dims[1]);
  fwrite(data, H5Tget_size(type), count, out);
  free(data);
  H5Sclose(space);
}

static herr_t describe(hid_t file, const char *name, const H5O_info_t *info,
                       void *ctx)
{
  FILE *out = ctx;
  hid_t object = H5Oopen(file, name, H5P_DEFAULT);
  fprintf(out, "object %s\n", name);
  if (info->type == H5O_TYPE_DATASET) {
    hid_t type = H5Dget_type(object);
    describe_type(out, type);
    describe_data(out, object, type);
    H5Tclose(type);
    if (H5Aexists(object, "units") > 0) {
      describe_attribute(out, object, "units");
    }
  } else if (H5Aexists(object, "experiment_id") > 0) {
    describe_attribute(out, object, "experiment_id");
    describe_attribute(out, object, "status");
    if (H5Aexists(object, "name") > 0) {
      describe_attribute(out, object, "name");
    }
  }
  H5Oclose(object);
  return 0;
}

static void hdf5_layout_stays(void **state)
{
  (void)state;
  char path[] = "t-formats-XXXXXX";
  char *text = NULL;
  size_t size = 0;
  int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  close(descriptor);
  struct vqe_result *results[2] = {fixture_result(5, 4, 3), fixture_failed()};
  assert_int_equal(vqe_hdf5_write(path, results, 2), 0);
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  assert_true(file >= 0);
  FILE *out = open_memstream(&text, &size);
  assert_true(H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, describe, out) >= 0);
  fclose(out);
  H5Fclose(file);
  unlink(path);
  expect(text, size,
         "34e3d53e6f95741368fa1da1dc32b08355b260c8fcd76fe164ad2f6efe1fd697");
  free(text);
  vqe_result_free(results[0]);
  vqe_result_free(results[1]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(avro_bytes_stay),
      cmocka_unit_test(json_text_stays),
      cmocka_unit_test(identity_of_a_record_without_one_stays),
      cmocka_unit_test(codec_bytes_stay),
      cmocka_unit_test(hdf5_layout_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
