/* How long the rest takes: the cost model, corrected by what ran. */
#ifndef VQE_CAMPAIGN_FORECAST_H
#define VQE_CAMPAIGN_FORECAST_H

#include <stddef.h>

struct vqe_forecast;

int vqe_forecast_create(struct vqe_forecast **out);
void vqe_forecast_free(struct vqe_forecast *forecast);

/* An experiment that took `seconds` where the model says `cost`. `optimizer`,
 * and `kind` (all but start and seed), are what the correction goes by.
 * `finished`: when it ended, seconds since 1970; NaN: not known. */
int vqe_forecast_learn(struct vqe_forecast *forecast, const char *kind,
                       const char *optimizer, double cost, double seconds,
                       double finished);
/* Seconds of an experiment to come: what finished ones of its kind took. Else
 * by how time grew with the model's cost from kind to kind of its optimizer, a
 * power of the cost by least squares; where these are too few, as it grew for
 * all, from where its optimizer is.
 * Where only one cost is known: the cost times what a core second took; very
 * small ones take what others of their optimizer take, and say nothing of
 * large ones. Where nothing has finished: the model's cost. */
double vqe_forecast_seconds(const struct vqe_forecast *forecast,
                            const char *kind, const char *optimizer,
                            double cost);
/* Seconds that a core second of the model took, without very small
 * experiments where there are others; NaN: nothing. */
double vqe_forecast_ratio(const struct vqe_forecast *forecast);
/* Experiments that ran at once: their seconds over those in which some ran;
 * NaN: not known. */
double vqe_forecast_at_once(struct vqe_forecast *forecast);

#endif
