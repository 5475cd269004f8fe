/* Variables of the environment that the manuals of several programs name, as
 * entries of an array of struct vqe_cmd_note. */
#ifndef VQE_CMD_ENVIRONMENT_H
#define VQE_CMD_ENVIRONMENT_H

/* Secrets of a server also come from files. */
#define VQE_CMD_ENVIRONMENT_STREAM                                            \
  {"VQE_KAFKA_BROKERS", "HOST:PORT of brokers, by commas"},                   \
      {"VQE_REGISTRY_URL", "the schema registry"},                            \
      {"VQE_KAFKA_SASL_USERNAME, VQE_KAFKA_SASL_PASSWORD",                    \
       "PLAIN and SCRAM; each secret also from the file that NAME_FILE "      \
       "names, as VQE_KAFKA_SASL_PASSWORD_FILE does"},                        \
      {"VQE_KAFKA_SSL_KEY_PASSWORD, VQE_KAFKA_SSL_KEY_PEM, "                  \
       "VQE_KAFKA_SSL_KEYSTORE_PASSWORD",                                     \
       "client certificates"},                                                \
      {"VQE_KAFKA_OAUTH_TOKEN, VQE_KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET",     \
       "OAUTHBEARER"},                                                        \
      {"VQE_KAFKA_PROPERTIES_FILE",                                           \
       "a file of more properties of librdkafka, one JSON object"},           \
      {"VQE_REGISTRY_USERNAME, VQE_REGISTRY_PASSWORD, VQE_REGISTRY_TOKEN",    \
       "of the schema registry"},                                             \
      {"VQE_REGISTRY_CA_FILE, VQE_REGISTRY_CERT_FILE, VQE_REGISTRY_KEY_FILE", \
       "certificates of the schema registry, in PEM"},                        \
  {                                                                           \
    "VQE_INSECURE_HTTP",                                                      \
        "1: credentials over plain http to another machine are meant"         \
  }

#define VQE_CMD_ENVIRONMENT_S3                                                \
  {"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",             \
   "credentials of S3"},                                                      \
      {"AWS_PROFILE, AWS_DEFAULT_PROFILE",                                    \
       "the profile of the credentials and configuration files"},             \
      {"AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE",                        \
       "these files (~/.aws/credentials, ~/.aws/config)"},                    \
      {"AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS",         \
       "servers other than those of AWS"},                                    \
      {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",                                 \
       "true: those of the environment and the profile are left alone"},      \
      {"AWS_REGION, AWS_DEFAULT_REGION", "the region"},                       \
      {"AWS_CA_BUNDLE", "certificates in PEM"},                               \
      {"AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME",    \
       "credentials by a web identity"},                                      \
  {                                                                           \
    "AWS_CONTAINER_CREDENTIALS_FULL_URI, "                                    \
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",                                 \
        "said to be unsupported where they are the only credentials"          \
  }

#define VQE_CMD_ENVIRONMENT_PROGRAM                                           \
  {"VQE_RUN_ID", "the name of the run in its messages (drawn)"},              \
      {"VQE_CORE_DUMPS",                                                      \
       "1: core dumps are made also where secrets were read"},                \
      {"TMPDIR", "temporary files (/tmp)"},                                   \
      {"NO_COLOR", "not empty: no colours on a terminal"},                    \
  {                                                                           \
    "COLUMNS", "width of what is printed where there is no terminal (80)"     \
  }

#endif
