#include "pages/page_coordinate.h"

#include <math.h>
#include <stdio.h>

#include "base/vector3.h"

/* Larger molecules are not looked through. */
#define MOST_ATOMS 60
/* A distance whose relative change is less is shared by all geometries. */
#define SHARED 1e-3
#define DEGREES 57.29577951308232

/* Relative change of each distance over the geometries, and its length. */
struct spread {
  size_t natom;
  double change[MOST_ATOMS][MOST_ATOMS];
  double length[MOST_ATOMS][MOST_ATOMS];
};

static const struct vqe_pages_run *geometry(const struct vqe_pages_set *set,
                                            size_t family, size_t k)
{
  return vqe_pages_pick(set, vqe_pages_item(&set->families, family, k), 0);
}

static void measure(struct spread *out, const struct vqe_pages_set *set,
                    size_t family)
{
  size_t count = vqe_pages_length(&set->families, family);
  size_t natom = geometry(set, family, 0)->natom;
  out->natom = natom < MOST_ATOMS ? natom : 0;
  for (size_t a = 0; a < out->natom; a++) {
    for (size_t b = 0; b < out->natom; b++) {
      double low = INFINITY;
      double high = 0.0;
      for (size_t k = 0; k < count; k++) {
        double d = vqe_pages_run_distance(geometry(set, family, k), a, b);
        low = fmin(low, d);
        high = fmax(high, d);
      }
      out->length[a][b] = low;
      out->change[a][b] = a == b ? 0.0 : (high - low) / low;
    }
  }
}

static bool shared(const struct spread *spread, size_t a, size_t b)
{
  return a != b && spread->change[a][b] < SHARED;
}

/* Do shared distances join all atoms? */
static bool is_joined(const struct spread *spread)
{
  bool reached[MOST_ATOMS] = {true};
  size_t count = 1;
  bool grows = spread->natom > 2;
  while (grows) {
    grows = false;
    for (size_t a = 0; a < spread->natom; a++) {
      for (size_t b = 0; reached[a] && b < spread->natom; b++) {
        if (!reached[b] && shared(spread, a, b)) {
          reached[b] = grows = true;
          count++;
        }
      }
    }
  }
  return count == spread->natom && count > 2;
}

/* Where a, m, c is an angle because the torsion about m and n changes: n is
 * bonded to m and c, and a keeps its distance from it. */
static bool find_torsion(struct vqe_pages_coordinate *out,
                         const struct spread *spread)
{
  size_t a = out->atoms[0];
  size_t m = out->atoms[1];
  size_t c = out->atoms[2];
  for (size_t n = 0; n < spread->natom; n++) {
    if (shared(spread, a, n) && shared(spread, m, n) && shared(spread, n, c) &&
        spread->length[n][c] < spread->length[m][c]) {
      *out = (struct vqe_pages_coordinate){.count = 4, .atoms = {a, m, n, c}};
      return true;
    }
  }
  return false;
}

/* The angle between the shortest shared distances whose ends move. */
static bool find_angle(struct vqe_pages_coordinate *out,
                       const struct spread *spread)
{
  double best = INFINITY;
  for (size_t m = 0; m < spread->natom; m++) {
    for (size_t a = 0; a < spread->natom; a++) {
      for (size_t c = 0; c < spread->natom; c++) {
        double left = spread->length[a][m];
        double right = spread->length[m][c];
        /* the shorter bond first, then the first atom */
        bool ordered = a < c ? left <= right : left < right;
        if (ordered && a != c && shared(spread, a, m) &&
            shared(spread, m, c) && !shared(spread, a, c) &&
            left + right < best * (1.0 - 1e-9)) {
          best = left + right;
          *out = (struct vqe_pages_coordinate){.count = 3, .atoms = {a, m, c}};
        }
      }
    }
  }
  return isfinite(best);
}

static bool find_distance(struct vqe_pages_coordinate *out,
                          const struct spread *spread)
{
  double best = SHARED;
  for (size_t a = 0; a < spread->natom; a++) {
    for (size_t b = a + 1; b < spread->natom; b++) {
      if (spread->change[a][b] > best * 1.001) {
        best = spread->change[a][b];
        *out = (struct vqe_pages_coordinate){.count = 2, .atoms = {a, b}};
      }
    }
  }
  return best > SHARED;
}

const char *
vqe_pages_coordinate_name(const struct vqe_pages_coordinate *coordinate)
{
  static const char *const names[] = {"distance", "angle", "torsion"};
  return names[coordinate->count - 2];
}

/* "distance O1-H2 / A", without numbers in a molecule of two. */
static void write_label(struct vqe_pages_coordinate *coordinate,
                        const struct vqe_pages_run *run)
{
  bool pair = run->natom == 2;
  int used = snprintf(coordinate->label, sizeof coordinate->label, "%s ",
                      vqe_pages_coordinate_name(coordinate));
  for (int k = 0; k < coordinate->count; k++) {
    size_t atom = coordinate->atoms[k];
    used += snprintf(coordinate->label + used,
                     sizeof coordinate->label - (size_t)used, "%s%s%.0zu",
                     k > 0 ? "\xe2\x80\x93" : "", run->symbols[atom],
                     pair ? 0 : atom + 1);
  }
  snprintf(coordinate->label + used, sizeof coordinate->label - (size_t)used,
           coordinate->count == 2 ? " / \xc3\x85" : " / \xc2\xb0");
}

bool vqe_pages_coordinate_find(struct vqe_pages_coordinate *out,
                               const struct vqe_pages_set *set, size_t family)
{
  struct spread spread;
  measure(&spread, set, family);
  bool found = is_joined(&spread) && find_angle(out, &spread);
  if (found) {
    (void)find_torsion(out, &spread);
  } else {
    found = find_distance(out, &spread);
  }
  if (found) {
    write_label(out, geometry(set, family, 0));
  }
  return found;
}

/* ---- values ---- */

static void between(double out[3], const struct vqe_pages_run *run,
                    size_t from, size_t to)
{
  for (size_t k = 0; k < 3; k++) {
    out[k] = run->xyz[3 * to + k] - run->xyz[3 * from + k];
  }
}

static double angle(const struct vqe_pages_run *run, const size_t atoms[4])
{
  double left[3];
  double right[3];
  double normal[3];
  between(left, run, atoms[1], atoms[0]);
  between(right, run, atoms[1], atoms[2]);
  vqe_vector3_cross(normal, left, right);
  return DEGREES *
         atan2(vqe_vector3_norm(normal), vqe_vector3_dot(left, right));
}

/* Its sign as IUPAC has it: positive where the front bond turns clockwise into
 * the rear one. */
static double torsion(const struct vqe_pages_run *run, const size_t atoms[4])
{
  double first[3];
  double axis[3];
  double last[3];
  double left[3];
  double right[3];
  between(first, run, atoms[0], atoms[1]);
  between(axis, run, atoms[1], atoms[2]);
  between(last, run, atoms[2], atoms[3]);
  vqe_vector3_cross(left, first, axis);
  vqe_vector3_cross(right, axis, last);
  return DEGREES *
         atan2(vqe_vector3_norm(axis) * vqe_vector3_dot(first, right),
               vqe_vector3_dot(left, right));
}

double
vqe_pages_coordinate_value(const struct vqe_pages_coordinate *coordinate,
                           const struct vqe_pages_run *run)
{
  switch (coordinate->count) {
  case 3:
    return angle(run, coordinate->atoms);
  case 4:
    return torsion(run, coordinate->atoms);
  default:
    return vqe_pages_run_distance(run, coordinate->atoms[0],
                                  coordinate->atoms[1]);
  }
}
