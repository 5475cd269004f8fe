/* The writing of whole files, by what stands aside meanwhile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/text.h"

/* Pipes and devices take bytes, but no file in their place. */
static int write_into(int descriptor, const char *path, const void *data,
                      size_t size)
{
  int status = VQE_OK;
  if (isatty(descriptor)) {
    char *text = strndup(data, size); /* summaries, FCIDUMP: no NUL in them */
    if (text != NULL) {
      vqe_text_for(descriptor, text);
      status = vqe_file_write_all(descriptor, path, text, strlen(text));
    }
    free(text);
  } else {
    status = vqe_file_write_all(descriptor, path, data, size);
  }
  if (close(descriptor) != 0 && status == VQE_OK) {
    (void)vqe_file_errno(errno, "writing", path);
    status = VQE_ERR_IO;
  }
  return status;
}

int vqe_file_write(const char *path, const void *data, size_t size)
{
  int stream = -1;
  char *file = NULL;
  int status = vqe_file_follow(&file, path);
  if (status == VQE_OK) {
    status = vqe_file_open_stream(&stream, path);
  }
  if (status == VQE_OK && stream >= 0) {
    status = write_into(stream, path, data, size);
  } else if (status == VQE_OK) {
    vqe_aside_sweep(file);
    status = vqe_aside_write(file, data, size);
  }
  free(file);
  return status;
}
