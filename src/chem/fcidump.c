/* Reader of FCIDUMP files:
 *
 *   &FCI NORB=  7,NELEC=10,MS2=0,
 *    ORBSYM=1,1,1,1,1,1,1,
 *    ISYM=1,
 *   &END                          (or "/")
 *     4.7445053209839800    1    1    1    1      (ij|kl)
 *    -32.702627200388       1    1    0    0      h_ij
 *     9.1895337629349       0    0    0    0      core energy
 *
 * A value with one index is an orbital energy of the writing program. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/struct_size.h"
#include "chem/env.h"
#include "chem/integrals_new.h"
#include "chem/reference.h"
#include "chem/space.h"
#include "vqe/chem.h"

#define MAX_FILE ((size_t)1 << 30) /* bytes */
#define MAX_ORBITALS 64   /* of the file; the active space holds fewer */
#define MAX_COUPLING 1e-6 /* hartree, of canonical orbitals */
#define WORD_SIZE 64

struct dump {
  const char *text;
  size_t size;
  size_t at;
  size_t line;
  const char *source;
  int norb;
  int nelec;
  int ms2;
  double core;
  double *h1e; /* norb x norb */
  double *eri; /* packed pairs, both triangles */
};

/* One of the characters that part words in Fortran's list-directed input. */
static bool is_gap(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == ',';
}

/* Next byte, or -1 at the end; counts lines. */
static int next_byte(struct dump *dump)
{
  if (dump->at >= dump->size) {
    return -1;
  }
  char c = dump->text[dump->at++];
  if (c == '\n') {
    dump->line++;
  }
  return (unsigned char)c;
}

static int fail(const struct dump *dump, const char *reason, const char *word)
{
  return vqe_error_set(VQE_ERR_INPUT, "FCIDUMP '%.400s', line %zu: %s '%.32s'",
                       dump->source, dump->line, reason, word);
}

/* Next item of the header: a word, "=", "/" or "" at the end of the file. */
static void header_item(struct dump *dump, char out[WORD_SIZE])
{
  size_t used = 0;
  out[0] = '\0';
  for (;;) {
    size_t before = dump->at;
    size_t line = dump->line;
    int c = next_byte(dump);
    bool gap = c < 0 || c == '\n' || is_gap((char)c);
    bool mark = c == '=' || c == '/';
    if (c < 0 && used == 0) {
      return;
    }
    if (used == 0 && gap) {
      continue;
    }
    if (used > 0 && (gap || mark)) {
      if (c >= 0) {
        dump->at = before;
        dump->line = line;
      }
      return;
    }
    if (used + 1 < WORD_SIZE) {
      out[used++] = (char)c;
      out[used] = '\0';
    }
    if (mark) {
      return;
    }
  }
}

static bool is_end(const char *item)
{
  return strcmp(item, "/") == 0 || strcasecmp(item, "&end") == 0 ||
         strcasecmp(item, "$end") == 0;
}

static bool parse_int(int *out, const char *word)
{
  char *end;
  long value = strtol(word, &end, 10);
  if (end == word || *end != '\0' || value < -1000000 || value > 1000000) {
    return false;
  }
  *out = (int)value;
  return true;
}

static bool is_true(const char *word)
{
  return word[strspn(word, ".")] == 't' || word[strspn(word, ".")] == 'T' ||
         word[0] == '1';
}

/* Take over one key of the namelist; those that do not matter are ignored. */
static int header_key(struct dump *dump, const char *key, const char *value)
{
  int *place = strcasecmp(key, "NORB") == 0    ? &dump->norb
               : strcasecmp(key, "NELEC") == 0 ? &dump->nelec
               : strcasecmp(key, "MS2") == 0   ? &dump->ms2
                                               : NULL;
  if (place != NULL && !parse_int(place, value)) {
    return fail(dump, "not an integer in the header:", value);
  }
  if ((strcasecmp(key, "IUHF") == 0 || strcasecmp(key, "UHF") == 0) &&
      is_true(value)) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "FCIDUMP '%.400s', line %zu: integrals of an "
                         "unrestricted reference (%s) are not supported; "
                         "write them from RHF or ROHF orbitals",
                         dump->source, dump->line, key);
  }
  return VQE_OK;
}

static int read_header(struct dump *dump)
{
  char item[WORD_SIZE];
  char last[WORD_SIZE] = "";
  char key[WORD_SIZE] = "";
  header_item(dump, item);
  if (strcasecmp(item, "&FCI") != 0 && strcasecmp(item, "$FCI") != 0) {
    return fail(dump, "a header that starts with &FCI is expected, not", item);
  }
  for (;;) {
    header_item(dump, item);
    if (item[0] == '\0') {
      return fail(dump, "the header does not end with &END or", "/");
    }
    if (is_end(item)) {
      break;
    }
    if (strcmp(item, "=") == 0) {
      snprintf(key, sizeof key, "%s", last);
      continue;
    }
    snprintf(last, sizeof last, "%s", item);
    if (key[0] != '\0') {
      int status = header_key(dump, key, item);
      if (status != VQE_OK) {
        return status;
      }
      key[0] = '\0'; /* the rest of a list does not matter */
    }
  }
  return VQE_OK;
}

static int check_header(const struct dump *dump)
{
  if (dump->norb < 1) {
    return fail(dump, "the header has no positive", "NORB");
  }
  if (dump->norb > MAX_ORBITALS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "FCIDUMP '%.400s': NORB=%d, files of up to %d "
                         "orbitals are supported; write fewer",
                         dump->source, dump->norb, MAX_ORBITALS);
  }
  if (dump->nelec < 0) {
    return fail(dump, "the header has no", "NELEC");
  }
  if (dump->ms2 < 0 || dump->ms2 > dump->nelec ||
      (dump->nelec - dump->ms2) % 2 != 0 ||
      (dump->nelec + dump->ms2) / 2 > dump->norb) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "FCIDUMP '%.400s': NELEC=%d and MS2=%d do not go "
                         "together, or not with NORB=%d",
                         dump->source, dump->nelec, dump->ms2, dump->norb);
  }
  return VQE_OK;
}

/* Next word of the current line; "" at its end. */
static void body_word(struct dump *dump, char out[WORD_SIZE])
{
  size_t used = 0;
  while (dump->at < dump->size && is_gap(dump->text[dump->at])) {
    dump->at++;
  }
  while (dump->at < dump->size && dump->text[dump->at] != '\n' &&
         !is_gap(dump->text[dump->at])) {
    if (used + 1 < WORD_SIZE) {
      out[used++] = dump->text[dump->at];
    }
    dump->at++;
  }
  out[used] = '\0';
}

static int parse_value(double *out, struct dump *dump, char *word)
{
  char *end;
  if (word[0] == '(') {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "FCIDUMP '%.400s', line %zu: complex integrals are "
                         "not supported",
                         dump->source, dump->line);
  }
  for (char *c = word; *c != '\0'; c++) {
    if (*c == 'D' || *c == 'd') {
      *c = 'e';
    }
  }
  *out = strtod(word, &end);
  if (end == word || *end != '\0' || !isfinite(*out)) {
    return fail(dump, "not a finite number:", word);
  }
  return VQE_OK;
}

static int store(struct dump *dump, double value, const int index[4])
{
  int norb = dump->norb;
  size_t npair = (size_t)norb * (size_t)(norb + 1) / 2;
  for (int k = 0; k < 4; k++) {
    if (index[k] < 0 || index[k] > norb) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "FCIDUMP '%.400s', line %zu: index %d is not "
                           "between 0 and NORB=%d",
                           dump->source, dump->line, index[k], norb);
    }
  }
  int i = index[0] - 1;
  int j = index[1] - 1;
  int k = index[2] - 1;
  int l = index[3] - 1;
  if (i >= 0 && j >= 0 && k >= 0 && l >= 0) {
    size_t ij = vqe_pair((size_t)i, (size_t)j);
    size_t kl = vqe_pair((size_t)k, (size_t)l);
    dump->eri[ij * npair + kl] = value;
    dump->eri[kl * npair + ij] = value;
  } else if (i >= 0 && j >= 0 && k < 0 && l < 0) {
    dump->h1e[i * norb + j] = value;
    dump->h1e[j * norb + i] = value;
  } else if (i < 0 && j < 0 && k < 0 && l < 0) {
    dump->core = value;
  } else if (!(i >= 0 && j < 0 && k < 0 && l < 0)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "FCIDUMP '%.400s', line %zu: the indices %d %d %d "
                         "%d name no integral",
                         dump->source, dump->line, index[0], index[1],
                         index[2], index[3]);
  }
  return VQE_OK;
}

static int read_body(struct dump *dump)
{
  char word[WORD_SIZE];
  while (dump->at < dump->size) {
    double value = 0.0;
    int index[4];
    body_word(dump, word);
    if (word[0] != '\0') {
      int status = parse_value(&value, dump, word);
      if (status != VQE_OK) {
        return status;
      }
      for (int k = 0; k < 4; k++) {
        body_word(dump, word);
        if (!parse_int(&index[k], word)) {
          return fail(dump, "a value and four indices are expected, not",
                      word);
        }
      }
      body_word(dump, word);
      if (word[0] != '\0') {
        return fail(dump, "more than four indices:", word);
      }
      status = store(dump, value, index);
      if (status != VQE_OK) {
        return status;
      }
    }
    (void)next_byte(dump); /* the end of the line */
  }
  return VQE_OK;
}

/* Mean field and energy of the frozen orbitals, then the active integrals. */
static void fill(struct vqe_integrals *out, const struct dump *dump,
                 const struct vqe_space *space)
{
  int n = dump->norb;
  int first = space->nfrozen;
  VQE_ASSERT(first >= 0 && first + space->norb <= n &&
             out->norb == space->norb);
  size_t npair_all = (size_t)n * (size_t)(n + 1) / 2;
  size_t npair = (size_t)space->norb * (size_t)(space->norb + 1) / 2;
  const double *eri = dump->eri;
#define ERI(p, q, r, s)                                                       \
  eri[vqe_pair((size_t)(p), (size_t)(q)) * npair_all +                        \
      vqe_pair((size_t)(r), (size_t)(s))]
  for (int i = 0; i < first; i++) {
    out->e_core += 2.0 * dump->h1e[i * n + i];
    for (int j = 0; j < first; j++) {
      out->e_core += 2.0 * ERI(i, i, j, j) - ERI(i, j, j, i);
    }
  }
  for (int p = 0; p < space->norb; p++) {
    for (int q = 0; q < space->norb; q++) {
      double value = dump->h1e[(first + p) * n + first + q];
      for (int i = 0; i < first; i++) {
        value += 2.0 * ERI(first + p, first + q, i, i) -
                 ERI(first + p, i, i, first + q);
      }
      out->h1e[p * space->norb + q] = value;
    }
  }
  for (int p = 0; p < space->norb; p++) {
    for (int q = 0; q <= p; q++) {
      double *row = out->eri + vqe_pair((size_t)p, (size_t)q) * npair;
      for (int r = 0; r < space->norb; r++) {
        for (int s = 0; s <= r; s++) {
          row[vqe_pair((size_t)r, (size_t)s)] =
              ERI(first + p, first + q, first + r, first + s);
        }
      }
    }
  }
#undef ERI
}

static int finish(struct vqe_integrals **result, const struct dump *dump,
                  const struct vqe_chem_options *options)
{
  struct vqe_integrals *out = NULL;
  struct vqe_space space;
  char where[512];
  double coupling;
  int nalpha = (dump->nelec + dump->ms2) / 2;
  snprintf(where, sizeof where, "FCIDUMP '%.400s'", dump->source);
  int status = vqe_space_resolve(&space, options, dump->norb, nalpha,
                                 dump->nelec - nalpha, -1, where);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_integrals_new(&out, space.norb, false);
  if (status != VQE_OK) {
    return status;
  }
  out->nalpha = space.nalpha;
  out->nbeta = space.nbeta;
  out->nfrozen = space.nfrozen;
  out->nuclear_repulsion = dump->core;
  snprintf(out->method, sizeof out->method, "FCIDUMP");
  fill(out, dump, &space);
  if (options->keep_all) {
    struct vqe_space all = {0, dump->norb, nalpha, dump->nelec - nalpha};
    status = vqe_integrals_new(&out->whole, dump->norb, false);
    if (status != VQE_OK) {
      vqe_integrals_free(out);
      return status;
    }
    out->whole->nalpha = all.nalpha;
    out->whole->nbeta = all.nbeta;
    fill(out->whole, dump, &all);
  }
  out->hf_energy = vqe_reference_energy(out);
  vqe_reference_fock(out->orbital_energies, &coupling, out);
  if (!isfinite(out->hf_energy) || !isfinite(coupling)) {
    vqe_integrals_free(out);
    return vqe_error_set(
        VQE_ERR_INPUT, "%s: the integrals are too large for an energy", where);
  }
  if (coupling <= MAX_COUPLING) {
    vqe_reference_mp2(out);
  } else if (out->nalpha == out->nbeta) {
    char text[96];
    snprintf(text, sizeof text,
             "no MP2: the Fock matrix is off-diagonal by %.1e hartree",
             coupling);
    vqe_reference_note(out, text);
  }
  *result = out;
  return VQE_OK;
}

int vqe_fcidump_parse(struct vqe_integrals **out, const char *text,
                      size_t size, const char *source,
                      const struct vqe_chem_options *options)
{
  struct dump dump = {.text = text,
                      .size = size,
                      .line = 1,
                      .source = source,
                      .norb = -1,
                      .nelec = -1};
  int status = vqe_struct_size_check("vqe_chem_options", options->size,
                                     sizeof *options);
  if (status == VQE_OK) {
    status = read_header(&dump);
  }
  if (status == VQE_OK) {
    status = check_header(&dump);
  }
  if (status != VQE_OK) {
    return status;
  }
  size_t n = (size_t)dump.norb;
  size_t npair = n * (n + 1) / 2;
  status = vqe_memory_alloc(&dump.h1e, n * n, sizeof(double),
                            "one-electron integrals of an FCIDUMP");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&dump.eri, npair * npair, sizeof(double),
                              "two-electron integrals of an FCIDUMP");
  }
  if (status == VQE_OK) {
    status = read_body(&dump);
  }
  if (status == VQE_OK) {
    status = finish(out, &dump, options);
  }
  free(dump.h1e);
  free(dump.eri);
  return status;
}

int vqe_fcidump_read(struct vqe_integrals **out, const char *path,
                     const struct vqe_chem_options *options)
{
  char *text = NULL;
  size_t size = 0;
  int status = vqe_file_read(&text, &size, path, MAX_FILE);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_fcidump_parse(out, text, size, path, options);
  free(text);
  return status;
}
