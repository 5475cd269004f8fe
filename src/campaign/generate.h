/* The job files of a campaign. */
#ifndef VQE_CAMPAIGN_GENERATE_H
#define VQE_CAMPAIGN_GENERATE_H

#include "campaign/plan.h"

struct vqe_generate_options {
  struct vqe_plan_options plan;
  int parts; /* of each lane, at the most */
  /* Ids of experiments that are done elsewhere, as in the lake; NULL: none */
  const json_t *done;
  const struct vqe_log *log;
};

/* What was made for one lane. */
struct vqe_generate_lane {
  const char *name;               /* of the plan's tier; NULL: all in one */
  const char *partition, *device; /* the same; NULL: none named */
  int parts;
  size_t runs;
  double cost;            /* of all, core seconds */
  double least, greatest; /* of its parts */
};

struct vqe_generated {
  struct vqe_plan *plan;
  size_t total, done, runs, nset_aside; /* total = done + runs + set aside */
  json_t *set_aside;                    /* as vqe_plan_set_aside */
  size_t nlane;
  struct vqe_generate_lane *lanes;
};

/* Write part-NNNN.json, or part-LANE-NNNN.json, set_aside.json, parts.tsv and
 * tier.json into `folder`, which is made. What the results and journals of
 * that folder hold as done is left out; what they hold evaluations of stays in
 * its part. Job files of an earlier call are replaced. VQE_ERR_EXISTS when the
 * folder belongs to another tier or a run has one of its outputs. */
int vqe_generate(struct vqe_generated **out, const struct vqe_tier *tier,
                 const char *folder,
                 const struct vqe_generate_options *options);
void vqe_generated_free(struct vqe_generated *generated);

#endif
