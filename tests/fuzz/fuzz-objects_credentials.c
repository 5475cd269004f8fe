/* Files of credentials and settings of AWS, and the responses of a token
 * service: parts divided by a byte 1 are the two files and then responses.
 * Any of them give keys, or a message. */
#include <stdint.h>
#include <string.h>

#include "fuzz_server.h"
#include "objects/objects_credentials.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fuzz_server server;
static char folder[64];
static char paths[3][96];

static void remove_folder(void)
{
  for (int k = 0; k < 3; k++) {
    (void)unlink(paths[k]);
  }
  (void)rmdir(folder);
}

static void put(const char *path, const uint8_t *data, size_t size)
{
  FILE *file = fopen(path, "wb");
  if (file == NULL || (size > 0 && fwrite(data, 1, size, file) != size)) {
    abort();
  }
  fclose(file);
}

static void make_place(void)
{
  static const char *const names[] = {"credentials", "config", "token"};
  snprintf(folder, sizeof folder, "/tmp/vqe-fuzz-aws-XXXXXX");
  if (mkdtemp(folder) == NULL) {
    abort();
  }
  for (int k = 0; k < 3; k++) {
    snprintf(paths[k], sizeof paths[k], "%s/%s", folder, names[k]);
  }
  put(paths[2], (const uint8_t *)"token", 5);
  atexit(remove_folder);
  fuzz_start(&server);
  unsetenv("AWS_ACCESS_KEY_ID");
  unsetenv("AWS_SECRET_ACCESS_KEY");
  unsetenv("AWS_PROFILE");
  setenv("AWS_SHARED_CREDENTIALS_FILE", paths[0], 1);
  setenv("AWS_CONFIG_FILE", paths[1], 1);
  setenv("AWS_ENDPOINT_URL_STS", server.url, 1);
}

/* A profile may name a program, which would run: not here. */
static bool names_program(const uint8_t *data, size_t size)
{
  for (size_t k = 0; k + 7 <= size; k++) {
    if (strncasecmp((const char *)data + k, "process", 7) == 0) {
      return true;
    }
  }
  return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_s3_credentials credentials = {NULL};
  if (folder[0] == '\0') {
    make_place();
  }
  if (names_program(data, size)) {
    return 0;
  }
  fuzz_set(&server, data, size);
  for (int k = 0; k < 2; k++) {
    uint8_t *part = NULL;
    size_t length = fuzz_next_part(&part, &server);
    put(paths[k], part, length);
    free(part);
  }
  /* a last digit 5 says that the identity is in the environment */
  if (size > 0 && data[size - 1] == '5') {
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", paths[2], 1);
    setenv("AWS_ROLE_ARN", "arn:role", 1);
  } else {
    unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
    unsetenv("AWS_ROLE_ARN");
  }
  int status = vqe_s3_credentials_load(&credentials);
  if (status == VQE_OK
          ? credentials.key_id == NULL || credentials.secret == NULL
          : vqe_error_message()[0] == '\0') {
    abort();
  }
  vqe_s3_credentials_clear(&credentials);
  return 0;
}
