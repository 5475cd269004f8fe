/* Credentials and settings of S3 from the environment and profile files, as
 * other S3 tools read them. */
#ifndef VQE_OBJECTS_OBJECTS_CREDENTIALS_H
#define VQE_OBJECTS_OBJECTS_CREDENTIALS_H

struct vqe_s3_credentials {
  char *key_id;
  char *secret;
  char *token;    /* NULL: none */
  char *region;   /* NULL: neither environment nor profile has one */
  char *endpoint; /* likewise */
};

/* The keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
 * AWS_SESSION_TOKEN, else from the profile AWS_PROFILE ("default") of
 * AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials). The region comes from
 * AWS_REGION, AWS_DEFAULT_REGION or the profile there or in AWS_CONFIG_FILE
 * (~/.aws/config); the endpoint from AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or
 * endpoint_url of the profile. VQE_ERR_INPUT when there are no keys.
 * Free by vqe_s3_credentials_clear(), also after a failure. */
int vqe_s3_credentials_load(struct vqe_s3_credentials *out);

/* Wipe and free. */
void vqe_s3_credentials_clear(struct vqe_s3_credentials *credentials);

/* Replace every occurrence of a credential in `text` by asterisks. */
void vqe_s3_credentials_mask(const struct vqe_s3_credentials *credentials,
                             char *text);

#endif
