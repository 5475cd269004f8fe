/* Text of FCIDUMP files:
 *
 *   &FCI NORB=  7,NELEC=10,MS2=0,
 *    ORBSYM=1,1,1,1,1,1,1,
 *    ISYM=1,
 *   &END                          (or "/"; the rest of the line is a comment)
 *     4.7445053209839800    1    1    1    1      (ij|kl)
 *    -32.702627200388       1    1    0    0      h_ij
 *     9.1895337629349       0    0    0    0      core energy
 *
 * A value with one index is an orbital energy of the writing program. What
 * follows "!" is a comment. */
#include "chem/fcidump_file.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "chem/env.h"
#include "chem/fcidump_symmetry.h"
#include "vqe/error.h"

#define WORD_SIZE 64
/* Values of one integral that differ by more are not one integral. */
#define SAME_VALUE 1e-7 /* hartree */

/* Orders in which an integral (ij|kl) was given. Real orbitals allow eight,
 * complex ones with real integrals only (ij|kl), (ji|lk), (kl|ij), (lk|ji). */
#define STRAIGHT 1 /* i > j and k > l, or both the other way round */
#define CROSSED 2  /* one of both */
#define RISING 4   /* of (ii|kl): k > l */
#define FALLING 8  /* of (ii|kl): k < l */

struct text {
  struct vqe_fcidump_file *file;
  const char *at;
  const char *end;
  size_t line;
  bool general;     /* IGENERAL */
  bool nelec_given; /* NELEC */
  int core_lines;
  size_t core_line;
  size_t none_electron; /* entries of h1e */
  char key[WORD_SIZE];
};

static int fail(const struct text *text, const char *reason, const char *word)
{
  VQE_ASSERT(text->file != NULL);
  return vqe_error_set(VQE_ERR_INPUT, "FCIDUMP '%.400s', line %zu: %s '%.32s'",
                       text->file->source, text->line, reason, word);
}

static int unsupported(const struct text *text, const char *reason)
{
  VQE_ASSERT(text->file != NULL);
  return vqe_error_set(VQE_ERR_UNSUPPORTED, "FCIDUMP '%.400s', line %zu: %s",
                       text->file->source, text->line, reason);
}

/* One of the characters that part words in Fortran's list-directed input. */
static bool is_gap(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == ',';
}

static void skip_line(struct text *text)
{
  while (text->at < text->end && *text->at != '\n') {
    text->at++;
  }
  if (text->at < text->end) {
    text->at++;
    text->line++;
  }
}

/* ---- header ---- */

/* Next item of the header: a word, "=", "/" or "" at the end of the file. */
static void header_item(struct text *text, char out[WORD_SIZE])
{
  size_t used = 0;
  while (text->at < text->end &&
         (is_gap(*text->at) || *text->at == '\n' || *text->at == '!')) {
    if (*text->at == '!' || *text->at == '\n') {
      skip_line(text);
    } else {
      text->at++;
    }
  }
  while (text->at < text->end && !is_gap(*text->at) && *text->at != '\n' &&
         *text->at != '!') {
    bool mark = *text->at == '=' || *text->at == '/';
    if (mark && used > 0) {
      break;
    }
    if (used + 1 < WORD_SIZE) {
      out[used++] = *text->at;
    }
    text->at++;
    if (mark) {
      break;
    }
  }
  out[used] = '\0';
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
         (word[0] >= '1' && word[0] <= '9');
}

/* "3*1" counts thrice */
static int add_orbsym(struct text *text, const char *value)
{
  struct vqe_fcidump_file *file = text->file;
  char copy[WORD_SIZE];
  int repeat = 1;
  VQE_ASSERT(file != NULL);
  int irrep = 0;
  snprintf(copy, sizeof copy, "%s", value);
  char *star = strchr(copy, '*');
  if (star != NULL) {
    *star = '\0';
  }
  if ((star != NULL && !parse_int(&repeat, copy)) ||
      !parse_int(&irrep, star == NULL ? copy : star + 1)) {
    return fail(text, "not an integer in ORBSYM:", value);
  }
  for (int k = 0; k < repeat && file->nsym < VQE_FCIDUMP_MAX_ORBITALS; k++) {
    file->orbsym[file->nsym++] = irrep;
  }
  return VQE_OK;
}

/* Keys by which files say that they hold something else. */
static int check_kind(struct text *text, const char *value)
{
  const char *key = text->key;
  if ((strcasecmp(key, "IUHF") == 0 || strcasecmp(key, "UHF") == 0) &&
      is_true(value)) {
    return unsupported(text, "integrals of an unrestricted reference (UHF) "
                             "are not supported; write them from RHF or ROHF "
                             "orbitals");
  }
  if ((strcasecmp(key, "TREL") == 0 || strcasecmp(key, "REL") == 0) &&
      is_true(value)) {
    return unsupported(text, "integrals over relativistic spinors are not "
                             "supported; write them over real orbitals");
  }
  if (strcasecmp(key, "IGENERAL") == 0 && is_true(value)) {
    return unsupported(text, "IGENERAL: integrals of less than eightfold "
                             "symmetry (complex orbitals, Lz) are not "
                             "supported; write them over real orbitals");
  }
  int lz = 0;
  if (strcasecmp(key, "SYMLZ") == 0 && parse_int(&lz, value) && lz != 0 &&
      lz > -1000) {
    return unsupported(text, "SYMLZ: integrals over complex orbitals of sharp "
                             "Lz have fourfold symmetry alone and are not "
                             "supported; write them over real orbitals (pi_x "
                             "and pi_y, no Lz)");
  }
  return VQE_OK;
}

/* Take over one value; keys that do not matter are ignored. */
static int header_value(struct text *text, const char *value, int position)
{
  struct vqe_fcidump_file *file = text->file;
  const char *key = text->key;
  int *place = strcasecmp(key, "NORB") == 0    ? &file->norb
               : strcasecmp(key, "NELEC") == 0 ? &file->nelec
               : strcasecmp(key, "MS2") == 0   ? &file->ms2
               : strcasecmp(key, "ISYM") == 0  ? &file->isym
                                               : NULL;
  if (place != NULL && position == 0) {
    text->nelec_given = text->nelec_given || place == &file->nelec;
    return parse_int(place, value)
               ? VQE_OK
               : fail(text, "not an integer in the header:", value);
  }
  if (strcasecmp(key, "ORBSYM") == 0) {
    return add_orbsym(text, value);
  }
  return check_kind(text, value);
}

/* Is the next character but gaps a "="? The word before it is a key then. */
static bool before_equals(const struct text *text)
{
  const char *at = text->at;
  while (at < text->end && (is_gap(*at) || *at == '\n')) {
    at++;
  }
  return at < text->end && *at == '=';
}

static int read_header(struct text *text)
{
  char item[WORD_SIZE];
  int position = 0;
  header_item(text, item);
  if (strcasecmp(item, "&FCI") != 0 && strcasecmp(item, "$FCI") != 0) {
    return fail(text, "a header that starts with &FCI is expected, not", item);
  }
  int status = VQE_OK;
  header_item(text, item);
  while (status == VQE_OK && item[0] != '\0' && !is_end(item)) {
    if (before_equals(text)) {
      snprintf(text->key, sizeof text->key, "%s", item);
      position = 0;
    } else if (strcmp(item, "=") != 0 && text->key[0] != '\0') {
      status = header_value(text, item, position++);
    }
    if (status == VQE_OK) {
      header_item(text, item);
    }
  }
  if (status == VQE_OK && item[0] == '\0') {
    return fail(text, "the header does not end with &END or", "/");
  }
  skip_line(text); /* what follows the end is a comment */
  return status;
}

static int check_header(const struct text *text)
{
  const struct vqe_fcidump_file *file = text->file;
  if (file->norb < 1) {
    return fail(text, "the header has no positive", "NORB");
  }
  if (file->norb > VQE_FCIDUMP_MAX_ORBITALS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "FCIDUMP '%.400s': NORB=%d, files of up to %d "
                         "orbitals are supported; write fewer",
                         file->source, file->norb, VQE_FCIDUMP_MAX_ORBITALS);
  }
  if (!text->nelec_given) {
    return fail(text, "the header has no", "NELEC");
  }
  if (file->nelec < 0 || file->ms2 < 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "FCIDUMP '%.400s': %s=%d is negative; it is the "
                         "number of %s",
                         file->source, file->nelec < 0 ? "NELEC" : "MS2",
                         file->nelec < 0 ? file->nelec : file->ms2,
                         file->nelec < 0 ? "electrons"
                                         : "unpaired electrons (2S)");
  }
  if (file->ms2 > file->nelec || (file->nelec - file->ms2) % 2 != 0 ||
      (file->nelec + file->ms2) / 2 > file->norb) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "FCIDUMP '%.400s': NELEC=%d and MS2=%d do not go "
                         "together, or not with NORB=%d",
                         file->source, file->nelec, file->ms2, file->norb);
  }
  return VQE_OK;
}

/* ---- integrals ---- */

/* Next word of the current line; "" at its end. */
static void body_word(struct text *text, char out[WORD_SIZE])
{
  size_t used = 0;
  while (text->at < text->end && is_gap(*text->at)) {
    text->at++;
  }
  while (text->at < text->end && *text->at != '\n' && *text->at != '!' &&
         !is_gap(*text->at)) {
    if (used + 1 < WORD_SIZE) {
      out[used++] = *text->at;
    }
    text->at++;
  }
  out[used] = '\0';
}

/* A number as Fortran writes it: "1.0D-05", "0.1E+01", and "0.1-105", whose
 * exponent has no room for its letter. */
static bool parse_real(double *out, const char *word)
{
  char copy[2 * WORD_SIZE];
  size_t used = 0;
  for (const char *c = word; *c != '\0'; c++) {
    if ((*c == '+' || *c == '-') && c > word &&
        (isdigit((unsigned char)c[-1]) || c[-1] == '.')) {
      copy[used++] = 'e';
    }
    bool exponent = *c == 'D' || *c == 'd';
    copy[used] = *c;
    if (exponent) {
      copy[used] = 'e';
    }
    used++;
  }
  copy[used] = '\0';
  char *end;
  *out = strtod(copy, &end);
  return end != copy && *end == '\0' && isfinite(*out);
}

static int parse_value(double *out, struct text *text, const char *word)
{
  if (word[0] == '(') {
    return unsupported(text, "complex integrals are not supported; write them "
                             "over real orbitals");
  }
  return parse_real(out, word) ? VQE_OK
                               : fail(text, "not a finite number:", word);
}

/* Set an element that may have been set before. */
static int set(struct text *text, double *element, double *mirror,
               uint32_t *line, double value)
{
  if (*line != 0 &&
      fabs(*element - value) > SAME_VALUE * fmax(1.0, fabs(value))) {
    return vqe_error_set(
        VQE_ERR_UNSUPPORTED,
        "FCIDUMP '%.400s', lines %u and %zu give %.10g and %.10g for one "
        "integral of real orbitals; integrals of an unrestricted reference "
        "(UHF) or over complex orbitals are not supported",
        text->file->source, *line, text->line, *element, value);
  }
  if (*line == 0) {
    *element = value;
    *mirror = value;
    *line = (uint32_t)text->line;
  }
  return VQE_OK;
}

static uint8_t order_of(int i, int j, int k, int l)
{
  if (i == j && k == l) {
    return 0;
  }
  if (i == j || k == l) {
    return i + k > j + l ? RISING : FALLING;
  }
  return (i > j) == (k > l) ? STRAIGHT : CROSSED;
}

static int store_two(struct text *text, double value, const int index[4])
{
  struct vqe_fcidump_file *file = text->file;
  size_t n = (size_t)file->norb;
  size_t npair = n * (n + 1) / 2;
  size_t ij = vqe_pair((size_t)index[0] - 1, (size_t)index[1] - 1);
  size_t kl = vqe_pair((size_t)index[2] - 1, (size_t)index[3] - 1);
  size_t place = ij > kl ? ij * npair + kl : kl * npair + ij;
  file->eri_orders[place] |= order_of(index[0], index[1], index[2], index[3]);
  return set(text, &file->eri[ij * npair + kl], &file->eri[kl * npair + ij],
             &file->eri_lines[place], value);
}

static int store_core(struct text *text, double value)
{
  double before = text->file->core;
  text->core_lines++;
  if (text->core_lines == 1) {
    text->core_line = text->line;
    text->file->core = value;
    return VQE_OK;
  }
  if (fabs(before - value) <= SAME_VALUE * fmax(1.0, fabs(value))) {
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_UNSUPPORTED,
                       "FCIDUMP '%.400s', lines %zu and %zu give %.10g and "
                       "%.10g for the core energy (0 0 0 0); the sections of "
                       "an unrestricted reference (UHF), which is not "
                       "supported, are parted so",
                       text->file->source, text->core_line, text->line, before,
                       value);
}

static int store(struct text *text, double value, const int index[4])
{
  struct vqe_fcidump_file *file = text->file;
  for (int k = 0; k < 4; k++) {
    if (index[k] < 0 || index[k] > file->norb) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "FCIDUMP '%.400s', line %zu: index %d is not "
                           "between 0 and NORB=%d",
                           file->source, text->line, index[k], file->norb);
    }
  }
  bool given[4] = {index[0] > 0, index[1] > 0, index[2] > 0, index[3] > 0};
  if (given[0] && given[1] && given[2] && given[3]) {
    return store_two(text, value, index);
  }
  if (given[0] && given[1] && !given[2] && !given[3]) {
    size_t n = (size_t)file->norb;
    size_t i = (size_t)index[0] - 1;
    size_t j = (size_t)index[1] - 1;
    text->none_electron++;
    return set(text, &file->h1e[i * n + j], &file->h1e[j * n + i],
               &file->h1e_lines[vqe_pair(i, j)], value);
  }
  if (!given[0] && !given[1] && !given[2] && !given[3]) {
    return store_core(text, value);
  }
  if (given[0] && !given[1] && !given[2] && !given[3]) {
    return VQE_OK; /* an orbital energy */
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "FCIDUMP '%.400s', line %zu: the indices %d %d %d %d "
                       "name no integral",
                       file->source, text->line, index[0], index[1], index[2],
                       index[3]);
}

/* The words of one line; `count` of them, six at most. */
static int store_words(struct text *text, char words[6][WORD_SIZE], int count)
{
  double value = 0.0;
  double imaginary;
  int index[4];
  int status = parse_value(&value, text, words[0]);
  if (status != VQE_OK) {
    return status;
  }
  if (count == 6 && !parse_int(&index[0], words[1]) &&
      parse_real(&imaginary, words[1])) {
    return unsupported(text, "two numbers before the indices: complex "
                             "integrals are not supported; write them over "
                             "real orbitals");
  }
  if (count < 5 && text->at == text->end) {
    return fail(text,
                "a value and four indices are expected; the file is "
                "truncated after",
                words[count - 1]);
  }
  for (int k = 0; k < 4; k++) {
    if (k + 1 >= count || !parse_int(&index[k], words[k + 1])) {
      return fail(text, "a value and four indices are expected, not",
                  k + 1 < count ? words[k + 1] : "");
    }
  }
  if (count > 5) {
    return fail(text, "more than four indices:", words[5]);
  }
  return store(text, value, index);
}

static int read_body(struct text *text)
{
  int status = VQE_OK;
  while (status == VQE_OK && text->at < text->end) {
    char words[6][WORD_SIZE];
    int count = 0;
    body_word(text, words[0]);
    while (count < 5 && words[count][0] != '\0') {
      body_word(text, words[++count]);
    }
    count += words[count][0] != '\0';
    if (count > 0) {
      status = store_words(text, words, count);
    }
    if (status == VQE_OK) {
      skip_line(text);
    }
  }
  return status;
}

/* A file that is cut at the end of a line has lost its last ones, which are
 * the one-electron integrals and the core energy. */
static int check_complete(const struct text *text)
{
  if (text->none_electron == 0 || text->core_lines == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "FCIDUMP '%.400s' ends at line %zu without %s; if "
                         "it is not truncated, add a line '0.0 %s'",
                         text->file->source, text->line,
                         text->none_electron == 0
                             ? "one-electron integrals (i j 0 0)"
                             : "a core energy (0 0 0 0)",
                         text->none_electron == 0 ? "1 1 0 0" : "0 0 0 0");
  }
  return VQE_OK;
}

/* A file that gives both orders of some integrals means zero where it gives
 * one order alone, and then the two differ. */
static int check_orders(const struct text *text)
{
  const struct vqe_fcidump_file *file = text->file;
  size_t n = (size_t)file->norb;
  size_t npair = n * (n + 1) / 2;
  size_t both = 0;
  size_t one = 0;
  bool crossed = false;
  for (size_t k = 0; k < npair * npair; k++) {
    int orders = file->eri_orders[k];
    both += (orders & RISING) != 0 && (orders & FALLING) != 0;
    one += ((orders & RISING) != 0) != ((orders & FALLING) != 0);
    crossed = crossed || (orders & (STRAIGHT | CROSSED)) == 3;
  }
  if (!crossed && both <= one) {
    return VQE_OK;
  }
  for (size_t k = 0; k < npair * npair; k++) {
    int orders = file->eri_orders[k] & (STRAIGHT | CROSSED);
    if ((orders == STRAIGHT || orders == CROSSED) &&
        fabs(file->eri[k]) > SAME_VALUE) {
      return vqe_error_set(
          VQE_ERR_UNSUPPORTED,
          "FCIDUMP '%.400s', line %u: (ij|kl) is given and (ji|kl) is not, in "
          "a file that gives both where they are equal; integrals of less "
          "than eightfold symmetry (complex orbitals, Lz) are not supported",
          file->source, file->eri_lines[k]);
    }
  }
  return VQE_OK;
}

static int allocate(struct vqe_fcidump_file *file)
{
  size_t n = (size_t)file->norb;
  size_t npair = n * (n + 1) / 2;
  struct {
    void *at;
    size_t count, size;
  } arrays[] = {{&file->h1e, n * n, sizeof(double)},
                {&file->eri, npair * npair, sizeof(double)},
                {&file->h1e_lines, npair, sizeof(uint32_t)},
                {&file->eri_lines, npair * npair, sizeof(uint32_t)},
                {&file->eri_orders, npair * npair, 1}};
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < sizeof arrays / sizeof arrays[0];
       k++) {
    status = vqe_memory_alloc(arrays[k].at, arrays[k].count, arrays[k].size,
                              "integrals of an FCIDUMP");
  }
  return status;
}

int vqe_fcidump_scan(struct vqe_fcidump_file *out, const char *content,
                     size_t size, const char *source)
{
  *out = (struct vqe_fcidump_file){.source = source, .norb = -1};
  struct text text = {
      .file = out, .at = content, .end = content + size, .line = 1};
  if (size >= 2 && (memcmp(content, "\xff\xfe", 2) == 0 ||
                    memcmp(content, "\xfe\xff", 2) == 0)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "FCIDUMP '%.400s' is UTF-16 text; save it as UTF-8",
                         source);
  }
  if (size >= 3 && memcmp(content, "\xef\xbb\xbf", 3) == 0) {
    text.at += 3;
  }
  int status = read_header(&text);
  if (status == VQE_OK) {
    status = check_header(&text);
  }
  if (status == VQE_OK) {
    status = allocate(out);
  }
  if (status == VQE_OK) {
    status = read_body(&text);
  }
  if (status == VQE_OK) {
    status = check_orders(&text);
  }
  if (status == VQE_OK) {
    status = check_complete(&text);
  }
  return status == VQE_OK ? vqe_fcidump_check_irreps(out) : status;
}

void vqe_fcidump_clear(struct vqe_fcidump_file *file)
{
  free(file->h1e);
  free(file->eri);
  free(file->h1e_lines);
  free(file->eri_lines);
  free(file->eri_orders);
}
