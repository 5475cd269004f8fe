#include "job/job_scan_points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/rng.h"
#include "molecule/molecule_build.h"
#include "molecule/molecule_scan.h"

struct scanned {
  size_t count; /* axes */
  const struct vqe_job_scan_axis *axes[VQE_SCAN_MOST];
  bool *moves[VQE_SCAN_MOST]; /* of each, natom */
  size_t points;
};

static bool fits(const struct vqe_job_scan_axis *axis,
                 const struct vqe_job_molecule *entry)
{
  return axis->molecule == NULL ||
         strcasecmp(axis->molecule, entry->name) == 0;
}

static int mark_moves(bool *moves, const struct vqe_job_scan_axis *axis,
                      const struct vqe_molecule *molecule)
{
  if (axis->displaces) {
    return VQE_OK;
  }
  int status = vqe_coordinate_check(&axis->coordinate, molecule, axis->where);
  if (status == VQE_OK && axis->nmove == 0) {
    return vqe_coordinate_fragment(moves, &axis->coordinate, molecule,
                                   axis->where);
  }
  for (size_t k = 0; status == VQE_OK && k < axis->nmove; k++) {
    if (axis->move[k] >= molecule->natom) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s, key 'moves': '%s' has no atom %zu: its %zu "
                             "atoms count from 0",
                             axis->where, molecule->name, axis->move[k],
                             molecule->natom);
    } else {
      moves[axis->move[k]] = true;
    }
  }
  size_t last = axis->coordinate.atoms[(int)axis->coordinate.kind - 1];
  if (status == VQE_OK && !moves[last]) {
    status = vqe_error_set(
        VQE_ERR_INPUT,
        "%s, key 'moves': atom %zu, the last one of the %s, "
        "is not among them",
        axis->where, last, vqe_coordinate_name(axis->coordinate.kind));
  }
  return status;
}

static void scanned_clear(struct scanned *scanned)
{
  for (size_t k = 0; k < scanned->count; k++) {
    free(scanned->moves[k]);
  }
  memset(scanned, 0, sizeof *scanned);
}

/* The axes of one molecule; none of a bad one, which has its reason. */
static int collect_axes(struct scanned *out, const struct vqe_job_scan *scan,
                        const struct vqe_job_molecule *entry)
{
  int status = VQE_OK;
  memset(out, 0, sizeof *out);
  out->points = 1;
  for (size_t k = 0; status == VQE_OK && k < scan->count; k++) {
    const struct vqe_job_scan_axis *axis = &scan->axes[k];
    if (!fits(axis, entry) || entry->reason != NULL) {
      continue;
    }
    if (entry->molecule == NULL) {
      return vqe_error_set(
          VQE_ERR_INPUT, "%s: '%s' is an FCIDUMP, which has no atoms to move",
          axis->where, entry->name);
    }
    if (out->count == VQE_SCAN_MOST) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: '%s' has more than %d coordinates to scan",
                           axis->where, entry->name, VQE_SCAN_MOST);
    }
    out->axes[out->count] = axis;
    status = vqe_memory_alloc(&out->moves[out->count], entry->molecule->natom,
                              sizeof(bool), "atoms of a scan");
    out->count++;
    if (status == VQE_OK) {
      status = mark_moves(out->moves[out->count - 1], axis, entry->molecule);
    }
    if (status == VQE_OK &&
        (!vqe_memory_mul(&out->points, out->points, axis->count) ||
         out->points > VQE_MAX_MOLECULES)) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s: the coordinates of '%s' multiply to more "
                             "than %d points: split the job",
                             axis->where, entry->name, VQE_MAX_MOLECULES);
    }
  }
  return status;
}

/* Every coordinate by a normal number of its own. */
static int displace(struct vqe_molecule *molecule,
                    const struct vqe_job_scan_axis *axis, size_t point)
{
  struct vqe_philox rng;
  char key[80];
  snprintf(key, sizeof key, "scan-%lld-%zu", (long long)axis->seed, point);
  int status = vqe_philox_init(&rng, key, "displace");
  for (size_t k = 0; status == VQE_OK && k < 3 * molecule->natom; k++) {
    molecule->coords[k] += axis->width * vqe_philox_normal(&rng);
  }
  return status;
}

/* The value of an axis at a point; the last axis is innermost. */
static size_t position_of(const struct scanned *scanned, size_t axis,
                          size_t point)
{
  for (size_t k = scanned->count; k-- > axis + 1;) {
    point /= scanned->axes[k]->count;
  }
  return point % scanned->axes[axis]->count;
}

/* Displacements come last, so that coordinates have their values before. */
static int move_point(struct vqe_molecule *molecule,
                      const struct scanned *scanned, size_t point)
{
  int status = VQE_OK;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t k = 0; status == VQE_OK && k < scanned->count; k++) {
      const struct vqe_job_scan_axis *axis = scanned->axes[k];
      size_t at = position_of(scanned, k, point);
      if (axis->displaces != (pass == 1)) {
        continue;
      }
      status = axis->displaces
                   ? displace(molecule, axis, at)
                   : vqe_coordinate_set(molecule, &axis->coordinate,
                                        scanned->moves[k], axis->values[at],
                                        axis->where);
    }
  }
  return status;
}

/* The experiment's `scan`: what moved, and to where. */
static int describe_point(char **out, char *curve,
                          const struct scanned *scanned, size_t point)
{
  struct vqe_scan_point at = {.curve = curve, .count = scanned->count};
  for (size_t k = 0; k < scanned->count; k++) {
    const struct vqe_job_scan_axis *axis = scanned->axes[k];
    at.places[k] = (struct vqe_scan_place){
        .displaced = axis->displaces,
        .width = axis->width,
        .coordinate = axis->coordinate,
        .value = axis->values[position_of(scanned, k, point)]};
  }
  return vqe_scan_point_write(out, &at);
}

/* "N2 0.9", "H2O 0.9 104.5". */
static int name_point(char **out, const char *base,
                      const struct scanned *scanned, size_t point)
{
  char text[VQE_SCAN_MOST * 16 + 1] = "";
  int used = 0;
  for (size_t k = 0; k < scanned->count; k++) {
    double value = scanned->axes[k]->values[position_of(scanned, k, point)];
    used += snprintf(text + used, sizeof text - (size_t)used, " %.7g", value);
  }
  return vqe_memory_print(out, "%s%s", base, text);
}

static int add_point(struct vqe_job_molecules *out,
                     const struct vqe_job_molecule *entry,
                     const struct scanned *scanned, size_t point)
{
  struct vqe_job_molecule *copy = NULL;
  int status = vqe_job_molecules_add_copy(out, &copy, entry);
  if (status != VQE_OK) {
    return status;
  }
  free(copy->name);
  copy->name = NULL;
  copy->name_given = true;
  status = name_point(&copy->name, entry->name, scanned, point);
  if (status == VQE_OK) {
    status = describe_point(&copy->scan, entry->name, scanned, point);
  }
  if (status == VQE_OK) {
    free(copy->molecule->name);
    status = vqe_memory_strdup(&copy->molecule->name, copy->name);
  }
  if (status != VQE_OK) {
    return status;
  }
  status = move_point(copy->molecule, scanned, point);
  if (status == VQE_OK) {
    char where[480];
    snprintf(where, sizeof where, "%.300s, '%.100s' of a scan", entry->source,
             copy->name);
    status = vqe_molecule_validate(copy->molecule, where);
  }
  if (status == VQE_ERR_INPUT) {
    vqe_molecule_free(copy->molecule);
    copy->molecule = NULL;
    status = vqe_memory_strdup(&copy->reason, vqe_error_message());
  }
  return status;
}

/* Two points of one name would be the same experiment, or not to be kept
 * apart. */
static int check_distinct(const struct vqe_job_scan_axis *axis)
{
  for (size_t k = 1; k < axis->count; k++) {
    if (axis->values[k] == axis->values[k - 1]) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: %g stands twice", axis->where,
                           axis->values[k]);
    }
  }
  return VQE_OK;
}

static int add_points(struct vqe_job_molecules *out,
                      struct vqe_job_molecule *entry,
                      const struct vqe_job_scan *scan)
{
  struct scanned scanned;
  int status = collect_axes(&scanned, scan, entry);
  for (size_t k = 0; status == VQE_OK && k < scanned.count; k++) {
    status = check_distinct(scanned.axes[k]);
  }
  if (status == VQE_OK && scanned.count == 0) {
    status = vqe_job_molecules_take(out, entry);
  }
  for (size_t k = 0;
       status == VQE_OK && scanned.count > 0 && k < scanned.points; k++) {
    status = out->count < VQE_MAX_MOLECULES
                 ? add_point(out, entry, &scanned, k)
                 : vqe_error_set(VQE_ERR_INPUT,
                                 "a scan makes more than %d molecules: split "
                                 "the job",
                                 VQE_MAX_MOLECULES);
  }
  scanned_clear(&scanned);
  return status;
}

/* Every axis has a molecule. */
static int check_used(const struct vqe_job_scan *scan,
                      const struct vqe_job_molecules *molecules)
{
  for (size_t k = 0; k < scan->count; k++) {
    bool used = false;
    for (size_t m = 0; !used && m < molecules->count; m++) {
      used = fits(&scan->axes[k], &molecules->items[m]);
    }
    if (!used) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: no molecule is called '%s'; the first one is "
                           "'%s'",
                           scan->axes[k].where, scan->axes[k].molecule,
                           molecules->items[0].name);
    }
  }
  return VQE_OK;
}

int vqe_job_scan_apply(struct vqe_job_molecules *molecules,
                       const struct vqe_job_scan *scan)
{
  struct vqe_job_molecules out = {0, 0, NULL};
  if (scan->count == 0 || molecules->count == 0) {
    return VQE_OK;
  }
  int status = check_used(scan, molecules);
  for (size_t m = 0; status == VQE_OK && m < molecules->count; m++) {
    status = add_points(&out, &molecules->items[m], scan);
  }
  if (status != VQE_OK) {
    vqe_job_molecules_clear(&out);
    return status;
  }
  vqe_job_molecules_clear(molecules);
  *molecules = out;
  return VQE_OK;
}
