/* Keys that something else hands out for a while: a program, or a token
 * service for a web identity. */
#ifndef VQE_OBJECTS_OBJECTS_IDENTITY_H
#define VQE_OBJECTS_OBJECTS_IDENTITY_H

#include "objects/objects_credentials.h"

/* A role that a token stands for. */
struct vqe_s3_identity {
  const char *token_file;
  const char *role;    /* its ARN */
  const char *session; /* NULL: one of this program's */
};

/* Keys from the output of a command line, which the shell runs: JSON with
 * Version 1, AccessKeyId, SecretAccessKey, SessionToken. The message of a
 * failure has no part of the output. */
int vqe_s3_process_load(struct vqe_s3_credentials *out, const char *command);

/* Keys by AssumeRoleWithWebIdentity of the token service
 * AWS_ENDPOINT_URL_STS, else https://sts.REGION.amazonaws.com. One request,
 * with the usual retries; VQE_ERR_INPUT when it refuses. */
int vqe_s3_identity_load(struct vqe_s3_credentials *out,
                         const struct vqe_s3_identity *identity);

/* VQE_ERR_INPUT unless `endpoint` is the URL of a server, such as `example`;
 * `what` says in the message where it comes from. One with a '@' is refused,
 * as a password before it would stand in each message. */
int vqe_s3_endpoint_check(const char *endpoint, const char *what,
                          const char *example);

#endif
