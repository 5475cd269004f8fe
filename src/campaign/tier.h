/* A tier: lists of settings that multiply into a campaign, and rules for what
 * runs where, in which order, and what does not run (jobs/tiers/README.md). */
#ifndef VQE_CAMPAIGN_TIER_H
#define VQE_CAMPAIGN_TIER_H

#include <jansson.h>

#include "campaign/rule.h"

/* Experiments that fit `rule` go to this device and partition. */
struct vqe_tier_lane {
  char *name;
  const char *device;    /* of the tier's text, NULL: the job's */
  const char *partition; /* of the tier's text, NULL: the default one */
  double memory_gb;      /* NaN: that of this machine */
  struct vqe_rule rule;
};

/* Of the experiments that fit `whose`, those that fit `only` run. */
struct vqe_tier_restriction {
  struct vqe_rule whose, only;
};

struct vqe_tier {
  char *path; /* for messages, and where relative paths start */
  char *name;
  json_t *text;      /* the tier, with absolute paths */
  json_t *job;       /* its keys that are a job's, seeds as numbers */
  double cost_limit; /* of one experiment, core seconds; NaN: none */
  size_t npriority, nlane, nrestriction;
  struct vqe_rule *priorities; /* the first that fits counts */
  struct vqe_tier_lane *lanes; /* the same */
  struct vqe_tier_restriction *restrictions;
};

/* Read "1" to "4", which the program brings, or a file. VQE_ERR_INPUT names
 * file, key, value and remedy. */
int vqe_tier_load(struct vqe_tier **out, const char *name);
int vqe_tier_parse(struct vqe_tier **out, const char *text, size_t size,
                   const char *path);
void vqe_tier_free(struct vqe_tier *tier);

#endif
