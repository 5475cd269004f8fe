/* Text of the option --scan: any bytes give a value of the key `scan`, and
 * molecules by formula, or a message; the point of a scan is read back or
 * refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "job/job.h"
#include "job/job_scan_text.h"
#include "molecule/molecule_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_job(const char *text)
{
  const struct vqe_job_overrides overrides = {.scan = text, .seed = "1"};
  struct vqe_job *job = NULL;
  char *warnings = NULL;
  if (vqe_job_load(&job, &warnings, NULL, &overrides) == 0) {
    for (size_t k = 0; k < job->count; k++) {
      struct vqe_scan_point point;
      if (vqe_scan_point_read(&point, job->experiments[k]->scan) != 0) {
        abort();
      }
      vqe_scan_point_clear(&point);
    }
  }
  vqe_job_free(job);
  free(warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *text = malloc(size + 1);
  struct vqe_scan_point point;
  json_t *scan = NULL;
  if (text == NULL || size > 4096) {
    free(text);
    return 0;
  }
  memcpy(text, data, size);
  text[size] = '\0';
  if (vqe_job_scan_parse(&scan, text) == 0) {
    /* a long list of points takes long, and is no other code */
    if (strlen(text) < 60 && strchr(text, ':') == NULL) {
      check_job(text);
    }
    json_decref(scan);
  }
  if (vqe_scan_point_read(&point, text) == 0) {
    char *again = NULL;
    char *title = NULL;
    if (vqe_scan_point_write(&again, &point) != 0 ||
        vqe_scan_point_title(&title, &point) != 0) {
      abort();
    }
    free(again);
    free(title);
  }
  vqe_scan_point_clear(&point);
  free(text);
  return 0;
}
