#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "molecule/molecule_build.h"
#include "pages/page_draw.h"
#include "vqe/error.h"
#include "vqe/molecule.h"

#define SIDE 220.0
/* Atoms that can be seen in a drawing. */
#define MOST 200

struct atom {
  double x, y, depth, radius;
  size_t index;
};

static int by_depth(const void *left, const void *right)
{
  const struct atom *a = left;
  const struct atom *b = right;
  return a->depth < b->depth ? -1 : a->depth > b->depth;
}

static double distance(const double *a, const double *b)
{
  return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
              (a[2] - b[2]) * (a[2] - b[2]));
}

/* The direction between the two atoms that are furthest apart goes to the
 * right, so that nothing hides behind another. */
static void find_frame(double frame[3][3], const struct vqe_pages_run *run)
{
  double longest = 0.0;
  double along[3] = {1.0, 0.0, 0.0};
  for (size_t a = 0; a < run->natom; a++) {
    for (size_t b = a + 1; b < run->natom; b++) {
      double d = distance(run->xyz + 3 * a, run->xyz + 3 * b);
      if (d > longest * 1.000001) {
        longest = d;
        for (int k = 0; k < 3; k++) {
          along[k] =
              (run->xyz[3 * b + (size_t)k] - run->xyz[3 * a + (size_t)k]) / d;
        }
      }
    }
  }
  double up[3] = {0.0, 0.0, 0.0};
  double best = 0.0;
  for (size_t a = 0; a < run->natom; a++) {
    double off[3];
    double dot = 0.0;
    for (int k = 0; k < 3; k++) {
      off[k] = run->xyz[3 * a + (size_t)k] - run->xyz[k];
      dot += off[k] * along[k];
    }
    double norm = 0.0;
    for (int k = 0; k < 3; k++) {
      off[k] -= dot * along[k];
      norm += off[k] * off[k];
    }
    if (norm > best + 1e-9) {
      best = norm;
      memcpy(up, off, sizeof up);
    }
  }
  if (best < 1e-6) { /* linear: any direction across it */
    int least = fabs(along[0]) < 0.5 ? 0 : fabs(along[1]) < 0.8 ? 1 : 2;
    for (int k = 0; k < 3; k++) {
      up[k] = (k == least) - along[least] * along[k];
    }
    best = 1.0 - along[least] * along[least];
  }
  for (int k = 0; k < 3; k++) {
    frame[0][k] = along[k];
    frame[1][k] = up[k] / sqrt(best);
  }
  for (int k = 0; k < 3; k++) {
    int i = (k + 1) % 3;
    int j = (k + 2) % 3;
    frame[2][k] = frame[0][i] * frame[1][j] - frame[0][j] * frame[1][i];
  }
}

static void project(struct atom *atoms, const struct vqe_pages_run *run)
{
  double frame[3][3];
  double low[2] = {INFINITY, INFINITY};
  double high[2] = {-INFINITY, -INFINITY};
  const double tilt = 0.45;
  find_frame(frame, run);
  for (size_t a = 0; a < run->natom; a++) {
    double p[3] = {0.0, 0.0, 0.0};
    for (int r = 0; r < 3; r++) {
      for (int k = 0; k < 3; k++) {
        p[r] += frame[r][k] * run->xyz[3 * a + (size_t)k];
      }
    }
    double r = 0.6 * vqe_element_radius(vqe_element_z(run->symbols[a])) + 0.12;
    atoms[a] = (struct atom){p[0], cos(tilt) * p[1] - sin(tilt) * p[2],
                             sin(tilt) * p[1] + cos(tilt) * p[2], r, a};
    low[0] = fmin(low[0], atoms[a].x - r);
    high[0] = fmax(high[0], atoms[a].x + r);
    low[1] = fmin(low[1], atoms[a].y - r);
    high[1] = fmax(high[1], atoms[a].y + r);
  }
  double range = fmax(fmax(high[0] - low[0], high[1] - low[1]), 1.2);
  double scale = (SIDE - 16.0) / range;
  for (size_t a = 0; a < run->natom; a++) {
    atoms[a].x = 0.5 * SIDE + scale * (atoms[a].x - 0.5 * (low[0] + high[0]));
    atoms[a].y = 0.5 * SIDE - scale * (atoms[a].y - 0.5 * (low[1] + high[1]));
    atoms[a].radius *= scale;
  }
}

/* Classes of page.css; the symbol stands in each atom as well. */
static const char *class_of(const char *symbol)
{
  static const char *const known[][2] = {
      {"H", "at-h"}, {"C", "at-c"}, {"N", "at-n"}, {"O", "at-o"}};
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    if (strcmp(symbol, known[k][0]) == 0) {
      return known[k][1];
    }
  }
  return "at-x";
}

static void draw_bonds(struct vqe_pages_text *text, const struct atom *atoms,
                       const struct vqe_pages_run *run)
{
  for (size_t i = 0; i < run->natom; i++) {
    for (size_t j = i + 1; j < run->natom; j++) {
      size_t a = atoms[i].index;
      size_t b = atoms[j].index;
      double bond = vqe_element_radius(vqe_element_z(run->symbols[a])) +
                    vqe_element_radius(vqe_element_z(run->symbols[b]));
      double d = distance(run->xyz + 3 * a, run->xyz + 3 * b);
      /* two atoms belong together however far they are apart */
      if (d < 1.3 * bond || run->natom == 2) {
        vqe_pages_putf(text, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>",
                       d < 1.3 * bond ? "bond" : "bond far", atoms[i].x,
                       atoms[i].y, atoms[j].x, atoms[j].y);
      }
    }
  }
}

void vqe_pages_draw_molecule(struct vqe_pages_text *text,
                             const struct vqe_pages_run *run)
{
  struct atom *atoms = NULL;
  if (run->natom == 0 || run->natom > MOST) {
    return;
  }
  int status =
      vqe_memory_alloc(&atoms, run->natom, sizeof *atoms, "a drawing");
  if (status != VQE_OK) {
    text->status = text->status == VQE_OK ? status : text->status;
    return;
  }
  project(atoms, run);
  qsort(atoms, run->natom, sizeof *atoms, by_depth);
  vqe_pages_putf(text,
                 "<svg class=\"molecule\" viewBox=\"0 0 %.0f %.0f\" "
                 "role=\"img\" aria-label=\"",
                 SIDE, SIDE);
  vqe_pages_escape(text, run->name);
  vqe_pages_putf(text, ": drawing of %zu atoms\">", run->natom);
  draw_bonds(text, atoms, run);
  for (size_t k = 0; k < run->natom; k++) {
    const char *symbol = run->symbols[atoms[k].index];
    vqe_pages_putf(text,
                   "<circle class=\"atom %s\" cx=\"%.1f\" cy=\"%.1f\" "
                   "r=\"%.1f\"/><text class=\"symbol\" x=\"%.1f\" "
                   "y=\"%.1f\" text-anchor=\"middle\">",
                   class_of(symbol), atoms[k].x, atoms[k].y, atoms[k].radius,
                   atoms[k].x, atoms[k].y + 5.0);
    vqe_pages_escape(text, symbol);
    vqe_pages_put(text, "</text>");
  }
  vqe_pages_put(text, "</svg>");
  free(atoms);
}
