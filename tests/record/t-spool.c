/* The spool: what is put in comes out, damage and a full disk are errors. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include <fcntl.h>

#include "base/file.h"
#include "record/record_avro.h"
#include "record/result_fixture.h"
#include "record/spool.h"
#include "vqe/error.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct fixture {
  char folder[64];
  char path[80];
  struct vqe_spool *spool;
  uint8_t *avro;
  size_t size;
};

static int set_up(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  struct vqe_record *record = NULL;
  struct vqe_result *result = fixture_result(3, 4, 5);
  strcpy(fixture->folder, "/tmp/vqe-spool-XXXXXX");
  assert_non_null(mkdtemp(fixture->folder));
  snprintf(fixture->path, sizeof fixture->path, "%s/spool", fixture->folder);
  assert_int_equal(vqe_spool_open(&fixture->spool, fixture->path), VQE_OK);
  result->status = VQE_EXPERIMENT_OK;
  assert_int_equal(vqe_record_from_result(&record, result), VQE_OK);
  assert_int_equal(
      vqe_record_avro_encode(&fixture->avro, &fixture->size, 0, record),
      VQE_OK);
  vqe_record_free(record);
  vqe_result_free(result);
  *state = fixture;
  return 0;
}

static int tear_down(void **state)
{
  struct fixture *fixture = *state;
  char command[128];
  vqe_spool_close(fixture->spool);
  snprintf(command, sizeof command, "rm -rf %s", fixture->folder);
  assert_int_equal(system(command), 0);
  free(fixture->avro);
  free(fixture);
  return 0;
}

static size_t count_files(const struct fixture *fixture)
{
  size_t count = 0;
  DIR *folder = opendir(fixture->path);
  assert_non_null(folder);
  for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
    count += e->d_name[0] != '.';
  }
  closedir(folder);
  return count;
}

static void records_come_back_under_their_id(void **state)
{
  struct fixture *fixture = *state;
  char name[VQE_SPOOL_NAME_SIZE];
  char again[VQE_SPOOL_NAME_SIZE];
  char(*names)[VQE_SPOOL_NAME_SIZE] = NULL;
  size_t count = 0;
  char *id = NULL;
  uint8_t *avro = NULL;
  size_t size = 0;
  struct vqe_record *record = NULL;
  assert_int_equal(
      vqe_spool_put(name, fixture->spool, ID, fixture->avro, fixture->size),
      VQE_OK);
  assert_memory_equal(name, ID "-", 65);
  /* the same once more is the same file */
  assert_int_equal(
      vqe_spool_put(again, fixture->spool, ID, fixture->avro, fixture->size),
      VQE_OK);
  assert_string_equal(name, again);
  assert_int_equal(count_files(fixture), 1);
  assert_int_equal(vqe_spool_load(&id, &avro, &size, fixture->spool, name),
                   VQE_OK);
  assert_string_equal(id, ID);
  assert_int_equal(size, fixture->size);
  assert_memory_equal(avro, fixture->avro, size);
  free(id);
  free(avro);
  assert_int_equal(vqe_spool_read(&record, fixture->spool, name), VQE_OK);
  assert_true(record->minimum == -1.8510456784448648);
  vqe_record_free(record);
  /* another content under the same id is another file */
  fixture->avro[fixture->size - 1] ^= 1;
  assert_int_equal(
      vqe_spool_put(again, fixture->spool, ID, fixture->avro, fixture->size),
      VQE_OK);
  assert_string_not_equal(name, again);
  assert_int_equal(vqe_spool_list(&names, &count, fixture->spool), VQE_OK);
  assert_int_equal(count, 2);
  assert_string_equal(names[0], name);
  assert_string_equal(names[1], again);
  free(names);
  assert_int_equal(vqe_spool_remove(fixture->spool, name), VQE_OK);
  assert_int_equal(vqe_spool_remove(fixture->spool, name), VQE_OK);
  assert_int_equal(vqe_spool_load(&id, &avro, &size, fixture->spool, name),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(count_files(fixture), 1);
}

static void any_id_makes_a_safe_file_name(void **state)
{
  struct fixture *fixture = *state;
  const char *ids[] = {"", "../../x", "run 7/\xc3\xa9", "ABC"};
  char name[VQE_SPOOL_NAME_SIZE];
  for (size_t k = 0; k < 4; k++) {
    char *id = NULL;
    uint8_t *avro = NULL;
    size_t size = 0;
    assert_int_equal(vqe_spool_put(name, fixture->spool, ids[k], fixture->avro,
                                   fixture->size),
                     VQE_OK);
    assert_null(strchr(name, '/'));
    assert_int_equal(vqe_spool_load(&id, &avro, &size, fixture->spool, name),
                     VQE_OK);
    assert_string_equal(id, ids[k]);
    free(id);
    free(avro);
  }
  assert_int_equal(vqe_spool_remove(fixture->spool, "../x"), VQE_ERR_INPUT);
}

/* Every byte of the file counts. */
static void damage_of_any_byte_is_found(void **state)
{
  struct fixture *fixture = *state;
  char name[VQE_SPOOL_NAME_SIZE];
  char path[256];
  char *bytes = NULL;
  size_t size = 0;
  assert_int_equal(
      vqe_spool_put(name, fixture->spool, ID, fixture->avro, fixture->size),
      VQE_OK);
  snprintf(path, sizeof path, "%s/%s", fixture->path, name);
  assert_int_equal(vqe_file_read(&bytes, &size, path, 1 << 20), VQE_OK);
  for (size_t k = 0; k < size; k += k < 40 ? 1 : 97) {
    char *id = NULL;
    uint8_t *avro = NULL;
    size_t got = 0;
    bytes[k] ^= 0x10;
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    assert_int_equal(vqe_spool_load(&id, &avro, &got, fixture->spool, name),
                     VQE_ERR_INPUT);
    assert_null(id);
    assert_null(avro);
    bytes[k] ^= 0x10;
  }
  for (size_t cut = 0; cut < size; cut += 131) {
    char *id = NULL;
    uint8_t *avro = NULL;
    size_t got = 0;
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, cut, file), cut);
    fclose(file);
    assert_int_equal(vqe_spool_load(&id, &avro, &got, fixture->spool, name),
                     VQE_ERR_INPUT);
  }
  assert_int_equal(count_files(fixture), 1);
  free(bytes);
}

/* A file whole by its checksum, with a schema that contains itself or that
 * asks for 2^62 bytes, is refused like any that is damaged. */
static void hostile_schemas_are_refused(void **state)
{
  struct fixture *fixture = *state;
  static const char *const schemas[] = {
      "{\"type\": \"record\", \"name\": \"N\", \"fields\": [{\"name\": "
      "\"n\", \"type\": \"N\"}]}",
      "{\"type\": \"fixed\", \"name\": \"f\", \"size\": "
      "4611686018427387904}",
      "{\"type\": \"array\", \"items\": \"null\"}"};
  char name[VQE_SPOOL_NAME_SIZE];
  char path[256];
  snprintf(name, sizeof name, ID "-0123456789abcdef.vqes");
  snprintf(path, sizeof path, "%s/%s", fixture->path, name);
  for (size_t k = 0; k < sizeof schemas / sizeof schemas[0]; k++) {
    char *id = NULL;
    uint8_t *avro = NULL;
    uint8_t data[512];
    size_t size = 0;
    uint32_t words[4] = {1, 2, (uint32_t)strlen(schemas[k]), 10};
    memcpy(data, "VQES", 4);
    memcpy(data + 4, words, 16);
    memset(data + 20, 0, 4);
    memcpy(data + 24, "id", 2);
    memcpy(data + 26, schemas[k], words[2]);
    size = 26 + words[2];
    memset(data + size, 0xff, 10);
    size += 10;
    uint32_t sum = (uint32_t)crc32(crc32(0, Z_NULL, 0), data, (uInt)size);
    memcpy(data + size, &sum, 4);
    assert_int_equal(vqe_file_write(path, data, size + 4), VQE_OK);
    assert_int_equal(vqe_spool_load(&id, &avro, &size, fixture->spool, name),
                     VQE_ERR_UNSUPPORTED);
    assert_non_null(strstr(vqe_error_message(), name));
    assert_non_null(strstr(vqe_error_message(), "Avro schema: "));
    assert_null(avro);
    assert_null(id);
  }
}

static void other_files_are_left_alone(void **state)
{
  struct fixture *fixture = *state;
  char(*names)[VQE_SPOOL_NAME_SIZE] = NULL;
  size_t count = 9;
  char path[256];
  const char *others[] = {"README", ID ".vqes",
                          ID "-0123456789abcdef.vqes.tmp",
                          ID "-0123456789abcdeX.vqes"};
  for (size_t k = 0; k < 4; k++) {
    snprintf(path, sizeof path, "%s/%s", fixture->path, others[k]);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
  }
  assert_int_equal(vqe_spool_list(&names, &count, fixture->spool), VQE_OK);
  assert_int_equal(count, 0);
  free(names);
}

static void full_disk_is_an_error_and_leaves_nothing(void **state)
{
  struct fixture *fixture = *state;
  char name[VQE_SPOOL_NAME_SIZE];
  struct rlimit before;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = {1024, before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  int status =
      vqe_spool_put(name, fixture->spool, ID, fixture->avro, fixture->size);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(status, VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), ID));
  assert_non_null(strstr(vqe_error_message(), fixture->path));
  /* nothing half written stays */
  assert_int_equal(count_files(fixture), 0);
}

static void folder_that_cannot_be_made_is_an_error(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_spool *spool = NULL;
  char path[128];
  (void)state;
  snprintf(path, sizeof path, "%s/none/spool", fixture->folder);
  assert_int_equal(vqe_spool_open(&spool, path), VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), path));
  snprintf(path, sizeof path, "%s/file", fixture->folder);
  FILE *file = fopen(path, "w");
  fclose(file);
  assert_int_equal(vqe_spool_open(&spool, path), VQE_ERR_IO);
  assert_null(spool);
}

static void size_and_age_are_those_of_the_files(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_spool_size size;
  struct stat info;
  char name[VQE_SPOOL_NAME_SIZE];
  char path[400];
  uint64_t bytes = 0;
  assert_int_equal(vqe_spool_measure(&size, fixture->spool), VQE_OK);
  assert_int_equal(size.records, 0);
  assert_true(isnan(size.oldest_s));
  for (int k = 0; k < 2; k++) {
    const uint8_t data[] = {(uint8_t)k, 2, 3};
    assert_int_equal(vqe_spool_put(name, fixture->spool, k == 0 ? "a" : "b",
                                   data, sizeof data),
                     VQE_OK);
    snprintf(path, sizeof path, "%s/%s", vqe_spool_path(fixture->spool), name);
    assert_int_equal(stat(path, &info), 0);
    bytes += (uint64_t)info.st_size;
  }
  /* the second one has waited for an hour */
  struct timespec times[2] = {info.st_atim, info.st_mtim};
  times[1].tv_sec -= 3600;
  assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
  assert_int_equal(vqe_spool_measure(&size, fixture->spool), VQE_OK);
  assert_int_equal(size.records, 2);
  assert_int_equal(size.bytes, bytes);
  assert_true(size.oldest_s >= 3600.0 && size.oldest_s < 3700.0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(records_come_back_under_their_id),
      TEST(any_id_makes_a_safe_file_name),
      TEST(damage_of_any_byte_is_found),
      TEST(hostile_schemas_are_refused),
      TEST(other_files_are_left_alone),
      TEST(size_and_age_are_those_of_the_files),
      TEST(full_disk_is_an_error_and_leaves_nothing),
      TEST(folder_that_cannot_be_made_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
