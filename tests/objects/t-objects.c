/* A local directory as an object store: what is put comes back whole, what
 * must be new is written by one of many, and what fails leaves the old. */
#include "objects/objects_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void put(struct vqe_objects *objects, const char *key, const char *text)
{
  assert_int_equal(
      vqe_objects_put(objects, key, text, strlen(text), VQE_OBJECTS_REPLACE),
      0);
}

static void assert_holds(struct vqe_objects *objects, const char *key,
                         const char *text)
{
  char *got = NULL;
  size_t size = 0;
  assert_int_equal(vqe_objects_get(&got, &size, objects, key, 1 << 20), 0);
  assert_int_equal(size, strlen(text));
  assert_string_equal(got, text);
  free(got);
}

static void put_bytes_come_back(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_objects *objects = fixture->objects;
  const char binary[] = {'a', 0, '\xff', '\n', 0};
  const char *key =
      "t/data/processing_date=2026-01-02/basis set=a+b%/x.parquet";
  char *got = NULL;
  size_t size = 0;
  uint64_t length = 99;
  assert_int_equal(vqe_objects_put(objects, key, binary, sizeof binary,
                                   VQE_OBJECTS_REPLACE),
                   0);
  assert_int_equal(vqe_objects_head(&length, objects, key), 0);
  assert_int_equal(length, sizeof binary);
  assert_int_equal(vqe_objects_get(&got, &size, objects, key, sizeof binary),
                   0);
  assert_int_equal(size, sizeof binary);
  assert_memory_equal(got, binary, sizeof binary);
  assert_int_equal(got[size], 0);
  free(got);
  assert_int_equal(
      vqe_objects_get(&got, &size, objects, key, sizeof binary - 1),
      VQE_ERR_INPUT);
  assert_null(got);
  put(objects, key, "shorter");
  put(objects, key, "");
  assert_holds(objects, key, "");
  assert_int_equal(vqe_objects_get(&got, &size, objects, "t/data", 10),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_objects_get(&got, &size, objects, "t/none", 10),
                   VQE_ERR_NOT_FOUND);
  put(objects, "file", "x");
  assert_int_equal(vqe_objects_head(&length, objects, "file/below"),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(
      vqe_objects_put(objects, "file/below", "", 0, VQE_OBJECTS_REPLACE),
      VQE_ERR_INPUT);
  assert_int_equal(vqe_objects_delete(objects, key), 0);
  assert_int_equal(vqe_objects_delete(objects, key), 0);
  assert_int_equal(vqe_objects_delete(objects, "file/below"), 0);
  assert_int_equal(vqe_objects_head(&length, objects, key), VQE_ERR_NOT_FOUND);
}

static void only_new_never_replaces(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_objects *objects = fixture->objects;
  bool conditional = false;
  assert_int_equal(
      vqe_objects_put(objects, "a/v1", "one", 3, VQE_OBJECTS_ONLY_NEW), 0);
  assert_int_equal(
      vqe_objects_put(objects, "a/v1", "two", 3, VQE_OBJECTS_ONLY_NEW),
      VQE_ERR_EXISTS);
  assert_says("a/v1");
  assert_holds(objects, "a/v1", "one");
  /* a broken link is something too */
  char path[128];
  snprintf(path, sizeof path, "%s/a/v2", fixture->folder);
  assert_int_equal(symlink("nowhere", path), 0);
  assert_int_equal(
      vqe_objects_put(objects, "a/v2", "two", 3, VQE_OBJECTS_ONLY_NEW),
      VQE_ERR_EXISTS);
  assert_int_equal(vqe_objects_supports_conditional_put(&conditional, objects),
                   0);
  assert_true(conditional);
}

#define WRITERS 4
#define ROUNDS 100

/* Writers that start each round together; who wins writes so down. */
static void race(const char *folder, int writer, int start)
{
  struct vqe_objects *objects = NULL;
  int wins = 0;
  char go;
  if (vqe_objects_open(&objects, folder, NULL) != 0 ||
      read(start, &go, 1) != 0) {
    _exit(100);
  }
  for (int round = 0; round < ROUNDS; round++) {
    char key[64];
    char text[5000];
    snprintf(key, sizeof key, "deep/%d/v%d", round % 7, round);
    memset(text, 'a' + writer, sizeof text);
    int status =
        vqe_objects_put(objects, key, text, sizeof text, VQE_OBJECTS_ONLY_NEW);
    if (status == 0) {
      wins++;
    } else if (status != VQE_ERR_EXISTS) {
      fprintf(stderr, "%s\n", vqe_error_message());
      _exit(101);
    }
  }
  vqe_objects_close(objects);
  _exit(wins);
}

static void of_racing_writers_one_wins_each_key(void **state)
{
  struct objects_fixture *fixture = *state;
  pid_t writers[WRITERS];
  int start[2];
  int wins[WRITERS];
  int counted[WRITERS] = {0};
  int total = 0;
  assert_int_equal(pipe(start), 0);
  for (int k = 0; k < WRITERS; k++) {
    writers[k] = fork();
    assert_true(writers[k] >= 0);
    if (writers[k] == 0) {
      close(start[1]);
      race(fixture->folder, k, start[0]);
    }
  }
  close(start[0]);
  close(start[1]);
  for (int k = 0; k < WRITERS; k++) {
    int status = 0;
    assert_int_equal(waitpid(writers[k], &status, 0), writers[k]);
    assert_true(WIFEXITED(status));
    wins[k] = WEXITSTATUS(status);
    assert_in_range(wins[k], 0, ROUNDS);
    total += wins[k];
  }
  assert_int_equal(total, ROUNDS);
  for (int round = 0; round < ROUNDS; round++) {
    char key[64];
    char *text = NULL;
    size_t size = 0;
    snprintf(key, sizeof key, "deep/%d/v%d", round % 7, round);
    assert_int_equal(
        vqe_objects_get(&text, &size, fixture->objects, key, 10000), 0);
    assert_int_equal(size, 5000);
    for (size_t k = 1; k < size; k++) {
      assert_int_equal(text[k], text[0]);
    }
    counted[text[0] - 'a']++;
    free(text);
  }
  for (int k = 0; k < WRITERS; k++) {
    assert_int_equal(counted[k], wins[k]);
  }
}

struct listing {
  char text[4096];
  int stop_after;
};

static int note(void *ctx, const struct vqe_object *object)
{
  struct listing *listing = ctx;
  size_t used = strlen(listing->text);
  snprintf(listing->text + used, sizeof listing->text - used, "%s:%d ",
           object->key, (int)object->size);
  assert_int_equal(object->is_folder,
                   object->key[strlen(object->key) - 1] == '/');
  assert_int_equal(object->is_folder, object->modified_ms == 0);
  return --listing->stop_after == 0 ? 7 : 0;
}

static void assert_lists(struct vqe_objects *objects, const char *folder,
                         bool recursive, const char *expected)
{
  struct listing listing = {.text = ""};
  assert_int_equal(
      vqe_objects_list(objects, folder, recursive, note, &listing), 0);
  assert_string_equal(listing.text, expected);
}

static void listing_is_in_byte_order_without_unfinished_files(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_objects *objects = fixture->objects;
  struct listing listing = {.stop_after = 2};
  char path[128];
  put(objects, "a.b", "1");
  put(objects, "a/z", "22");
  put(objects, "a/b/c", "333");
  put(objects, "a0", "");
  put(objects, "ab/c", "");
  snprintf(path, sizeof path, "%s/.vqe-left.tmp", fixture->folder);
  close(open(path, O_CREAT | O_WRONLY, 0600));
  snprintf(path, sizeof path, "%s/a/loop", fixture->folder);
  assert_int_equal(symlink("..", path), 0);
  snprintf(path, sizeof path, "%s/a/pipe", fixture->folder);
  assert_int_equal(mkfifo(path, 0600), 0);
  snprintf(path, sizeof path, "%s/a/link", fixture->folder);
  assert_int_equal(symlink("z", path), 0);
  assert_lists(objects, "", true,
               "a.b:1 a/b/c:3 a/link:0 a/loop:0 a/pipe:0 a/z:2 a0:0 ab/c:0 ");
  assert_lists(objects, "", false, "a.b:1 a/:0 a0:0 ab/:0 ");
  assert_lists(objects, "a", true,
               "a/b/c:3 a/link:0 a/loop:0 a/pipe:0 a/z:2 ");
  assert_lists(objects, "a/", false,
               "a/b/:0 a/link:0 a/loop:0 a/pipe:0 a/z:2 ");
  assert_lists(objects, "none/", true, "");
  assert_lists(objects, "a.b", true, "");
  assert_int_equal(vqe_objects_list(objects, "", true, note, &listing), 7);
  assert_string_equal(listing.text, "a.b:1 a/b/c:3 ");
}

/* A folder `place` with a secret file and folder beside it, and links, pipes
 * and a file in the place. */
static void make_traps(const struct objects_fixture *fixture)
{
  char path[160];
  char target[160];
  const char *const folders[] = {"out", "out/below", "place", "place/in"};
  const char *const links[][2] = {{"place/file", "out/secret"},
                                  {"place/folder", "out/below"},
                                  {"place/in/up", ".."},
                                  {"place/in/loop", "loop"},
                                  {"place/in/same", "good"}};
  for (size_t k = 0; k < sizeof folders / sizeof folders[0]; k++) {
    snprintf(path, sizeof path, "%s/%s", fixture->folder, folders[k]);
    assert_int_equal(mkdir(path, 0777), 0);
  }
  put(fixture->objects, "out/secret", "secret");
  put(fixture->objects, "out/below/secret", "secret");
  put(fixture->objects, "place/in/good", "good");
  for (size_t k = 0; k < sizeof links / sizeof links[0]; k++) {
    snprintf(path, sizeof path, "%s/%s", fixture->folder, links[k][0]);
    if (strncmp(links[k][1], "out", 3) == 0) {
      snprintf(target, sizeof target, "%s/%s", fixture->folder, links[k][1]);
    } else {
      snprintf(target, sizeof target, "%s", links[k][1]);
    }
    assert_int_equal(symlink(target, path), 0);
  }
  snprintf(path, sizeof path, "%s/place/pipe", fixture->folder);
  assert_int_equal(mkfifo(path, 0600), 0);
}

static void nothing_leads_out_of_the_place(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_objects *place = NULL;
  struct listing listing = {.text = ""};
  char path[160];
  char *got = NULL;
  size_t size = 0;
  uint64_t length = 0;
  int descriptor = -1;
  const char *const links[] = {"file", "folder/secret", "in/up/in/good",
                               "in/loop", "in/same"};
  make_traps(fixture);
  /* the place itself may be reached over a link */
  snprintf(path, sizeof path, "%s/link", fixture->folder);
  assert_int_equal(symlink("place", path), 0);
  assert_int_equal(vqe_objects_open(&place, path, NULL), 0);
  assert_holds(place, "in/good", "good");
  for (size_t k = 0; k < sizeof links / sizeof links[0]; k++) {
    const char *key = links[k];
    assert_int_equal(vqe_objects_get(&got, &size, place, key, 100),
                     VQE_ERR_INPUT);
    assert_says("symbolic link");
    assert_null(got);
    assert_int_equal(vqe_objects_head(&length, place, key), VQE_ERR_INPUT);
    snprintf(path, sizeof path, "%s/copy", fixture->folder);
    assert_int_equal(
        vqe_objects_get_file(place, key, path, VQE_OBJECTS_ANY_SIZE),
        VQE_ERR_INPUT);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(vqe_objects_open_key(&descriptor, &length, place, key),
                     VQE_ERR_INPUT);
    assert_int_equal(descriptor, -1);
  }
  assert_int_equal(vqe_objects_list(place, "folder", true, note, &listing),
                   VQE_ERR_INPUT);
  assert_string_equal(listing.text, "");
  assert_int_equal(
      vqe_objects_put(place, "folder/new", "x", 1, VQE_OBJECTS_REPLACE),
      VQE_ERR_INPUT);
  assert_int_equal(
      vqe_objects_put(place, "folder/a/b", "x", 1, VQE_OBJECTS_ONLY_NEW),
      VQE_ERR_INPUT);
  assert_int_equal(vqe_objects_delete(place, "folder/secret"), VQE_ERR_INPUT);
  assert_says("symbolic link");
  /* what is put or removed under the name of a link is the link */
  put(place, "file", "mine");
  assert_holds(place, "file", "mine");
  assert_int_equal(vqe_objects_delete(place, "in/same"), 0);
  assert_holds(place, "in/good", "good");
  assert_holds(fixture->objects, "out/secret", "secret");
  assert_lists(fixture->objects, "out", true,
               "out/below/secret:6 out/secret:6 ");
  /* a pipe is not waited for */
  alarm(20);
  assert_int_equal(vqe_objects_get(&got, &size, place, "pipe", 100),
                   VQE_ERR_INPUT);
  assert_says("a pipe");
  assert_int_equal(vqe_objects_head(&length, place, "pipe"), VQE_ERR_INPUT);
  snprintf(path, sizeof path, "%s/place/pipe", fixture->folder);
  assert_int_equal(vqe_objects_put_file(place, "x", path), VQE_ERR_INPUT);
  alarm(0);
  vqe_objects_close(place);
}

static void size_is_checked_before_a_copy_appears(void **state)
{
  struct objects_fixture *fixture = *state;
  char path[160];
  snprintf(path, sizeof path, "%s/copy", fixture->folder);
  put(fixture->objects, "k", "four");
  assert_int_equal(vqe_objects_get_file(fixture->objects, "k", path, 3),
                   VQE_ERR_INPUT);
  assert_says("has 4 bytes, not the 3");
  assert_int_not_equal(access(path, F_OK), 0);
  assert_int_equal(vqe_objects_get_file(fixture->objects, "k", path, 4), 0);
}

static void paths_of_metadata_are_plain(void **state)
{
  struct objects_fixture *fixture = *state;
  char uri[256];
  char *key = NULL;
  const char *const wrong[] = {
      "%s/../x",         "%s/a/../../x",    "%s/%%2e%%2E/x",   "%s/.%%2e/x",
      "%s/a/%%2e",       "%s/a%%2f..%%2fx", "%s/..%%5Cx",      "%s//x",
      "http://host%s/x", "s3://bucket%s/x", "file://host%s/x", "%sx/y",
      "FILE://%s/x"};
  const char *const right[] = {"%s/a%%2Fb=../x", "%s/p=a%%2F..%%2Fb/x",
                               "%s/100%%/x",     "%s/..x/.%%2ex.",
                               "file:%s/a",      "file://%s/a*[b]?{c}"};
  for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(uri, sizeof uri, wrong[k], fixture->folder);
#pragma GCC diagnostic pop
    assert_int_equal(vqe_objects_key_of_uri(&key, fixture->objects, uri),
                     VQE_ERR_INPUT);
    assert_null(key);
  }
  for (size_t k = 0; k < sizeof right / sizeof right[0]; k++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(uri, sizeof uri, right[k], fixture->folder);
#pragma GCC diagnostic pop
    assert_int_equal(vqe_objects_key_of_uri(&key, fixture->objects, uri), 0);
    free(key);
    key = NULL;
  }
}

static void files_are_stored_and_copied_whole(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_objects *objects = fixture->objects;
  char source[128];
  char target[128];
  snprintf(source, sizeof source, "%s/source", fixture->folder);
  snprintf(target, sizeof target, "%s/new/folder/target", fixture->folder);
  FILE *stream = fopen(source, "wb");
  for (int k = 0; k < 700000; k++) {
    assert_int_equal(fwrite(&k, sizeof k, 1, stream), 1);
  }
  fclose(stream);
  assert_int_equal(vqe_objects_put_file(objects, "t/data/f", source), 0);
  assert_int_equal(
      vqe_objects_get_file(objects, "t/data/f", target, VQE_OBJECTS_ANY_SIZE),
      0);
  stream = fopen(target, "rb");
  for (int k = 0; k < 700000; k++) {
    int got = -1;
    assert_int_equal(fread(&got, sizeof got, 1, stream), 1);
    assert_int_equal(got, k);
  }
  assert_int_equal(fgetc(stream), EOF);
  fclose(stream);
  assert_int_equal(vqe_objects_put_file(objects, "t/g", "/nowhere/at/all"),
                   VQE_ERR_NOT_FOUND);
  assert_says("/nowhere/at/all");
  assert_int_equal(vqe_objects_put_file(objects, "t/g", fixture->folder),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(
      vqe_objects_get_file(objects, "t/none", target, VQE_OBJECTS_ANY_SIZE),
      VQE_ERR_NOT_FOUND);
  assert_int_equal(access(target, R_OK), 0);
}

static void bad_keys_are_refused(void **state)
{
  struct objects_fixture *fixture = *state;
  static const char *const bad[] = {"",      "/a",   "a/",   "a//b",
                                    "../a",  "a/..", "./a",  ".",
                                    "a/./b", "a\nb", "a\x7f"};
  char longest[1100];
  uint64_t size;
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_int_equal(vqe_objects_head(&size, fixture->objects, bad[k]),
                     VQE_ERR_INPUT);
    assert_int_equal(
        vqe_objects_put(fixture->objects, bad[k], "", 0, VQE_OBJECTS_REPLACE),
        VQE_ERR_INPUT);
    assert_int_equal(vqe_objects_delete(fixture->objects, bad[k]),
                     VQE_ERR_INPUT);
  }
  memset(longest, 'k', sizeof longest);
  longest[1025] = '\0';
  assert_int_equal(vqe_objects_head(&size, fixture->objects, longest),
                   VQE_ERR_INPUT);
  assert_int_equal(vqe_objects_head(&size, fixture->objects, "a..b/...c"),
                   VQE_ERR_NOT_FOUND);
}

static void assert_uri(struct vqe_objects *objects, const char *uri,
                       const char *key)
{
  char *got = NULL;
  int status = vqe_objects_key_of_uri(&got, objects, uri);
  if (key == NULL) {
    assert_int_equal(status, VQE_ERR_INPUT);
    assert_null(got);
  } else {
    assert_int_equal(status, 0);
    assert_string_equal(got, key);
  }
  free(got);
}

static void uris_of_a_folder_are_understood_in_each_form(void **state)
{
  (void)state;
  struct vqe_objects *objects = NULL;
  char *text = NULL;
  assert_int_equal(
      vqe_objects_open(&objects, "/no/such//place/./x/../w a/", NULL), 0);
  assert_true(vqe_objects_is_local(objects));
  assert_int_equal(vqe_objects_uri(&text, objects, "t/p=1/f"), 0);
  assert_string_equal(text, "file:///no/such/place/w a/t/p=1/f");
  free(text);
  assert_int_equal(vqe_objects_uri(&text, objects, ""), 0);
  assert_string_equal(text, "file:///no/such/place/w a");
  free(text);
  assert_int_equal(vqe_objects_path(&text, objects, "t/f"), 0);
  assert_string_equal(text, "/no/such/place/w a/t/f");
  free(text);
  assert_uri(objects, "file:///no/such/place/w a/t/f", "t/f");
  assert_uri(objects, "file:/no/such/place/w a/t/f", "t/f");
  assert_uri(objects, "/no/such/place/w a/t/f", "t/f");
  assert_uri(objects, "/no/such/place/w ab/t/f", NULL);
  assert_uri(objects, "/no/such/place/w a/../../f", NULL);
  assert_uri(objects, "/no/such/place/w a", NULL);
  assert_uri(objects, "file://host/no/such/place/w a/t", NULL);
  assert_uri(objects, "s3://no/such/place/w a/t", NULL);
  assert_string_equal(vqe_objects_describe(objects),
                      "directory '/no/such/place/w a'");
  vqe_objects_close(objects);
  assert_int_equal(vqe_objects_open(&objects, "file:/x", NULL), 0);
  assert_int_equal(vqe_objects_uri(&text, objects, "k"), 0);
  assert_string_equal(text, "file:///x/k");
  free(text);
  vqe_objects_close(objects);
  assert_int_equal(vqe_objects_open(&objects, "/", NULL), 0);
  assert_int_equal(vqe_objects_uri(&text, objects, "k"), 0);
  assert_string_equal(text, "file:///k");
  free(text);
  assert_uri(objects, "/k/l", "k/l");
  vqe_objects_close(objects);
  static const char *const bad[] = {"",       "hdfs://x/y", "file://host/x",
                                    "/a?b/c", "/a#b",       "/a\nb"};
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_int_equal(vqe_objects_open(&objects, bad[k], NULL), VQE_ERR_INPUT);
    assert_null(objects);
  }
}

static void uris_of_a_bucket_are_understood_in_each_scheme(void **state)
{
  (void)state;
  struct vqe_objects *objects = NULL;
  struct vqe_objects_options options = VQE_OBJECTS_OPTIONS_INIT;
  char *text = NULL;
  setenv("AWS_ACCESS_KEY_ID", "GKkey", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  options.endpoint = "http://127.0.0.1:1/";
  assert_int_equal(
      vqe_objects_open(&objects, "s3://features/ware house/", &options), 0);
  assert_false(vqe_objects_is_local(objects));
  assert_int_equal(vqe_objects_uri(&text, objects, "t/p=1/f"), 0);
  assert_string_equal(text, "s3a://features/ware house/t/p=1/f");
  free(text);
  assert_uri(objects, "s3://features/ware house/t/f", "t/f");
  assert_uri(objects, "s3a://features/ware house/t/f", "t/f");
  assert_uri(objects, "s3n://features/ware house/t/f", "t/f");
  assert_uri(objects, "s3a://features/ware/t/f", NULL);
  assert_uri(objects, "/features/ware house/t/f", NULL);
  assert_int_equal(vqe_objects_path(&text, objects, "t"), VQE_ERR_UNSUPPORTED);
  assert_string_equal(vqe_objects_describe(objects),
                      "bucket 'features' at http://127.0.0.1:1");
  vqe_objects_close(objects);
  options.scheme = "s3";
  assert_int_equal(vqe_objects_open(&objects, "s3a://features", &options), 0);
  assert_int_equal(vqe_objects_uri(&text, objects, "k"), 0);
  assert_string_equal(text, "s3://features/k");
  free(text);
  assert_int_equal(vqe_objects_uri(&text, objects, ""), 0);
  assert_string_equal(text, "s3://features");
  free(text);
  assert_uri(objects, "s3a://features/k", "k");
  vqe_objects_close(objects);
  static const char *const bad[] = {"s3://", "s3://ab", "s3://a b c/x",
                                    "s3://bucket//x", "s3://bucket/../x"};
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_int_equal(vqe_objects_open(&objects, bad[k], &options),
                     VQE_ERR_INPUT);
  }
  options.scheme = "https";
  assert_int_equal(vqe_objects_open(&objects, "s3://features", &options),
                   VQE_ERR_INPUT);
  options.scheme = NULL;
  options.endpoint = "http://user:hunter2@host";
  assert_int_equal(vqe_objects_open(&objects, "s3://features", &options),
                   VQE_ERR_INPUT);
  assert_null(strstr(vqe_error_message(), "hunter2"));
  options.endpoint = "localhost:3900";
  assert_int_equal(vqe_objects_open(&objects, "s3://features", &options),
                   VQE_ERR_INPUT);
  assert_says("http://localhost:3900");
}

static void write_text(const char *folder, const char *name, const char *text)
{
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *stream = fopen(path, "w");
  assert_non_null(stream);
  fputs(text, stream);
  fclose(stream);
}

static void clear_environment(void)
{
  static const char *const names[] = {
      "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN", "AWS_PROFILE",
      "AWS_REGION",        "AWS_DEFAULT_REGION",
      "AWS_ENDPOINT_URL",  "AWS_ENDPOINT_URL_S3",
      "AWS_CONFIG_FILE",   "AWS_SHARED_CREDENTIALS_FILE",
      "AWS_CA_BUNDLE"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    unsetenv(names[k]);
  }
}

/* What the environment and profiles say, seen by what an opened place is */
static void missing_credentials_are_named(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_objects *objects = NULL;
  clear_environment();
  setenv("HOME", fixture->folder, 1);
  assert_int_equal(vqe_objects_open(&objects, "s3://features", NULL),
                   VQE_ERR_INPUT);
  assert_says("AWS_ACCESS_KEY_ID");
  setenv("AWS_ACCESS_KEY_ID", "id", 1);
  assert_int_equal(vqe_objects_open(&objects, "s3://features", NULL),
                   VQE_ERR_INPUT);
  assert_says("AWS_SECRET_ACCESS_KEY is not");
}

static void settings_come_from_environment_then_profile(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_objects *objects = NULL;
  char path[128];
  clear_environment();
  setenv("HOME", fixture->folder, 1);
  snprintf(path, sizeof path, "%s/.aws", fixture->folder);
  assert_int_equal(mkdir(path, 0700), 0);
  write_text(path, "credentials",
             "# comment\n[other]\naws_access_key_id = no\n"
             "[default]\r\naws_access_key_id = GK1 \r\n"
             "aws_secret_access_key=s=1\n[half]\naws_access_key_id = x\n");
  write_text(path, "config",
             "[profile other]\nendpoint_url = http://wrong\n[default]\n"
             "region = garage\ns3 =\n  endpoint_url = http://nested\n"
             "endpoint_url = http://127.0.0.1:5\n");
  assert_int_equal(vqe_objects_open(&objects, "s3://features", NULL), 0);
  assert_string_equal(vqe_objects_describe(objects),
                      "bucket 'features' at http://127.0.0.1:5");
  vqe_objects_close(objects);
  setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:6", 1);
  assert_int_equal(vqe_objects_open(&objects, "s3://features", NULL), 0);
  assert_string_equal(vqe_objects_describe(objects),
                      "bucket 'features' at http://127.0.0.1:6");
  vqe_objects_close(objects);
  setenv("AWS_PROFILE", "half", 1);
  assert_int_equal(vqe_objects_open(&objects, "s3://features", NULL),
                   VQE_ERR_INPUT);
  assert_says("profile 'half'");
  setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials", 1);
  assert_int_equal(vqe_objects_open(&objects, "s3://features", NULL),
                   VQE_ERR_INPUT);
  assert_says("/nowhere/credentials");
  clear_environment();
  setenv("AWS_REGION", "bad/region", 1);
  assert_int_equal(vqe_objects_open(&objects, "s3://features", NULL),
                   VQE_ERR_INPUT);
  assert_says("bad/region");
  clear_environment();
  setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem", 1);
  assert_int_equal(vqe_objects_open(&objects, "s3://features", NULL),
                   VQE_ERR_INPUT);
  assert_says("/nowhere/ca.pem");
  clear_environment();
  /* without an endpoint it is that of AWS */
  assert_int_equal(setenv("AWS_CONFIG_FILE", "/dev/null", 1), 0);
  setenv("AWS_REGION", "eu-west-3", 1);
  assert_int_equal(vqe_objects_open(&objects, "s3://features", NULL), 0);
  assert_string_equal(
      vqe_objects_describe(objects),
      "bucket 'features' at https://s3.eu-west-3.amazonaws.com");
  vqe_objects_close(objects);
  clear_environment();
}

/* Run `check` in a child, as a user without rights over permissions. */
static void as_nobody(void (*check)(struct objects_fixture *),
                      struct objects_fixture *fixture)
{
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
      _exit(1);
    }
    check(fixture);
    _exit(2); /* check ends by itself */
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

static void check_read_only(struct objects_fixture *fixture)
{
  struct vqe_objects *objects = fixture->objects;
  char *got = NULL;
  size_t size = 0;
  int rc = 0;
  rc |= (vqe_objects_put(objects, "d/a", "new", 3, VQE_OBJECTS_REPLACE) !=
         VQE_ERR_INPUT)
        << 2;
  rc |= (strstr(vqe_error_message(), "permission") == NULL) << 3;
  rc |= (vqe_objects_put(objects, "d/b", "new", 3, VQE_OBJECTS_ONLY_NEW) !=
         VQE_ERR_INPUT)
        << 2;
  rc |= (vqe_objects_put(objects, "d/e/b", "new", 3, VQE_OBJECTS_ONLY_NEW) !=
         VQE_ERR_INPUT)
        << 2;
  rc |= (vqe_objects_delete(objects, "d/a") != VQE_ERR_INPUT) << 4;
  rc |= (vqe_objects_get(&got, &size, objects, "d/a", 10) != 0) << 5;
  rc |= (got == NULL || strcmp(got, "old") != 0) << 5;
  rc |=
      (vqe_objects_get(&got, &size, objects, "d/hidden", 10) != VQE_ERR_INPUT)
      << 6;
  _exit(rc);
}

static void missing_permissions_are_an_input_error(void **state)
{
  struct objects_fixture *fixture = *state;
  char path[128];
  put(fixture->objects, "d/a", "old");
  put(fixture->objects, "d/hidden", "old");
  snprintf(path, sizeof path, "%s/d/hidden", fixture->folder);
  assert_int_equal(chmod(path, 0000), 0);
  assert_int_equal(chmod(fixture->folder, 0755), 0);
  snprintf(path, sizeof path, "%s/d", fixture->folder);
  assert_int_equal(chmod(path, 0555), 0);
  as_nobody(check_read_only, fixture);
  assert_int_equal(chmod(path, 0755), 0);
  assert_holds(fixture->objects, "d/a", "old");
}

/* A full disk by a limit of the size of files: nothing half-written stays. */
static void check_full(struct objects_fixture *fixture)
{
  struct vqe_objects *objects = fixture->objects;
  const struct rlimit tiny = {.rlim_cur = 1000, .rlim_max = 1000};
  static const char big[5000];
  char source[128];
  int rc = 0;
  snprintf(source, sizeof source, "%s/source", fixture->folder);
  signal(SIGXFSZ, SIG_IGN);
  if (setrlimit(RLIMIT_FSIZE, &tiny) != 0) {
    _exit(1);
  }
  rc |= (vqe_objects_put(objects, "d/a", big, sizeof big,
                         VQE_OBJECTS_REPLACE) != VQE_ERR_IO)
        << 2;
  rc |= (strstr(vqe_error_message(), "unchanged") == NULL) << 3;
  rc |= (vqe_objects_put(objects, "d/new", big, sizeof big,
                         VQE_OBJECTS_ONLY_NEW) != VQE_ERR_IO)
        << 4;
  rc |= (vqe_objects_put_file(objects, "d/file", source) != VQE_ERR_IO) << 5;
  rc |= (vqe_objects_get_file(objects, "source", source,
                              VQE_OBJECTS_ANY_SIZE) != VQE_ERR_IO)
        << 6;
  _exit(rc);
}

static void full_disk_leaves_what_was_there(void **state)
{
  struct objects_fixture *fixture = *state;
  char text[3000];
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\0';
  put(fixture->objects, "d/a", "old");
  put(fixture->objects, "source", text);
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    check_full(fixture);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_holds(fixture->objects, "d/a", "old");
  assert_holds(fixture->objects, "source", text);
  assert_lists(fixture->objects, "d", true, "d/a:3 ");
}

/* A writer that is killed leaves the old object or the new one, and nothing
 * that a listing shows. */
static void killed_writer_leaves_no_part_of_a_file(void **state)
{
  struct objects_fixture *fixture = *state;
  static char text[2][1 << 18];
  memset(text[0], 'a', sizeof text[0]);
  memset(text[1], 'b', sizeof text[1]);
  put(fixture->objects, "k", "aaa");
  for (int round = 0; round < 40; round++) {
    char *got = NULL;
    size_t size = 0;
    pid_t child = fork();
    if (child == 0) {
      for (int k = 0;; k++) {
        (void)vqe_objects_put(fixture->objects, "k", text[k & 1],
                              sizeof text[0], VQE_OBJECTS_REPLACE);
      }
    }
    usleep((useconds_t)(500 + 311 * round));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(
        vqe_objects_get(&got, &size, fixture->objects, "k", 1 << 20), 0);
    assert_true(size == 3 || size == sizeof text[0]);
    for (size_t k = 0; k < size; k++) {
      assert_int_equal(got[k], got[0]);
    }
    free(got);
  }
  struct listing listing = {.text = ""};
  assert_int_equal(
      vqe_objects_list(fixture->objects, "", true, note, &listing), 0);
  assert_true(strncmp(listing.text, "k:", 2) == 0);
  assert_ptr_equal(strchr(listing.text, ' '),
                   listing.text + strlen(listing.text) - 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(put_bytes_come_back, objects_setup,
                                      objects_teardown),
      cmocka_unit_test_setup_teardown(only_new_never_replaces, objects_setup,
                                      objects_teardown),
      cmocka_unit_test_setup_teardown(of_racing_writers_one_wins_each_key,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(
          listing_is_in_byte_order_without_unfinished_files, objects_setup,
          objects_teardown),
      cmocka_unit_test_setup_teardown(nothing_leads_out_of_the_place,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(size_is_checked_before_a_copy_appears,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(paths_of_metadata_are_plain,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(files_are_stored_and_copied_whole,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(bad_keys_are_refused, objects_setup,
                                      objects_teardown),
      cmocka_unit_test(uris_of_a_folder_are_understood_in_each_form),
      cmocka_unit_test(uris_of_a_bucket_are_understood_in_each_scheme),
      cmocka_unit_test_setup_teardown(missing_credentials_are_named,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(
          settings_come_from_environment_then_profile, objects_setup,
          objects_teardown),
      cmocka_unit_test_setup_teardown(missing_permissions_are_an_input_error,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(full_disk_leaves_what_was_there,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(killed_writer_leaves_no_part_of_a_file,
                                      objects_setup, objects_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
