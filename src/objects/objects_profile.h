/* The profile files of AWS, ~/.aws/credentials and ~/.aws/config. */
#ifndef VQE_OBJECTS_OBJECTS_PROFILE_H
#define VQE_OBJECTS_OBJECTS_PROFILE_H

#include <stddef.h>

/* One "name = value" of a section. */
struct vqe_s3_setting {
  const char *kind;    /* "profile", "services", "sso-session"; "" where the
                          head has one word, which is a profile too */
  const char *section; /* name in the head */
  const char *group;   /* name above an indented line: "s3"; else "" */
  const char *name;    /* lower case */
  const char *value;   /* without blanks and quotes around it */
};

typedef int (*vqe_s3_profile_visit)(void *ctx,
                                    const struct vqe_s3_setting *setting);

/* Visit the settings of `text`, `size` bytes with a NUL after them, which is
 * changed on the way; a visit that is not VQE_OK ends it. What is no setting
 * is passed over. VQE_ERR_INPUT for a file with NULs, such as UTF-16. */
int vqe_s3_profile_read(char *text, size_t size, vqe_s3_profile_visit visit,
                        void *ctx);

#endif
