#include "molecule/molecule_move.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/vector3.h"
#include "molecule/molecule_build.h"

#define BONDED 1.3 /* times the sum of covalent radii */
#define DEGREES 57.295779513082320877
#define STRAIGHT 1e-6 /* sine of an angle that has no plane */

const char *vqe_coordinate_name(enum vqe_coordinate_kind kind)
{
  return kind == VQE_COORDINATE_BOND    ? "bond"
         : kind == VQE_COORDINATE_ANGLE ? "angle"
                                        : "torsion";
}

int vqe_coordinate_check(const struct vqe_coordinate *coordinate,
                         const struct vqe_molecule *molecule,
                         const char *where)
{
  int count = (int)coordinate->kind;
  for (int k = 0; k < count; k++) {
    if (coordinate->atoms[k] >= molecule->natom) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: '%s' has no atom %zu: its %zu atoms count "
                           "from 0",
                           where, molecule->name, coordinate->atoms[k],
                           molecule->natom);
    }
    for (int l = 0; l < k; l++) {
      if (coordinate->atoms[k] == coordinate->atoms[l]) {
        return vqe_error_set(VQE_ERR_INPUT, "%s: atom %zu stands twice in %s",
                             where, coordinate->atoms[k],
                             vqe_coordinate_name(coordinate->kind));
      }
    }
  }
  return VQE_OK;
}

/* From atom number `from` of the coordinate to number `to`. */
static void between(double out[3], const struct vqe_coordinate *coordinate,
                    const struct vqe_molecule *molecule, int from, int to)
{
  vqe_vector3_minus(out, molecule->coords + 3 * coordinate->atoms[to],
                    molecule->coords + 3 * coordinate->atoms[from]);
}

static double angle_of(const double left[3], const double right[3])
{
  double normal[3];
  vqe_vector3_cross(normal, left, right);
  return DEGREES *
         atan2(vqe_vector3_norm(normal), vqe_vector3_dot(left, right));
}

double vqe_coordinate_measure(const struct vqe_coordinate *coordinate,
                              const struct vqe_molecule *molecule)
{
  double first[3];
  double axis[3];
  double last[3];
  double left[3];
  double right[3];
  between(first, coordinate, molecule, 0, 1);
  if (coordinate->kind == VQE_COORDINATE_BOND) {
    return vqe_vector3_norm(first);
  }
  between(axis, coordinate, molecule, 1, 2);
  if (coordinate->kind == VQE_COORDINATE_ANGLE) {
    between(first, coordinate, molecule, 1, 0);
    return angle_of(first, axis);
  }
  between(last, coordinate, molecule, 2, 3);
  vqe_vector3_cross(left, first, axis);
  vqe_vector3_cross(right, axis, last);
  return DEGREES *
         atan2(vqe_vector3_norm(axis) * vqe_vector3_dot(first, right),
               vqe_vector3_dot(left, right));
}

/* ---- what moves ---- */

static bool is_bonded(const struct vqe_molecule *molecule, size_t a, size_t b)
{
  double unit = molecule->units == VQE_BOHR ? VQE_BOHR_ANGSTROM : 1.0;
  double apart[3];
  vqe_vector3_minus(apart, molecule->coords + 3 * a, molecule->coords + 3 * b);
  return unit * vqe_vector3_norm(apart) <
         BONDED * (vqe_element_radius(molecule->z[a]) +
                   vqe_element_radius(molecule->z[b]));
}

/* The bond that is cut: its fixed end, and the one that moves. */
static void cut_of(size_t *fixed, size_t *moving,
                   const struct vqe_coordinate *coordinate)
{
  int last = coordinate->kind == VQE_COORDINATE_BOND ? 1 : 2;
  *fixed = coordinate->atoms[last - 1];
  *moving = coordinate->atoms[last];
}

int vqe_coordinate_fragment(bool *moves,
                            const struct vqe_coordinate *coordinate,
                            const struct vqe_molecule *molecule,
                            const char *where)
{
  size_t natom = molecule->natom;
  size_t *reached = NULL;
  size_t fixed;
  size_t moving;
  size_t count = 1;
  int status = vqe_memory_alloc(&reached, natom, sizeof *reached, "atoms");
  if (status != VQE_OK) {
    return status;
  }
  cut_of(&fixed, &moving, coordinate);
  memset(moves, 0, natom * sizeof *moves);
  moves[moving] = true;
  reached[0] = moving;
  for (size_t k = 0; k < count; k++) {
    size_t a = reached[k];
    for (size_t b = 0; b < natom; b++) {
      bool cut = a == moving && b == fixed;
      if (!moves[b] && !cut && is_bonded(molecule, a, b)) {
        moves[b] = true;
        reached[count++] = b;
      }
    }
  }
  free(reached);
  size_t last = coordinate->atoms[(int)coordinate->kind - 1];
  if (!moves[last]) {
    return vqe_error_set(
        VQE_ERR_INPUT,
        "%s: no bonds of '%s' join atom %zu to atom %zu: a job "
        "file can say which atoms move, \"moves\": [%zu]",
        where, molecule->name, last, moving, last);
  }
  for (int k = 0; k + 1 < (int)coordinate->kind; k++) {
    size_t atom = coordinate->atoms[k];
    if (moves[atom] && atom != moving) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: bonds of '%s' join both sides of atoms %zu "
                           "and %zu, as in a ring: a job file can say which "
                           "atoms move, \"moves\": [%zu]",
                           where, molecule->name, fixed, moving, last);
    }
  }
  return VQE_OK;
}

/* ---- movement ---- */

static void shift(struct vqe_molecule *molecule, const bool *moves,
                  const double by[3])
{
  for (size_t a = 0; a < molecule->natom; a++) {
    for (size_t k = 0; moves[a] && k < 3; k++) {
      molecule->coords[3 * a + k] += by[k];
    }
  }
}

/* About the axis of length 1 through `origin`, by Rodrigues' formula. */
static void rotate(struct vqe_molecule *molecule, const bool *moves,
                   const double origin[3], const double axis[3],
                   double degrees)
{
  double c = cos(degrees / DEGREES);
  double s = sin(degrees / DEGREES);
  for (size_t a = 0; a < molecule->natom; a++) {
    double *r = molecule->coords + 3 * a;
    double p[3];
    double across[3];
    if (!moves[a]) {
      continue;
    }
    vqe_vector3_minus(p, r, origin);
    vqe_vector3_cross(across, axis, p);
    double along = vqe_vector3_dot(axis, p) * (1.0 - c);
    for (int k = 0; k < 3; k++) {
      r[k] = origin[k] + c * p[k] + s * across[k] + along * axis[k];
    }
  }
}

/* The last atom is put where the length is exact, what hangs on it follows. */
static void set_bond(struct vqe_molecule *molecule,
                     const struct vqe_coordinate *coordinate,
                     const bool *moves, double value)
{
  double axis[3];
  double by[3];
  double exact[3];
  double *end = molecule->coords + 3 * coordinate->atoms[1];
  const double *start = molecule->coords + 3 * coordinate->atoms[0];
  between(axis, coordinate, molecule, 0, 1);
  (void)vqe_vector3_unit(axis);
  for (int k = 0; k < 3; k++) {
    exact[k] = start[k] + axis[k] * value;
  }
  vqe_vector3_minus(by, exact, end);
  shift(molecule, moves, by);
  memcpy(end, exact, sizeof exact);
}

/* Any direction across another. */
static void across_of(double out[3], const double axis[3])
{
  double any[3] = {0.0, 0.0, 0.0};
  int least = fabs(axis[0]) < 0.6 ? 0 : fabs(axis[1]) < 0.6 ? 1 : 2;
  any[least] = 1.0;
  vqe_vector3_cross(out, axis, any);
  (void)vqe_vector3_unit(out);
}

static void set_angle(struct vqe_molecule *molecule,
                      const struct vqe_coordinate *coordinate,
                      const bool *moves, double value)
{
  double left[3];
  double right[3];
  double normal[3];
  double corner[3];
  double now = vqe_coordinate_measure(coordinate, molecule);
  between(left, coordinate, molecule, 1, 0);
  between(right, coordinate, molecule, 1, 2);
  (void)vqe_vector3_unit(left);
  (void)vqe_vector3_unit(right);
  vqe_vector3_cross(normal, left, right);
  if (vqe_vector3_unit(normal) < STRAIGHT) {
    across_of(normal, left);
  }
  memcpy(corner, molecule->coords + 3 * coordinate->atoms[1], sizeof corner);
  rotate(molecule, moves, corner, normal, value - now);
}

static int set_torsion(struct vqe_molecule *molecule,
                       const struct vqe_coordinate *coordinate,
                       const bool *moves, double value, const char *where)
{
  double axis[3];
  double start[3];
  for (int k = 0; k < 2; k++) {
    const struct vqe_coordinate corner = {VQE_COORDINATE_ANGLE,
                                          {coordinate->atoms[k],
                                           coordinate->atoms[k + 1],
                                           coordinate->atoms[k + 2]}};
    double degrees = vqe_coordinate_measure(&corner, molecule);
    if (sin(degrees / DEGREES) < STRAIGHT) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: atoms %zu, %zu and %zu of '%s' are on a "
                           "straight line, where a torsion has no meaning",
                           where, corner.atoms[0], corner.atoms[1],
                           corner.atoms[2], molecule->name);
    }
  }
  between(axis, coordinate, molecule, 1, 2);
  (void)vqe_vector3_unit(axis);
  memcpy(start, molecule->coords + 3 * coordinate->atoms[2], sizeof start);
  rotate(molecule, moves, start, axis,
         value - vqe_coordinate_measure(coordinate, molecule));
  return VQE_OK;
}

int vqe_coordinate_set(struct vqe_molecule *molecule,
                       const struct vqe_coordinate *coordinate,
                       const bool *moves, double value, const char *where)
{
  switch (coordinate->kind) {
  case VQE_COORDINATE_BOND:
    set_bond(molecule, coordinate, moves, value);
    return VQE_OK;
  case VQE_COORDINATE_ANGLE:
    set_angle(molecule, coordinate, moves, value);
    return VQE_OK;
  default:
    return set_torsion(molecule, coordinate, moves, value, where);
  }
}
