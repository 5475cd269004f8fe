#include "report/property_lines.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Results that are spelt out, and atoms and orbitals of each. */
#define SPELT_OUT 10
#define MOST_ITEMS 12
/* Spin populations below this are those of a singlet. */
#define NO_SPIN 5e-4

struct line {
  char text[1024];
  size_t used;
};

static void put(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct line *line, const char *format, ...)
{
  va_list arguments;
  size_t room = sizeof line->text - line->used;
  va_start(arguments, format);
  int more = vsnprintf(line->text + line->used, room, format, arguments);
  va_end(arguments);
  if (more > 0) {
    line->used += (size_t)more < room ? (size_t)more : room - 1;
  }
}

/* `before`: blanks of its first line; the others have two more. */
static void flush(FILE *stream, struct line *line, int width, int before)
{
  if (line->used > 0) {
    vqe_text_blank_controls(line->text);
    fprintf(stream, "%*s", before, "");
    vqe_text_wrap(stream, line->text, width - before, before + 2);
  }
  line->used = 0;
  line->text[0] = '\0';
}

static double norm3(const double *v)
{
  return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

/* No "-0.0000" of what is noise. */
static double shown(double value)
{
  return fabs(value) < 5e-5 ? 0.0 : value;
}

static void put_moments(struct line *line, const struct vqe_result *result)
{
  const struct vqe_property *dipole = vqe_result_property(result, "dipole");
  const struct vqe_property *quadrupole =
      vqe_result_property(result, "quadrupole");
  if (dipole == NULL) {
    return;
  }
  const double *d = dipole->values;
  put(line, " dipole %.4f debye (%.4f, %.4f, %.4f e bohr)",
      VQE_DEBYE * norm3(d), shown(d[0]), shown(d[1]), shown(d[2]));
  if (quadrupole != NULL) {
    const double *q = quadrupole->values;
    put(line,
        "; quadrupole xx %.4f yy %.4f zz %.4f xy %.4f xz %.4f yz %.4f "
        "e bohr^2",
        shown(q[0]), shown(q[4]), shown(q[8]), shown(q[1]), shown(q[2]),
        shown(q[5]));
  }
}

/* One number for each atom. */
static void put_atoms(FILE *stream, const struct vqe_result *result,
                      const char *title, const char *name, double least,
                      int width)
{
  struct line line = {.used = 0};
  const struct vqe_molecule *molecule = result->experiment->molecule;
  const struct vqe_property *property = vqe_result_property(result, name);
  double largest = 0.0;
  if (property == NULL || molecule == NULL ||
      property->shape[0] != molecule->natom) {
    return;
  }
  for (size_t a = 0; a < molecule->natom; a++) {
    largest = fmax(largest, fabs(property->values[a]));
  }
  if (largest < least) {
    return;
  }
  put(&line, "%s:", title);
  for (size_t a = 0; a < molecule->natom && a < MOST_ITEMS; a++) {
    put(&line, "%s %s %.4f", a > 0 ? "," : "", molecule->symbols[a],
        shown(property->values[a]));
  }
  put(&line, "%s", molecule->natom > MOST_ITEMS ? ", ..." : "");
  flush(stream, &line, width, 4);
}

static void put_numbers(FILE *stream, const char *title, const double *values,
                        size_t count, int width)
{
  struct line line = {.used = 0};
  put(&line, "%s:", title);
  for (size_t k = 0; k < count && k < MOST_ITEMS; k++) {
    put(&line, "%s %.4f", k > 0 ? "," : "", shown(values[k]));
  }
  put(&line, "%s", count > MOST_ITEMS ? ", ..." : "");
  flush(stream, &line, width, 4);
}

/* The two orbitals that share most. */
static void put_information(FILE *stream, const struct vqe_result *result,
                            int width)
{
  struct line line = {.used = 0};
  const struct vqe_property *property =
      vqe_result_property(result, "mutual_information");
  size_t n = property != NULL ? (size_t)property->shape[0] : 0;
  size_t best = n > 1 ? 1 : 0;
  for (size_t k = 0; k < n * n; k++) {
    best = property->values[k] > property->values[best] ? k : best;
  }
  if (n > 1) {
    put(&line,
        "most mutual information: orbitals %zu and %zu (of the active "
        "ones, from 1), %.4f",
        best / n + 1, best % n + 1, property->values[best]);
    flush(stream, &line, width, 4);
  }
}

/* A property of one number; NaN where there is none. */
static double number_of(const struct vqe_result *result, const char *name)
{
  const struct vqe_property *property = vqe_result_property(result, name);
  return property != NULL ? property->values[0] : NAN;
}

static void put_energy(struct line *line, const struct vqe_result *result,
                       const char *energy, const char *error)
{
  double value = number_of(result, energy);
  double spread = number_of(result, error);
  put(line, " %.8f hartree", value);
  if (spread > 0.0) {
    put(line, " +- %.8f", spread);
  }
  /* against the energy of the same state without noise */
  double exact =
      isnan(result->energy_exact) ? result->minimum : result->energy_exact;
  put(line, ", %+.4f mHa",
      1e3 * (value - exact - result->nuclear_repulsion_energy));
}

/* The energy with noise, and what mitigation makes of it. */
static void put_noise(FILE *stream, const struct vqe_result *result, int width)
{
  struct line line = {.used = 0};
  const char *name = result->experiment->noise_backend;
  if (isnan(number_of(result, "noise_energy"))) {
    return;
  }
  put(&line, "with noise (%s, strength %g):", name != NULL ? name : "-",
      number_of(result, "noise_strength"));
  put_energy(&line, result, "noise_energy", "noise_error");
  put(&line, "; fidelity %.4f", number_of(result, "noise_fidelity"));
  flush(stream, &line, width, 4);
  if (!isnan(number_of(result, "noise_zne_energy"))) {
    put(&line, "extrapolated to zero noise:");
    put_energy(&line, result, "noise_zne_energy", "noise_zne_error");
    flush(stream, &line, width, 4);
  }
  if (!isnan(number_of(result, "noise_kept_energy"))) {
    put(&line, "with the molecule's electrons, %.4f of the state:",
        number_of(result, "noise_kept"));
    put_energy(&line, result, "noise_kept_energy", "noise_kept_error");
    flush(stream, &line, width, 4);
  }
}

static void print_one(FILE *stream, const struct vqe_result *result, int width)
{
  struct line line = {.used = 0};
  const struct vqe_experiment *experiment = result->experiment;
  const struct vqe_property *property;
  put(&line, "%s, %s, %s:", experiment->name != NULL ? experiment->name : "-",
      experiment->basis_set != NULL ? experiment->basis_set : "-",
      experiment->ansatz_name != NULL ? experiment->ansatz_name : "-");
  put_moments(&line, result);
  flush(stream, &line, width, 2);
  put_atoms(stream, result, "Mulliken charges", "mulliken_charges", 0.0,
            width);
  put_atoms(stream, result, "Loewdin charges", "lowdin_charges", 0.0, width);
  put_atoms(stream, result, "Mulliken spin populations", "mulliken_spins",
            NO_SPIN, width);
  put_atoms(stream, result, "Loewdin spin populations", "lowdin_spins",
            NO_SPIN, width);
  if (vqe_result_property(result, "rdm1_alpha") != NULL) {
    put_numbers(stream, "natural occupations", result->natural_occupations,
                result->noccupation, width);
  }
  property = vqe_result_property(result, "orbital_entropies");
  if (property != NULL) {
    put_numbers(stream, "orbital entropies", property->values,
                (size_t)property->shape[0], width);
  }
  put_information(stream, result, width);
  property = vqe_result_property(result, "energy_variance");
  if (property != NULL) {
    put(&line, "variance of the energy: %.3g hartree^2", property->values[0]);
    flush(stream, &line, width, 4);
  }
  put_noise(stream, result, width);
}

void vqe_report_properties(FILE *stream, struct vqe_result *const *results,
                           size_t count, int width)
{
  size_t seen = 0;
  for (size_t k = 0; k < count; k++) {
    if (results[k]->nproperty == 0 || seen++ >= SPELT_OUT) {
      continue;
    }
    if (seen == 1) {
      vqe_text_wrap(stream,
                    vqe_result_property(results[k], "dipole") != NULL ||
                            vqe_result_property(results[k], "noise_energy") ==
                                NULL
                        ? "Properties of the final states; moments about the "
                          "centre of nuclear charge, quadrupoles traceless."
                        : "Properties of the final states.",
                    width, 2);
    }
    print_one(stream, results[k], width);
  }
  if (seen > SPELT_OUT) {
    fprintf(stream,
            "  properties of %zu more: --summary FILE, the result "
            "file\n",
            seen - SPELT_OUT);
  }
}
