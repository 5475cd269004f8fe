/* The tiers of jobs/tiers, compiled in, so that they need no checkout. */
#ifndef VQE_CAMPAIGN_TIER_TEXTS_H
#define VQE_CAMPAIGN_TIER_TEXTS_H

#include <stddef.h>

struct vqe_tier_text {
  const char *name; /* "1" */
  const char *file; /* "tier1.json", for messages */
  const char *text;
  const size_t *size;
};

extern const struct vqe_tier_text vqe_tier_texts[];
extern const size_t vqe_tier_text_count;

#endif
