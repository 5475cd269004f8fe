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
  char start[32]; /* of the variables of the keys: "AWS_", "VQE_TARGET_" */
};

/* The keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
 * AWS_SESSION_TOKEN; else from the web identity of
 * AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN; else from the profile
 * AWS_PROFILE (AWS_DEFAULT_PROFILE, "default") of
 * AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials) and AWS_CONFIG_FILE
 * (~/.aws/config): its keys, its web identity, or its credential_process.
 *
 * The region comes from AWS_REGION, AWS_DEFAULT_REGION or the profile; the
 * endpoint from AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the section of services
 * that the profile names, or endpoint_url of the profile.
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true leaves all of these out.
 *
 * VQE_ERR_INPUT when there are no keys, naming what is not supported where
 * the profile has that: sso_*, role_arn with another profile.
 * Free by vqe_s3_credentials_clear(), also after a failure. */
int vqe_s3_credentials_load(struct vqe_s3_credentials *out);

/* The same for one of several places, whose variables begin with `variables`
 * ("VQE_TARGET_"; NULL: none) and go before the general ones above:
 * ..ACCESS_KEY_ID, ..SECRET_ACCESS_KEY, ..SESSION_TOKEN, ..REGION,
 * ..ENDPOINT_URL, ..PROFILE. `profile` (may be NULL) goes before its keys,
 * which go before ..PROFILE. Of a place with a profile of its own the general
 * variables count for nothing but the paths of the files; one with keys of its
 * own may share region and endpoint with others. */
int vqe_s3_credentials_load_of(struct vqe_s3_credentials *out,
                               const char *variables, const char *profile);

/* Wipe and free. */
void vqe_s3_credentials_clear(struct vqe_s3_credentials *credentials);

/* Replace every occurrence of a credential in `text` by asterisks. */
void vqe_s3_credentials_mask(const struct vqe_s3_credentials *credentials,
                             char *text);

#endif
