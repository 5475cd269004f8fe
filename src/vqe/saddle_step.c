#include "vqe/saddle_step.h"

#include <math.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"

/* Lanczos steps: with a first direction at random, a curvature of a hundredth
 * of the largest shows in as many. */
#define STEPS 30
/* Radian. Curvatures are wrong by this times the third derivatives, and by
 * the rounding of gradients over it. */
#define DIFFERENCE 1e-4
#define DIFFERENCE_SINGLE 1e-2
/* First step from a saddle point, radian, and how often it is halved or
 * doubled. */
#define FIRST_STEP 0.1
#define STEP_CHANGES 5
double vqe_saddle_threshold(const struct vqe_optimizer_options *options)
{
  return fmax(options->gtol, 1e-5);
}

void vqe_saddle_options(struct vqe_curvature_options *out,
                        const struct vqe_run *run,
                        const struct vqe_optimizer_options *options)
{
  *out = (struct vqe_curvature_options){
      .max_steps = STEPS,
      .difference =
          vqe_run_is_single(run->experiment) ? DIFFERENCE_SINGLE : DIFFERENCE,
      .tolerance = vqe_saddle_threshold(options),
      .stream = run->stream,
      .purpose = "curvature",
  };
  if (options->max_evaluations <= STEPS) {
    out->max_steps = options->max_evaluations - 1;
  }
}

struct line {
  int n;
  const double *origin, *direction;
  double *point;
  vqe_objective objective;
  void *ctx;
};

static int energy_on(const struct line *line, double t, double *f)
{
  for (int k = 0; k < line->n; k++) {
    line->point[k] = line->origin[k] + t * line->direction[k];
  }
  return line->objective(line->ctx, line->n, line->point, f, NULL);
}

/* The step with the lowest energy that was seen, and that energy. */
struct lowest {
  double t, f;
};

static int look(struct lowest *best, bool *falls, const struct line *line,
                double t)
{
  double f;
  int status = energy_on(line, t, &f);
  *falls = status == VQE_OK && f < best->f;
  if (*falls) {
    *best = (struct lowest){t, f};
  }
  return status;
}

static int search(struct lowest *best, const struct line *line)
{
  double size = FIRST_STEP;
  bool falls = false;
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && !falls && k < STEP_CHANGES; k++) {
    bool other = false;
    status = look(best, &falls, line, size);
    if (status == VQE_OK) {
      status = look(best, &other, line, -size);
    }
    falls = falls || other;
    size *= 0.5;
  }
  for (int k = 0; status == VQE_OK && falls && k < STEP_CHANGES; k++) {
    status = look(best, &falls, line, 2.0 * best->t);
  }
  return status;
}

int vqe_saddle_step(double *x, double *f, int n, const double *direction,
                    vqe_objective objective, void *ctx)
{
  struct line line = {.n = n,
                      .origin = x,
                      .direction = direction,
                      .objective = objective,
                      .ctx = ctx};
  struct lowest best = {0.0, *f};
  int status = vqe_memory_alloc(&line.point, (size_t)n, sizeof *line.point,
                                "a step from a saddle point");
  if (status == VQE_OK) {
    status = search(&best, &line);
  }
  for (int k = 0; status == VQE_OK && k < n; k++) {
    x[k] += best.t * direction[k];
  }
  *f = best.f;
  free(line.point);
  return status;
}
