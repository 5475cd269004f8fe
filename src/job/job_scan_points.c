#include "job/job_scan_points.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "molecule/molecule_build.h"
#include "molecule/molecule_scan.h"
#include "vqe/experiment.h"

#define MOVED_OFF 1e-5 /* angstrom, bohr or degrees */

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
  if (status == VQE_OK && moves[axis->coordinate.atoms[0]]) {
    status = vqe_error_set(
        VQE_ERR_INPUT,
        "%s, key 'moves': atom %zu, the first one of the %s, moves with its "
        "last one, and the %s would stay",
        axis->where, axis->coordinate.atoms[0],
        vqe_coordinate_name(axis->coordinate.kind),
        vqe_coordinate_name(axis->coordinate.kind));
  }
  if (status == VQE_OK && !moves[last]) {
    status = vqe_error_set(
        VQE_ERR_INPUT,
        "%s, key 'moves': atom %zu, the last one of the %s, "
        "is not among them",
        axis->where, last, vqe_coordinate_name(axis->coordinate.kind));
  }
  return status;
}

/* The same atoms, in one order or the other. */
static bool is_same(const struct vqe_job_scan_axis *a,
                    const struct vqe_job_scan_axis *b)
{
  int count = (int)a->coordinate.kind;
  bool same = true;
  bool reversed = true;
  if (a->displaces || b->displaces ||
      a->coordinate.kind != b->coordinate.kind) {
    return a->displaces && b->displaces;
  }
  for (int k = 0; k < count; k++) {
    same = same && a->coordinate.atoms[k] == b->coordinate.atoms[k];
    reversed = reversed &&
               a->coordinate.atoms[k] == b->coordinate.atoms[count - 1 - k];
  }
  return same || reversed;
}

/* A second list of values would undo the first. */
static int check_once(const struct scanned *scanned)
{
  const struct vqe_job_scan_axis *last = scanned->axes[scanned->count - 1];
  for (size_t k = 0; k + 1 < scanned->count; k++) {
    if (is_same(scanned->axes[k], last)) {
      return vqe_error_set(
          VQE_ERR_INPUT,
          "%s: the same %s has values already: put them into one list",
          last->where,
          last->displaces ? "displacement"
                          : vqe_coordinate_name(last->coordinate.kind));
    }
  }
  return VQE_OK;
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
      status = check_once(out);
    }
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

/* Every coordinate has its value, whatever moved after it. */
static int check_point(const struct vqe_molecule *molecule,
                       const struct scanned *scanned, size_t point)
{
  for (size_t k = 0; k < scanned->count; k++) {
    const struct vqe_job_scan_axis *axis = scanned->axes[k];
    if (axis->displaces) {
      continue;
    }
    double wanted = axis->values[position_of(scanned, k, point)];
    double found = vqe_coordinate_measure(&axis->coordinate, molecule);
    double off = axis->coordinate.kind == VQE_COORDINATE_TORSION
                     ? remainder(found - wanted, 360.0)
                     : found - wanted;
    if (!(fabs(off) <= MOVED_OFF)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: the %s is %.9g, not %.9g, as another "
                           "coordinate of the scan moves its atoms",
                           axis->where,
                           vqe_coordinate_name(axis->coordinate.kind), found,
                           wanted);
    }
  }
  return VQE_OK;
}

/* Displacements come last, so that coordinates have their values before. */
static int move_point(struct vqe_molecule *molecule,
                      const struct scanned *scanned, size_t point)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < scanned->count; k++) {
    const struct vqe_job_scan_axis *axis = scanned->axes[k];
    if (!axis->displaces) {
      status = vqe_coordinate_set(
          molecule, &axis->coordinate, scanned->moves[k],
          axis->values[position_of(scanned, k, point)], axis->where);
    }
  }
  if (status == VQE_OK) {
    status = check_point(molecule, scanned, point);
  }
  for (size_t k = 0; status == VQE_OK && k < scanned->count; k++) {
    if (scanned->axes[k]->displaces) {
      status =
          displace(molecule, scanned->axes[k], position_of(scanned, k, point));
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

/* "N2 0.9", "H2O 0.9 104.5", the third displacement "H2O #2". */
static int name_point(char **out, const char *base,
                      const struct scanned *scanned, size_t point)
{
  char text[VQE_SCAN_MOST * 16 + 1] = "";
  int used = 0;
  for (size_t k = 0; k < scanned->count; k++) {
    double value = scanned->axes[k]->values[position_of(scanned, k, point)];
    used += snprintf(text + used, sizeof text - (size_t)used,
                     scanned->axes[k]->displaces ? " #%.0f" : " %.7g", value);
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

/* The identity of a curve: hash of the geometries' ones, in their order. */
static int identify(char out[VQE_SHA256_HEX_SIZE],
                    const struct vqe_job_molecule *points, size_t count)
{
  char *text = NULL;
  size_t size = VQE_EXPERIMENT_ID_SIZE - 1;
  int status = vqe_memory_alloc(&text, count, size, "a curve");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    char id[VQE_EXPERIMENT_ID_SIZE];
    struct vqe_experiment experiment;
    vqe_experiment_init(&experiment);
    experiment.molecule = points[k].molecule;
    status = vqe_experiment_id(id, NULL, &experiment);
    memcpy(text + k * size, id, size);
  }
  if (status == VQE_OK) {
    status = vqe_sha256_hex(out, text, count * size);
  }
  free(text);
  return status;
}

/* The last coordinate makes curves of the last points that were added: those
 * of its values; one that cannot be computed is passed over. */
static int join_curves(struct vqe_job_molecules *out,
                       const struct scanned *scanned)
{
  size_t length = scanned->axes[scanned->count - 1]->count;
  int status = VQE_OK;
  for (size_t k = 0; k < scanned->count; k++) {
    if (scanned->axes[k]->displaces) {
      return VQE_OK;
    }
  }
  for (size_t first = out->count - scanned->points;
       status == VQE_OK && length > 1 && first < out->count; first += length) {
    struct vqe_job_molecule *points = &out->items[first];
    char curve[VQE_SHA256_HEX_SIZE];
    status = identify(curve, points, length);
    for (size_t k = 0; status == VQE_OK && k < length; k++) {
      memcpy(points[k].curve, curve, sizeof curve);
      points[k].curve_at = k;
      points[k].curve_count = length;
    }
  }
  return status;
}

static int add_points(struct vqe_job_molecules *out,
                      struct vqe_job_molecule *entry,
                      const struct vqe_job_scan *scan)
{
  struct scanned scanned;
  int status = collect_axes(&scanned, scan, entry);
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
  if (status == VQE_OK && scanned.count > 0) {
    status = join_curves(out, &scanned);
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
  struct vqe_job_molecules out = {.count = 0};
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
  out.inputs = molecules->inputs;
  molecules->inputs = (struct vqe_job_inputs){0, NULL};
  vqe_job_molecules_clear(molecules);
  *molecules = out;
  return VQE_OK;
}
