#include "campaign/tier_texts.h"

/* made by the build of jobs/tiers (jobs/cmake/embed.cmake) */
extern const char vqe_tier_text_1[];
extern const char vqe_tier_text_2[];
extern const char vqe_tier_text_3[];
extern const char vqe_tier_text_4[];
extern const size_t vqe_tier_text_1_size;
extern const size_t vqe_tier_text_2_size;
extern const size_t vqe_tier_text_3_size;
extern const size_t vqe_tier_text_4_size;

const struct vqe_tier_text vqe_tier_texts[] = {
    {"1", "tier1.json", vqe_tier_text_1, &vqe_tier_text_1_size},
    {"2", "tier2.json", vqe_tier_text_2, &vqe_tier_text_2_size},
    {"3", "tier3.json", vqe_tier_text_3, &vqe_tier_text_3_size},
    {"4", "tier4.json", vqe_tier_text_4, &vqe_tier_text_4_size}};
const size_t vqe_tier_text_count =
    sizeof vqe_tier_texts / sizeof vqe_tier_texts[0];
