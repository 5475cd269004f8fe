#include "job/job_scan_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "vqe/molecule.h"

#define OPTION "option --scan"
#define EXAMPLE "'N2 0.9:2.5:0.1' or 'H2O 0-1 0.8,1.0,1.2'"
#define MOST_WORDS 3

/* ---- words of a part ---- */

struct words {
  int count;
  char text[MOST_WORDS][80];
};

/* The part at *at, which is behind it afterwards; NULL at the end. */
static int next_part(struct words *out, const char **at)
{
  size_t length = strcspn(*at, ";");
  const char *end = *at + length;
  const char *p = *at;
  out->count = 0;
  while (p < end) {
    size_t space = strspn(p, " \t\n");
    if (p + space >= end) {
      break;
    }
    p += space;
    size_t word = strcspn(p, " \t\n;");
    if (out->count == MOST_WORDS || word >= sizeof out->text[0]) {
      return vqe_error_set(VQE_ERR_INPUT,
                           OPTION ": '%.*s' is not [MOLECULE] [ATOMS] VALUES, "
                                  "as in " EXAMPLE,
                           (int)length, *at);
    }
    memcpy(out->text[out->count], p, word);
    out->text[out->count++][word] = '\0';
    p += word;
  }
  *at = *end == ';' ? end + 1 : NULL;
  return VQE_OK;
}

/* Numbers between dashes, two at least. */
static bool is_atoms(const char *word)
{
  int count = 0;
  const char *at = word;
  while (isdigit((unsigned char)*at)) {
    at += strspn(at, "0123456789");
    count++;
    if (*at == '\0') {
      return count >= 2;
    }
    if (*at != '-') {
      return false;
    }
    at++;
  }
  return false;
}

/* ---- atoms and values ---- */

static int put_atoms(json_t *part, const char *word)
{
  static const char *const keys[] = {"bond", "angle", "torsion"};
  json_t *list = json_array();
  const char *at = word;
  for (;;) {
    char *end;
    json_array_append_new(list, json_integer(strtol(at, &end, 10)));
    if (*end == '\0') {
      break;
    }
    at = end + 1;
  }
  size_t count = json_array_size(list);
  if (count > 4) {
    json_decref(list);
    return vqe_error_set(VQE_ERR_INPUT,
                         OPTION ": '%s' are %zu atoms: two are a bond, three "
                                "an angle, four a torsion",
                         word, count);
  }
  return json_object_set_new(part, keys[count - 2], list) == 0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_MEMORY, "no memory for a scan");
}

static int refuse_values(const char *word)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       OPTION ": '%s' is not FIRST:LAST:STEP or numbers "
                              "between commas, as in " EXAMPLE,
                       word);
}

static int put_values(json_t *part, const char *word)
{
  static const char *const keys[] = {"from", "to", "step"};
  bool range = strchr(word, ':') != NULL;
  json_t *list = json_array();
  const char *at = word;
  size_t count = 0;
  int failed = range ? 0 : json_object_set_new(part, "values", list);
  if (range) {
    json_decref(list);
  }
  for (;;) {
    char *end;
    double number = strtod(at, &end);
    if (failed || end == at || !isfinite(number) || (range && count == 3) ||
        (*end != '\0' && *end != (range ? ':' : ','))) {
      return refuse_values(word);
    }
    failed = range ? json_object_set_new(part, keys[count], json_real(number))
                   : json_array_append_new(list, json_real(number));
    count++;
    if (*end == '\0') {
      break;
    }
    at = end + 1;
  }
  return range && count != 3 ? refuse_values(word) : VQE_OK;
}

/* A part as an item of the key; *name points into `words`, or is NULL. */
static int read_part(json_t **out, const char **name,
                     const struct words *words)
{
  json_t *part = json_object();
  int k = 0;
  int status = VQE_OK;
  *name = NULL;
  if (words->count == 0) {
    status = refuse_values("");
  }
  /* a first word of three is a name, whatever it looks like */
  if (status == VQE_OK && words->count > 1 &&
      (words->count == MOST_WORDS || !is_atoms(words->text[0]))) {
    *name = words->text[k++];
    json_object_set_new(part, "molecule", json_string(*name));
  }
  if (status == VQE_OK && k + 1 < words->count) {
    status =
        is_atoms(words->text[k])
            ? put_atoms(part, words->text[k])
            : vqe_error_set(VQE_ERR_INPUT,
                            OPTION ": '%s' are no atoms, as in 0-1, 1-0-2 "
                                   "or 2-0-1-3",
                            words->text[k]);
    k++;
  } else if (status == VQE_OK) {
    status = put_atoms(part, "0-1");
  }
  if (status == VQE_OK) {
    status = put_values(part, words->text[k]);
  }
  if (status != VQE_OK) {
    json_decref(part);
    return status;
  }
  *out = part;
  return VQE_OK;
}

int vqe_job_scan_parse(json_t **out, const char *text)
{
  json_t *list = json_array();
  const char *at = text;
  char earlier[80] = "";
  int status = VQE_OK;
  while (status == VQE_OK && at != NULL) {
    struct words words;
    const char *name;
    json_t *part = NULL;
    status = next_part(&words, &at);
    if (status == VQE_OK) {
      status = read_part(&part, &name, &words);
    }
    if (status == VQE_OK && name != NULL) {
      snprintf(earlier, sizeof earlier, "%s", name);
    } else if (status == VQE_OK && earlier[0] != '\0') {
      /* a further coordinate of the same molecule */
      json_object_set_new(part, "molecule", json_string(earlier));
    }
    if (status == VQE_OK && json_array_append_new(list, part) != 0) {
      status = vqe_error_set(VQE_ERR_INPUT, OPTION ": '%s' is not valid UTF-8",
                             text);
    }
  }
  if (status != VQE_OK) {
    json_decref(list);
    return status;
  }
  *out = list;
  return VQE_OK;
}

/* ---- molecules by formula ---- */

/* The element at *at, the longest symbol that fits. */
static int element_at(const char **at)
{
  char symbol[3] = {0};
  int z = 0;
  if (!isupper((unsigned char)**at)) {
    return 0;
  }
  symbol[0] = **at;
  if (islower((unsigned char)(*at)[1])) {
    symbol[1] = (*at)[1];
    z = vqe_element_z(symbol);
  } else {
    z = vqe_element_z(symbol);
  }
  *at += strlen(symbol);
  return z;
}

/* Multiplicity of the ground state where it is not the lowest that the
 * electrons allow: Huber, Herzberg, Constants of Diatomic Molecules (1979). */
static int multiplicity_of(const char *formula, int electrons)
{
  static const char *const triplets[] = {"B2", "O2", "S2", "Si2", "NH",
                                         "PH", "SO", "NF", "OH+"};
  for (size_t k = 0; k < sizeof triplets / sizeof triplets[0]; k++) {
    if (strcmp(formula, triplets[k]) == 0 && electrons % 2 == 0) {
      return 3;
    }
  }
  return electrons % 2 != 0 ? 2 : 1;
}

/* "N2", "LiH", "HeH+", "C2-2"; a charge by option goes over that. */
static int molecule_of(json_t **out, const char *formula,
                       const struct vqe_molecule_given *given)
{
  const char *at = formula;
  int z[2] = {element_at(&at), 0};
  int charge = 0;
  if (z[0] > 0 && *at == '2' && !isdigit((unsigned char)at[1])) {
    z[1] = z[0];
    at++;
  } else if (z[0] > 0) {
    z[1] = element_at(&at);
  }
  if (*at == '+' || *at == '-') {
    int sign = *at == '+' ? 1 : -1;
    at++;
    charge = sign;
    if (isdigit((unsigned char)*at)) {
      charge = sign * (*at - '0');
      at++;
    }
  }
  if (z[0] == 0 || z[1] == 0 || *at != '\0') {
    return vqe_error_set(VQE_ERR_INPUT,
                         OPTION
                         ": '%s' is no molecule of two atoms (N2, LiH, "
                         "HeH+): give a job or molecule file that has it",
                         formula);
  }
  charge = given->has_charge ? given->charge : charge;
  int electrons = z[0] + z[1] - charge;
  *out = json_pack("{s:s, s:[s,s], s:[[f,f,f],[f,f,f]], s:i, s:i}", "name",
                   formula, "symbols", vqe_element_symbol(z[0]),
                   vqe_element_symbol(z[1]), "coords", 0.0, 0.0, 0.0, 0.0, 0.0,
                   1.0, "charge", charge, "multiplicity",
                   multiplicity_of(formula, electrons));
  return *out != NULL ? VQE_OK
                      : vqe_error_set(VQE_ERR_MEMORY, "no memory for a scan");
}

static bool has_molecule(const json_t *molecules, const char *name)
{
  bool found = false;
  for (size_t k = 0; k < json_array_size(molecules); k++) {
    found |= strcmp(json_string_value(
                        json_object_get(json_array_get(molecules, k), "name")),
                    name) == 0;
  }
  return found;
}

int vqe_job_scan_make(char **out, char **name, const char *text,
                      const struct vqe_molecule_given *given)
{
  json_t *scan = NULL;
  json_t *molecules = json_array();
  json_t *job = NULL;
  int status = vqe_job_scan_parse(&scan, text);
  *out = NULL;
  *name = NULL;
  for (size_t k = 0; status == VQE_OK && k < json_array_size(scan); k++) {
    const char *formula = json_string_value(
        json_object_get(json_array_get(scan, k), "molecule"));
    json_t *molecule = NULL;
    if (formula == NULL) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             OPTION ": without a job or molecule file it "
                                    "begins with a molecule of two atoms, as "
                                    "in 'N2 0.9:2.5:0.1'");
    } else if (!has_molecule(molecules, formula)) {
      status = molecule_of(&molecule, formula, given);
      json_array_append_new(molecules, molecule);
    }
    if (status == VQE_OK && *name == NULL) {
      status = vqe_memory_strdup(name, formula);
    }
  }
  if (status == VQE_OK) {
    job = json_pack("{s:O}", "molecules", molecules);
    *out = job != NULL ? json_dumps(job, JSON_COMPACT) : NULL;
    status = *out != NULL
                 ? VQE_OK
                 : vqe_error_set(VQE_ERR_MEMORY, "no memory for a scan");
  }
  json_decref(job);
  json_decref(molecules);
  json_decref(scan);
  return status;
}
