#include "report/curves.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/text.h"
#include "molecule/molecule_build.h"
#include "molecule/molecule_scan.h"
#include "report/table_settings.h"
#include "vqe/checks.h"

#define STENCIL 5
#define FAR 2.0   /* times the equilibrium: a bond is broken */
#define FLAT 0.01 /* hartree/angstrom: nothing is left of it */
/* Hartree: what a polynomial may lie below the lowest point, and be off. */
#define DEEP 0.05
#define STEPS 60 /* halvings: to the last bit */
#define ELECTRON_MASSES                                                       \
  1822.888486209                   /* in an atomic mass unit, CODATA 2018 */
#define WAVENUMBERS 219474.6313632 /* cm-1 in a hartree, CODATA 2018 */

/* ---- the lowest place ---- */

/* Newton's divided differences of n points. */
static void divide(double *coefficients, const double *x, const double *y,
                   int n)
{
  memcpy(coefficients, y, (size_t)n * sizeof *y);
  for (int order = 1; order < n; order++) {
    for (int k = n - 1; k >= order; k--) {
      coefficients[k] =
          (coefficients[k] - coefficients[k - 1]) / (x[k] - x[k - order]);
    }
  }
}

/* Value, first and second derivative, by Horner's rule. */
static void evaluate(double out[3], const double *coefficients,
                     const double *x, int n, double at)
{
  out[0] = coefficients[n - 1];
  out[1] = out[2] = 0.0;
  for (int k = n - 2; k >= 0; k--) {
    double d = at - x[k];
    out[2] = out[2] * d + 2.0 * out[1];
    out[1] = out[1] * d + out[0];
    out[0] = out[0] * d + coefficients[k];
  }
}

/* The lowest place of the polynomial through n points, which lies between
 * `low` and `high`. */
static void find_lowest(struct vqe_curve_minimum *out, const double *places,
                        const double *energies, int n, double low, double high)
{
  double coefficients[STENCIL];
  double values[3];
  divide(coefficients, places, energies, n);
  for (int k = 0; k < STEPS; k++) {
    double middle = 0.5 * (low + high);
    evaluate(values, coefficients, places, n, middle);
    if (values[1] > 0.0) {
      high = middle;
    } else {
      low = middle;
    }
  }
  out->place = 0.5 * (low + high);
  evaluate(values, coefficients, places, n, out->place);
  out->energy = values[0];
  out->second = values[2];
}

static size_t lowest_of(const double *energies, size_t count)
{
  size_t lowest = 0;
  for (size_t k = 1; k < count; k++) {
    lowest = energies[k] < energies[lowest] ? k : lowest;
  }
  return lowest;
}

int vqe_curve_find_minimum(struct vqe_curve_minimum *out, const double *places,
                           const double *energies, size_t count)
{
  struct vqe_curve_minimum other;
  size_t lowest = lowest_of(energies, count);
  if (lowest == 0 || lowest + 1 >= count) {
    return 0;
  }
  size_t n = count >= STENCIL ? STENCIL : 3;
  size_t first = lowest >= n / 2 ? lowest - n / 2 : 0;
  first = first + n > count ? count - n : first;
  double low = places[lowest - 1];
  double high = places[lowest + 1];
  find_lowest(out, places + first, energies + first, (int)n, low, high);
  if (!(out->second > 0.0) || energies[lowest] - out->energy > DEEP) {
    return -1;
  }
  if (n < STENCIL) {
    out->place_doubt = 0.2 * (high - low);
    out->energy_doubt = INFINITY;
    out->second_doubt = INFINITY;
    return 1;
  }
  /* what one point less gives shows how far to trust it: the end of the five
   * that is further away is left out */
  first += out->place > places[lowest];
  find_lowest(&other, places + first, energies + first, (int)n - 1, low, high);
  out->place_doubt = fabs(out->place - other.place);
  out->energy_doubt = fabs(out->energy - other.energy);
  out->second_doubt = fabs(out->second - other.second);
  return out->energy_doubt > DEEP ? -1 : 1;
}

/* ---- curves ---- */

struct point {
  char *key;   /* curve and settings */
  char *label; /* curve, and the settings that differ in the table */
  double place, energy, exact;
  const struct vqe_result *result;
  struct vqe_scan_place at;
};

static int by_key_and_place(const void *left, const void *right)
{
  const struct point *a = left;
  const struct point *b = right;
  int order = strcmp(a->key, b->key);
  if (order != 0) {
    return order;
  }
  if (a->place != b->place) {
    return a->place < b->place ? -1 : 1;
  }
  return (a->energy > b->energy) - (a->energy < b->energy);
}

/* What one curve has in common, and no other: "N2 bond 0-1 (sto3g, UCCSD)". Of
 * the settings those that are `shown`, or all with the atoms; the seed never.
 * Two molecules may have one name. */
static int name_curve(char **out, const struct vqe_scan_point *point,
                      const struct vqe_experiment *experiment,
                      const bool *shown)
{
  char settings[VQE_REPORT_SETTINGS * (VQE_REPORT_CELL + 2) + 64] = "";
  const struct vqe_molecule *molecule = experiment->molecule;
  size_t used = 0;
  char *title = NULL;
  char *atoms = NULL;
  if (molecule->charge != 0) {
    used += (size_t)snprintf(settings, sizeof settings, " (charge %+d",
                             molecule->charge);
  }
  if (molecule->multiplicity > 1) {
    used += (size_t)snprintf(settings + used, sizeof settings - used,
                             "%smultiplicity %d", used > 0 ? ", " : " (",
                             molecule->multiplicity);
  }
  for (int k = 0; k < VQE_REPORT_SETTINGS; k++) {
    char cell[VQE_REPORT_CELL];
    if (k == VQE_REPORT_SEED || (shown != NULL && !shown[k])) {
      continue;
    }
    vqe_report_setting_text(cell, experiment, (enum vqe_report_setting)k);
    used += (size_t)snprintf(settings + used, sizeof settings - used, "%s%s",
                             used > 0 ? ", " : " (", cell);
  }
  int status = vqe_scan_point_title(&title, point);
  if (status == VQE_OK && shown == NULL) {
    status = vqe_memory_alloc(&atoms, 4 * molecule->natom + 1, 1, "a curve");
  }
  for (size_t a = 0; atoms != NULL && a < molecule->natom; a++) {
    memcpy(atoms + strlen(atoms), molecule->symbols[a],
           strlen(molecule->symbols[a]));
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(out, "%s%s%s%s", title, settings,
                              used > 0 ? ")" : "", atoms != NULL ? atoms : "");
  }
  free(atoms);
  free(title);
  return status;
}

/* A result that is a point of a curve, or not; a failed one has an infinite
 * energy. */
static int add_point(struct point *points, size_t *count,
                     const struct vqe_result *result, const bool *shown)
{
  struct vqe_scan_point point;
  int status = vqe_scan_point_read(&point, result->experiment->scan);
  double energy =
      isnan(result->energy_exact) ? result->minimum : result->energy_exact;
  bool good = result->status != VQE_EXPERIMENT_FAILED && isfinite(energy);
  /* the lowest of random points is no curve */
  bool landscape = !isnan(result->landscape.points);
  if (status == VQE_OK && !landscape && point.count == 1 &&
      !point.places[0].displaced && result->experiment->molecule != NULL) {
    struct point *out = &points[*count];
    *out = (struct point){
        .place = point.places[0].value,
        .energy = good ? energy + result->nuclear_repulsion_energy : INFINITY,
        .exact = result->fci_energy,
        .result = result,
        .at = point.places[0]};
    *count += 1;
    status = name_curve(&out->key, &point, result->experiment, NULL);
    if (status == VQE_OK) {
      status = name_curve(&out->label, &point, result->experiment, shown);
    }
  } else if (status == VQE_ERR_INPUT) {
    status = VQE_OK; /* text of a damaged file */
  }
  vqe_scan_point_clear(&point);
  return status;
}

/* Of one place the first is the lowest: the others go, and places that have
 * failed, whose number is *failed. */
static size_t distinct(struct point *points, size_t count, size_t *failed)
{
  size_t kept = 0;
  double last = NAN;
  *failed = 0;
  for (size_t k = 0; k < count; k++) {
    bool again = points[k].place == last;
    last = points[k].place;
    if (again || isinf(points[k].energy)) {
      *failed += !again;
      continue;
    }
    struct point moved = points[k];
    points[k] = points[kept];
    points[kept++] = moved;
  }
  return kept;
}

/* ---- words ---- */

static const char *units_of(const struct point *point)
{
  return point->at.coordinate.kind != VQE_COORDINATE_BOND         ? "degrees"
         : point->result->experiment->molecule->units == VQE_BOHR ? "bohr"
                                                                  : "angstrom";
}

/* NaN where it is no bond of two atoms. */
static double frequency_of(const struct point *point, double second)
{
  const struct vqe_molecule *molecule = point->result->experiment->molecule;
  double mass[2];
  double unit = molecule->units == VQE_BOHR ? 1.0 : VQE_BOHR_ANGSTROM;
  if (molecule->natom != 2 ||
      point->at.coordinate.kind != VQE_COORDINATE_BOND) {
    return NAN;
  }
  for (size_t a = 0; a < 2; a++) {
    mass[a] = molecule->masses != NULL ? molecule->masses[a]
                                       : vqe_isotope_mass(molecule->z[a], 0);
  }
  double reduced = ELECTRON_MASSES * mass[0] * mass[1] / (mass[0] + mass[1]);
  return reduced > 0.0 ? WAVENUMBERS * sqrt(second * unit * unit / reduced)
                       : NAN;
}

/* Digits behind the point that a doubt leaves, of `most`. */
static int digits_of(double doubt, int most)
{
  int digits = 0;
  for (double unit = 0.1; digits < most && doubt < 0.5 * unit; unit *= 0.1) {
    digits++;
  }
  return digits;
}

/* ", harmonic frequency 2096 cm-1", with the digits that two fits share;
 * nothing where they are more than a twentieth apart. */
static void describe_frequency(char *out, size_t size,
                               const struct point *point,
                               const struct vqe_curve_minimum *minimum)
{
  double frequency = frequency_of(point, minimum->second);
  /* half of the relative doubt, as the root has it */
  double doubt = 0.5 * frequency * minimum->second_doubt / minimum->second;
  double unit = doubt < 0.5 ? 1.0 : doubt < 5.0 ? 10.0 : 100.0;
  out[0] = '\0';
  if (doubt < 0.05 * frequency) {
    snprintf(out, size, ", harmonic frequency %s%.0f cm-1",
             unit > 1.0 ? "about " : "", unit * round(frequency / unit));
  }
}

/* ", dissociation energy 0.23701 hartree (to 2.5 angstrom)" where the end is
 * flat, else how much higher it is. */
static void describe_end(char *out, size_t size, const struct point *points,
                         size_t count, const double *places,
                         const double *energies, int digits,
                         const struct vqe_curve_minimum *minimum)
{
  bool bond = points[0].at.coordinate.kind == VQE_COORDINATE_BOND;
  double step = places[count - 1] - places[count - 2];
  double slope = (energies[count - 1] - energies[count - 2]) / step;
  bool bohr = points[0].result->experiment->molecule->units == VQE_BOHR;
  if (!bond) {
    double highest = energies[0];
    for (size_t k = 1; k < count; k++) {
      highest = fmax(highest, energies[k]);
    }
    snprintf(out, size, ", %.*f hartree below the highest", digits,
             highest - minimum->energy);
    return;
  }
  bool flat = places[count - 1] >= FAR * minimum->place &&
              fabs(slope) < FLAT * (bohr ? VQE_BOHR_ANGSTROM : 1.0);
  snprintf(out, size, ", %s%.*f hartree %s %g %s%s",
           flat ? "dissociation energy " : "", digits,
           energies[count - 1] - minimum->energy,
           flat ? "(to" : "below its end at", places[count - 1],
           units_of(points), flat ? ")" : "");
}

/* "equilibrium 1.194 angstrom, -107.6774 hartree, ..." */
static void describe(char *out, size_t size, const struct point *points,
                     size_t count, const double *places,
                     const double *energies)
{
  struct vqe_curve_minimum minimum;
  bool bond = points[0].at.coordinate.kind == VQE_COORDINATE_BOND;
  char frequency[60];
  char end[80];
  int found = vqe_curve_find_minimum(&minimum, places, energies, count);
  if (found < 1) {
    size_t lowest = lowest_of(energies, count);
    snprintf(out, size, "lowest %s, %.5f hartree at %g %s%s",
             found == 0 ? "at its end" : "of its points", energies[lowest],
             places[lowest], units_of(points),
             found == 0 ? "" : " (too far apart to say where between them)");
    return;
  }
  int digits = digits_of(minimum.place_doubt, bond ? 4 : 2);
  /* of three points nothing but the digits of the lowest one */
  int energy_digits =
      isinf(minimum.energy_doubt) ? 2 : digits_of(minimum.energy_doubt, 5);
  describe_frequency(frequency, sizeof frequency, points, &minimum);
  end[0] = '\0';
  if (!isinf(minimum.energy_doubt)) {
    describe_end(end, sizeof end, points, count, places, energies,
                 energy_digits, &minimum);
  }
  snprintf(out, size, "equilibrium %s%.*f %s, %.*f hartree%s%s",
           digits < (bond ? 3 : 1) ? "about " : "", digits, minimum.place,
           units_of(points), energy_digits, minimum.energy, frequency, end);
}

/* ", 16 from their neighbours, 2 of these on the way back"; nothing where none
 * does. */
static void describe_starts(char *out, size_t size, const struct point *points,
                            size_t count)
{
  size_t following = 0;
  size_t back = 0;
  for (size_t k = 0; k < count; k++) {
    const struct vqe_result *result = points[k].result;
    following += result->neighbour != NULL;
    for (size_t p = 0; result->neighbour != NULL && p < count; p++) {
      const struct vqe_experiment *other = points[p].result->experiment;
      back += strcmp(other->id, result->neighbour) == 0 &&
              other->index > result->experiment->index;
    }
  }
  out[0] = '\0';
  if (following > 0) {
    int used = snprintf(out, size, ", %zu from their neighbours", following);
    if (back > 0) {
      snprintf(out + used, size - (size_t)used, ", %zu on the way back", back);
    }
  }
}

static int print_curve(FILE *stream, const struct point *points, size_t count,
                       size_t failed, int width)
{
  char *text = NULL;
  char own[320];
  char exact[320];
  char points_of[60] = "";
  char starts[80];
  double *places = NULL;
  double *energies = NULL;
  double worst = 0.0;
  size_t at = 0;
  size_t strangers = 0;
  bool known = true;
  int status = vqe_memory_alloc(&places, count, sizeof *places, "a curve");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&energies, count, sizeof *energies, "a curve");
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    double error = points[k].energy - points[k].exact;
    places[k] = points[k].place;
    energies[k] = points[k].energy;
    known = known && isfinite(points[k].exact);
    strangers += vqe_result_state_ok(points[k].result) == 0;
    if (fabs(error) > fabs(worst)) {
      worst = error;
      at = k;
    }
  }
  if (failed > 0) {
    snprintf(points_of, sizeof points_of, " of %zu", count + failed);
  }
  describe_starts(starts, sizeof starts, points, count);
  if (status == VQE_OK) {
    describe(own, sizeof own, points, count, places, energies);
    for (size_t k = 0; known && k < count; k++) {
      energies[k] = points[k].exact;
    }
    if (known) {
      describe(exact, sizeof exact, points, count, places, energies);
      status = vqe_memory_print(
          &text,
          "%s, %zu%s points%s: %s. Exact energies: %s. Largest error %.3f mHa "
          "at %g.",
          points[0].label, count, points_of, starts, own, exact, 1e3 * worst,
          points[at].place);
    } else {
      status =
          vqe_memory_print(&text, "%s, %zu%s points%s: %s.", points[0].label,
                           count, points_of, starts, own);
    }
  }
  if (status == VQE_OK) {
    vqe_text_blank_controls(text);
    vqe_text_wrap(stream, text, width, 2);
  }
  if (status == VQE_OK && strangers > 0) {
    char said[200];
    snprintf(said, sizeof said,
             "! %zu of its points %s another state: what the curve says is "
             "not the molecule's%s",
             strangers, strangers == 1 ? "is of" : "are of",
             starts[0] == '\0' && points[0].result->experiment->shots == 0
                 ? "; --follow starts each point from its neighbour"
                 : "");
    vqe_text_wrap(stream, said, width, 2);
  }
  free(text);
  free(places);
  free(energies);
  return status;
}

int vqe_report_curves(FILE *stream, struct vqe_result *const *results,
                      size_t count, int width)
{
  struct point *points = NULL;
  size_t npoint = 0;
  bool shown[VQE_REPORT_SETTINGS];
  int status = vqe_report_settings_vary(shown, results, count);
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&points, count + 1, sizeof *points, "the curves");
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = add_point(points, &npoint, results[k], shown);
  }
  if (status == VQE_OK) {
    qsort(points, npoint, sizeof *points, by_key_and_place);
  }
  for (size_t first = 0; status == VQE_OK && first < npoint;) {
    size_t last = first + 1;
    while (last < npoint && strcmp(points[last].key, points[first].key) == 0) {
      last++;
    }
    size_t failed;
    size_t kept = distinct(points + first, last - first, &failed);
    if (kept >= 3) {
      status = print_curve(stream, points + first, kept, failed, width);
    }
    first = last;
  }
  for (size_t k = 0; points != NULL && k < npoint; k++) {
    free(points[k].key);
    free(points[k].label);
  }
  free(points);
  return status;
}
