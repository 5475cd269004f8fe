/* Where a bucket is, and with which settings it is asked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "objects/objects_identity.h"
#include "objects/objects_s3.h"

#define SHORTEST_MASKED 12 /* letters of a secret in any message */
#define DEFAULT_TIMEOUT_S 30.0
#define DEFAULT_ATTEMPTS 6
#define DEFAULT_REGION "us-east-1"

static int choose_region(struct vqe_s3 *s3, const char *given)
{
  const char *region = given != NULL ? given : s3->credentials.region;
  if (region == NULL) {
    region = DEFAULT_REGION;
  }
  if (region[0] == '\0' || strspn(region, "abcdefghijklmnopqrstuvwxyz"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789-_") != strlen(region)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "region '%s' is none: letters, digits, '-', '_'",
                         region);
  }
  int status = vqe_memory_strdup(&s3->region, region);
  if (status == VQE_OK) {
    status = vqe_memory_print(&s3->sigv4, "aws:amz:%s:s3", region);
  }
  return status;
}

/* Endpoint from options, environment or default, and the bucket's URL. */
static int choose_endpoint(struct vqe_s3 *s3, const char *given,
                           bool virtual_host)
{
  const char *endpoint = given != NULL ? given : s3->credentials.endpoint;
  int status =
      endpoint == NULL
          ? vqe_memory_print(&s3->endpoint, "https://s3.%s.amazonaws.com",
                             s3->region)
          : vqe_memory_strdup(&s3->endpoint, endpoint);
  if (status == VQE_OK) {
    status = vqe_s3_endpoint_check(s3->endpoint, "the S3 endpoint",
                                   "http://localhost:3900");
  }
  if (status != VQE_OK) {
    return status;
  }
  size_t length = strlen(s3->endpoint);
  while (s3->endpoint[length - 1] == '/') {
    s3->endpoint[--length] = '\0';
  }
  if (!virtual_host) {
    return vqe_memory_print(&s3->base, "%s/%s/", s3->endpoint, s3->bucket);
  }
  const char *host = strstr(s3->endpoint, "://") + 3;
  return vqe_memory_print(&s3->base, "%.*s%s.%s/", (int)(host - s3->endpoint),
                          s3->endpoint, s3->bucket, host);
}

/* The file of this place, then that of all; empty stands for the system's. */
static const char *ca_file_of(const struct vqe_objects_options *options)
{
  char name[128];
  const char *own = NULL;
  if (options->ca_file != NULL) {
    return options->ca_file;
  }
  if (options->variables != NULL) {
    snprintf(name, sizeof name, "%sCA_BUNDLE", options->variables);
    own = getenv(name);
  }
  return own != NULL ? own : getenv("AWS_CA_BUNDLE");
}

static int choose_ca_file(struct vqe_s3 *s3,
                          const struct vqe_objects_options *options)
{
  const char *ca_file = ca_file_of(options);
  if (ca_file == NULL || ca_file[0] == '\0') {
    return VQE_OK;
  }
  if (access(ca_file, R_OK) != 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "cannot read the CA file '%s': %s; correct it or "
                         "leave it out",
                         ca_file, strerror(errno));
  }
  return vqe_memory_strdup(&s3->ca_file, ca_file);
}

static int connect_to(struct vqe_s3 *s3)
{
  const struct vqe_http_options options = {.ca_file = s3->ca_file,
                                           .sigv4 = s3->sigv4,
                                           .username = s3->credentials.key_id,
                                           .password = s3->credentials.secret,
                                           .connect_timeout_s = s3->timeout_s,
                                           .stall_s = s3->timeout_s,
                                           .only_http_1_1 = true};
  return vqe_http_open(&s3->http, &options);
}

/* A store can give secrets back as keys of objects and as what is in them. Of
 * all messages, those alone that are no words of our own. */
static void mask_long(const void *ctx, char *text)
{
  const struct vqe_s3_credentials *credentials = ctx;
  vqe_http_mask(text, credentials->secret, SHORTEST_MASKED);
  vqe_http_mask(text, credentials->token, SHORTEST_MASKED);
}

int vqe_s3_open(struct vqe_s3 **out, const char *bucket, const char *prefix,
                const struct vqe_objects_options *options)
{
  struct vqe_s3 *s3 = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&s3, 1, sizeof *s3, "a location");
  if (status != VQE_OK) {
    return status;
  }
  s3->timeout_s =
      options->timeout_s > 0.0 ? options->timeout_s : DEFAULT_TIMEOUT_S;
  s3->attempts = options->attempts > 0 ? options->attempts : DEFAULT_ATTEMPTS;
  status =
      vqe_memory_alloc(&s3->md5_etags, 1, sizeof *s3->md5_etags, "a location");
  if (status == VQE_OK && options->opaque_etags) {
    *s3->md5_etags = VQE_S3_NO;
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&s3->bucket, bucket);
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&s3->prefix, prefix);
  }
  if (status == VQE_OK) {
    status = vqe_s3_credentials_load_of(&s3->credentials, options->variables,
                                        options->profile);
  }
  if (status == VQE_OK) {
    s3->mask = (struct vqe_error_mask){mask_long, &s3->credentials, NULL};
    vqe_error_mask_add(&s3->mask);
    status = choose_region(s3, options->region);
  }
  if (status == VQE_OK) {
    status = choose_endpoint(s3, options->endpoint, options->virtual_host);
  }
  if (status == VQE_OK) {
    status = choose_ca_file(s3, options);
  }
  if (status == VQE_OK) {
    status = connect_to(s3);
  }
  if (status != VQE_OK) {
    vqe_s3_close(s3);
    return status;
  }
  *out = s3;
  return VQE_OK;
}

void vqe_s3_close(struct vqe_s3 *s3)
{
  if (s3 == NULL) {
    return;
  }
  vqe_http_close(s3->http);
  vqe_error_mask_remove(&s3->mask);
  vqe_s3_credentials_clear(&s3->credentials);
  free(s3->endpoint);
  free(s3->base);
  free(s3->region);
  free(s3->sigv4);
  free(s3->ca_file);
  free(s3->bucket);
  free(s3->prefix);
  free(s3->md5_etags);
  free(s3);
}
