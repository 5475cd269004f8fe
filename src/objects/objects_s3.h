/* What the objects_s3*.c files share. Nothing here is for other parts. */
#ifndef VQE_OBJECTS_OBJECTS_S3_H
#define VQE_OBJECTS_OBJECTS_S3_H

#include "objects/objects_http.h"
#include "objects/objects_place.h"

#define VQE_S3_NO_FILE (-1)
#define VQE_S3_SMALL_LIMIT ((size_t)1 << 20) /* bytes of small answers */

enum vqe_s3_answered { VQE_S3_UNKNOWN, VQE_S3_YES, VQE_S3_NO };

struct vqe_s3 {
  struct vqe_http *http;
  char *bucket;
  char *prefix; /* "" or ends with '/' */
  enum vqe_s3_answered conditional;
};

/* ---- objects_s3.c: keys here are whole, with the prefix ---- */

/* The prefix and `key`. Free by free(). */
int vqe_s3_key(char **out, const struct vqe_s3 *s3, const char *key);
bool vqe_s3_is_good(const struct vqe_http_answer *answer);
/* Status and message for an answer that is not what `verb` wants. */
int vqe_s3_fail(const struct vqe_s3 *s3, const struct vqe_http_answer *answer,
                const char *verb, const char *key);
/* A request without a body whose answer is small. */
int vqe_s3_plain(struct vqe_http_answer *answer, const struct vqe_s3 *s3,
                 const char *method, const char *key, const char *query);
int vqe_s3_put_bytes(struct vqe_http_answer *answer, const struct vqe_s3 *s3,
                     const char *key, const char *query, const void *data,
                     size_t size, bool only_new);
int vqe_s3_head(uint64_t *size, const struct vqe_s3 *s3, const char *key);

/* ---- objects_s3_file.c, objects_s3_list.c: see objects_place.h ---- */

int vqe_s3_put_file(void *place, const char *key, const char *path);
int vqe_s3_list(void *place, const char *folder, bool recursive,
                vqe_objects_visit visit, void *ctx);

#endif
