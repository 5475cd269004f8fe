/* Object store: one small interface, two kinds of place.
 *
 * A place is a local directory or `s3://bucket/prefix`. Below a directory no
 * symbolic link is followed, whatever is read, written or removed, and nothing
 * but regular files is read. What lies in a place is named by keys relative to
 * it ("quantum_features/molecules/metadata/ v1.metadata.json"). A key has no
 * empty, "." or ".." segment, no control character, and at most 1024 bytes
 * with the prefix.
 *
 * Errors of all functions: VQE_ERR_INPUT for what trying again does not cure
 * (bad key, wrong credentials, wrong region, missing bucket, no permission),
 * VQE_ERR_NOT_FOUND, VQE_ERR_EXISTS, VQE_ERR_MEMORY, VQE_ERR_UNSUPPORTED (the
 * file system has no way not to replace), and VQE_ERR_IO for the rest, after
 * the retries: 5xx, 429, timeouts, dropped connections, wrong checksums.
 * The message names endpoint, bucket, key, HTTP status and the remedy, never
 * a credential.
 *
 * A handle is for one thread at a time; it keeps one connection open. */
#ifndef VQE_OBJECTS_OBJECTS_H
#define VQE_OBJECTS_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vqe_objects;

/* Settings of S3; a local directory ignores them. NULL or 0 asks for the
 * default. Credentials are no option: they come from the environment or from
 * the AWS profile (objects/objects_credentials.h). */
struct vqe_objects_options {
  const char *endpoint;  /* URL; AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the
                            profile, else that of AWS for the region */
  const char *region;    /* AWS_REGION, AWS_DEFAULT_REGION, the profile, else
                            us-east-1 */
  bool virtual_host;     /* bucket in the host name; default is in the path */
  const char *scheme;    /* of URIs: "s3a" (default) or "s3" */
  const char *ca_file;   /* PEM; AWS_CA_BUNDLE, else the system's */
  double timeout_s;      /* to connect, and without progress; 30 */
  int attempts;          /* of one request; 6 */
  bool opaque_etags;     /* an ETag that looks like an MD5 is none */
  const char *variables; /* start of variables that go before those of AWS,
                            such as "VQE_TARGET_" */
  const char *profile;   /* goes before all variables */
};

#define VQE_OBJECTS_OPTIONS_INIT                                              \
  {                                                                           \
    NULL, NULL, false, NULL, NULL, 0.0, 0, false, NULL, NULL                  \
  }

/* Open the place. `location` is a path, `file:` URI, `s3://bucket[/prefix]` or
 * `s3a://...`; options may be NULL. A local directory need not exist: the
 * first put makes it. S3 is not contacted. A local path with '?', '#' or a
 * control character is refused, since readers of Iceberg take it for a URI.
 * Free by vqe_objects_close(). */
int vqe_objects_open(struct vqe_objects **out, const char *location,
                     const struct vqe_objects_options *options);
void vqe_objects_close(struct vqe_objects *objects);

/* What vqe_objects_put() does about a key that is there. */
enum vqe_objects_put_mode {
  VQE_OBJECTS_REPLACE,
  VQE_OBJECTS_ONLY_NEW /* fail with VQE_ERR_EXISTS and leave it as it is */
};

/* Store `size` bytes under `key`: wholly, durably (fsync) or not at all.
 *
 * ONLY_NEW is atomic between any number of writers on a local directory and
 * on a store that honours conditional PUT. On one that does not (see
 * vqe_objects_supports_conditional_put()) the key is looked for first, which
 * is safe only for the holder of the lock (objects/objects_lock.h). When the
 * response to a request was lost and the repeated one says that the key is
 * there, it counts as stored if its bytes are the same: callers put something
 * unique (a snapshot id) into what they race with. VQE_ERR_IO leaves it
 * unknown whether the bytes were stored. */
int vqe_objects_put(struct vqe_objects *objects, const char *key,
                    const void *data, size_t size,
                    enum vqe_objects_put_mode mode);

/* For a size that is not known beforehand. */
#define VQE_OBJECTS_ANY_SIZE UINT64_MAX

/* Store the local file `path` under `key`, replacing. Above 16 MiB S3 gets it
 * in parts, the upload is aborted on failure. Memory: one part (16 MiB, more
 * above 156 GiB). */
int vqe_objects_put_file(struct vqe_objects *objects, const char *key,
                         const char *path);
/* The same of an open file, from where it stands; `path` is for messages. */
int vqe_objects_put_open(struct vqe_objects *objects, const char *key,
                         int descriptor, uint64_t size, const char *path);

/* Read all of `key` into a new buffer with a NUL after the last byte.
 * VQE_ERR_INPUT above `limit` bytes. Free *out by free(). */
int vqe_objects_get(char **out, size_t *size, struct vqe_objects *objects,
                    const char *key, size_t limit);

/* Copy `key` into the local file `path`, which appears whole or not at all.
 * VQE_ERR_INPUT when it has not `size` bytes; of a longer one no more is read.
 */
int vqe_objects_get_file(struct vqe_objects *objects, const char *key,
                         const char *path, uint64_t size);

/* Open the file of a key for reading, and give its size: a regular file, below
 * the place and behind no symbolic link; anything else is VQE_ERR_INPUT and is
 * not waited for. VQE_ERR_UNSUPPORTED on S3. The caller closes *descriptor,
 * which is -1 after a failure. */
int vqe_objects_open_key(int *descriptor, uint64_t *size,
                         struct vqe_objects *objects, const char *key);

/* Size in bytes; VQE_ERR_NOT_FOUND when it is not there. */
int vqe_objects_head(uint64_t *size, struct vqe_objects *objects,
                     const char *key);

/* One thing that vqe_objects_list() found. */
struct vqe_object {
  const char *key;     /* relative to the place; a folder ends with '/' */
  uint64_t size;       /* bytes; 0 for a folder */
  int64_t modified_ms; /* since 1970; 0 for a folder or when unknown */
  bool is_folder;
};

/* Called for each; anything but 0 ends the listing and is returned. It may
 * use the handle that lists. */
typedef int (*vqe_objects_visit)(void *ctx, const struct vqe_object *object);

/* Visit what lies in the folder `folder` ("" = the place; a '/' at the end is
 * optional), in the byte order of the keys. `recursive`: every object below
 * it, no folders; else the objects and folders right in it. A folder that is
 * not there is empty. Left out: unfinished files of this module
 * (".vqe-*"), and on S3 objects that stand for a folder (key ends with '/').
 * What is neither file nor folder (symbolic links, pipes) counts as a file of
 * 0 bytes that cannot be read. */
int vqe_objects_list(struct vqe_objects *objects, const char *folder,
                     bool recursive, vqe_objects_visit visit, void *ctx);

/* Remove `key`. One that is not there is no error. Empty directories stay. */
int vqe_objects_delete(struct vqe_objects *objects, const char *key);

/* End the uploads in parts below the place that began before `older_than_ms`
 * (since 1970) and are not finished: what crashed writers left, which no
 * listing shows and which the store keeps. *ended is their number, also after
 * a failure; 0 for a local directory. */
int vqe_objects_end_uploads(size_t *ended, struct vqe_objects *objects,
                            int64_t older_than_ms);

/* Full URI of a key, as Spark, PyIceberg and DuckDB read it:
 * "file:///abs/dir/key" or "s3a://bucket/prefix/key", not percent-encoded.
 * Key "" gives the place itself, without a '/' at the end. Free by free(). */
int vqe_objects_uri(char **out, const struct vqe_objects *objects,
                    const char *key);

/* Key of a URI. Schemes s3, s3a and s3n count as the same, and so do
 * "file:///a", "file:/a" and "/a". VQE_ERR_INPUT when it lies outside the
 * place, leads there by "..", plain or percent-encoded, or has another scheme.
 * Free by free(). */
int vqe_objects_key_of_uri(char **out, const struct vqe_objects *objects,
                           const char *uri);

/* Key of the path `rest` that metadata names below `folder`: without "..",
 * plain or percent-encoded. Free by free(). */
int vqe_objects_plain_key(char **out, const char *folder, const char *rest);

/* VQE_ERR_INPUT where a key has another size than `expected`, which may be
 * VQE_OBJECTS_ANY_SIZE. */
int vqe_objects_require_size(const char *key, uint64_t size,
                             uint64_t expected);

bool vqe_objects_is_local(const struct vqe_objects *objects);

/* Absolute path of a key's file; VQE_ERR_UNSUPPORTED on S3. Free by free(). */
int vqe_objects_path(char **out, const struct vqe_objects *objects,
                     const char *key);

/* The place for messages: "directory '/data/w'" or
 * "bucket 'features' at http://host:3900". Valid as long as the handle. */
const char *vqe_objects_describe(const struct vqe_objects *objects);

/* What was asked of the store so far. */
struct vqe_objects_usage {
  uint64_t requests; /* S3: HTTP requests, repeated ones too; else calls */
  double seconds;
};
void vqe_objects_usage(struct vqe_objects_usage *out,
                       const struct vqe_objects *objects);

/* Does the store honour `If-None-Match: *`? Local: true. S3: found out by two
 * PUTs of "_probe/<uuid>" (removed again), once a handle. */
int vqe_objects_supports_conditional_put(bool *out,
                                         struct vqe_objects *objects);

#endif
