#include "chem/space_rule.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "chem/space.h"

#define MAX_INDEX 100000
/* Orbitals that natural occupations are expected to choose at most, for the
 * estimate alone. */
#define NATURAL_GUESS 16
#define MAX_SHELLS 1000
#define AVAS_THRESHOLD 0.2 /* as PySCF has it */
#define EXPECTED                                                              \
  "\"pi\", \"valence\", {\"indices\": ...}, {\"avas\": ...}, "                \
  "{\"natural\": ...} or {\"auto\": ...}"

/* ---- messages ---- */

static int refuse(const char *where, const json_t *value, const char *key,
                  const char *wanted)
{
  char *text = vqe_json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
  int status = vqe_error_set(VQE_ERR_INPUT, "%s: %s%s%.60s is not %s", where,
                             key, key[0] != '\0' ? " " : "",
                             text != NULL ? text : "the value", wanted);
  free(text);
  return status;
}

static int check_members(const json_t *object, const char *const *known,
                         size_t count, const char *key, const char *where)
{
  const char *name;
  json_t *value;
  json_object_foreach((json_t *)object, name, value)
  {
    bool found = false;
    for (size_t k = 0; k < count; k++) {
      found = found || strcmp(name, known[k]) == 0;
    }
    if (!found) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: %s has no key '%.40s'", where,
                           key, name);
    }
  }
  return VQE_OK;
}

/* ---- numbers ---- */

/* A whole number of a member, or -1 where it is absent. */
static int read_count(int *out, const json_t *object, const char *key,
                      const char *where)
{
  const json_t *value = json_object_get(object, key);
  *out = -1;
  if (value == NULL) {
    return VQE_OK;
  }
  if (!json_is_integer(value) || json_integer_value(value) < 0 ||
      json_integer_value(value) > MAX_INDEX) {
    return refuse(where, value, key, "a whole number of at least 0");
  }
  *out = (int)json_integer_value(value);
  return VQE_OK;
}

/* A number between two others, `usual` where it is absent. */
static int read_between(double *out, const json_t *value, double low,
                        double high, double usual, const char *key,
                        const char *where)
{
  char wanted[60];
  *out = usual;
  if (value == NULL) {
    return VQE_OK;
  }
  *out = json_number_value(value);
  if (json_is_number(value) && *out >= low && *out <= high) {
    return VQE_OK;
  }
  snprintf(wanted, sizeof wanted, "a number from %g to %g", low, high);
  return refuse(where, value, key, wanted);
}

/* ---- indices ---- */

static int add_range(struct vqe_space_rule *rule, long first, long last,
                     const json_t *value, const char *where)
{
  if (first < 1 || last < first || last > MAX_INDEX ||
      rule->nindex + (size_t)(last - first) >= VQE_MAX_ACTIVE) {
    return refuse(where, value, "indices",
                  "a list of at most 64 orbitals, counted from 1, like "
                  "[5, \"7-9\"]");
  }
  for (long k = first; k <= last; k++) {
    rule->indices[rule->nindex++] = (int)k;
  }
  return VQE_OK;
}

/* "5-7,9" */
static int add_text(struct vqe_space_rule *rule, const json_t *value,
                    const char *where)
{
  const char *at = json_string_value(value);
  int status = VQE_OK;
  do {
    const char *end = at;
    char *behind = NULL;
    long first = 0;
    if (isdigit((unsigned char)*at)) {
      first = strtol(at, &behind, 10);
      end = behind;
    }
    long last = first;
    if (first > 0 && *end == '-' && isdigit((unsigned char)end[1])) {
      last = strtol(end + 1, &behind, 10);
      end = behind;
    }
    bool ends = first > 0 && (*end == ',' || *end == '\0');
    status = add_range(rule, ends ? first : 0, last, value, where);
    at = status == VQE_OK && *end == ',' ? end + 1 : NULL;
  } while (at != NULL);
  return status;
}

static int compare_ints(const void *a, const void *b)
{
  int x = *(const int *)a;
  int y = *(const int *)b;
  return (x > y) - (x < y);
}

static int read_indices(struct vqe_space_rule *rule, const json_t *object,
                        const char *where)
{
  const json_t *list = json_object_get(object, "indices");
  int status = vqe_memory_alloc(&rule->indices, VQE_MAX_ACTIVE, sizeof(int),
                                "active orbitals");
  if (status == VQE_OK && json_is_string(list)) {
    status = add_text(rule, list, where);
  } else if (status == VQE_OK && json_array_size(list) == 0) {
    status =
        refuse(where, list, "indices", "a list of orbitals like [5, \"7-9\"]");
  }
  for (size_t k = 0; status == VQE_OK && k < json_array_size(list); k++) {
    const json_t *item = json_array_get(list, k);
    if (json_is_string(item)) {
      status = add_text(rule, item, where);
    } else {
      bool whole =
          json_is_integer(item) && json_integer_value(item) <= MAX_INDEX;
      long index = whole ? (long)json_integer_value(item) : 0;
      status = add_range(rule, index, index, item, where);
    }
  }
  if (status == VQE_OK) {
    qsort(rule->indices, rule->nindex, sizeof(int), compare_ints);
    status = read_count(&rule->electrons, object, "electrons", where);
  }
  if (status == VQE_OK) {
    status = read_count(&rule->orbitals, object, "orbitals", where);
  }
  for (size_t k = 1; status == VQE_OK && k < rule->nindex; k++) {
    if (rule->indices[k] == rule->indices[k - 1]) {
      status =
          vqe_error_set(VQE_ERR_INPUT, "%s: indices name orbital %d twice",
                        where, rule->indices[k]);
    }
  }
  if (status == VQE_OK && rule->orbitals >= 0 &&
      (size_t)rule->orbitals != rule->nindex) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "%s: indices name %zu orbitals, and 'orbitals' is "
                           "%d; leave it out",
                           where, rule->nindex, rule->orbitals);
  }
  return status;
}

/* ---- AVAS ---- */

/* [ATOM] ELEMENT SHELL */
static bool read_shell(struct vqe_space_shell *out, const char *text)
{
  static const char letters[] = "spdfg";
  char symbol[4] = "";
  char letter = '\0';
  int used = -1;
  int n = 0;
  out->atom = -1;
  if (isdigit((unsigned char)text[0])) {
    if (sscanf(text, "%5d %3[A-Za-z] %1d%c%n", &out->atom, symbol, &n, &letter,
               &used) != 4) {
      return false;
    }
  } else if (sscanf(text, "%3[A-Za-z] %1d%c%n", symbol, &n, &letter, &used) !=
             3) {
    return false;
  }
  const char *l = letter != '\0' ? strchr(letters, letter) : NULL;
  out->z = vqe_element_z(symbol);
  out->n = n;
  out->l = l != NULL ? (int)(l - letters) : -1;
  return used > 0 && text[used] == '\0' && out->z > 0 && out->l >= 0 &&
         out->n > out->l;
}

static int compare_shells(const void *a, const void *b)
{
  const struct vqe_space_shell *x = a;
  const struct vqe_space_shell *y = b;
  int differences[] = {x->atom - y->atom, x->z - y->z, x->n - y->n,
                       x->l - y->l};
  for (int k = 0; k < 4; k++) {
    if (differences[k] != 0) {
      return differences[k];
    }
  }
  return 0;
}

static int read_shells(struct vqe_space_rule *rule, const json_t *list,
                       const char *where)
{
  size_t count = json_array_size(list);
  if (count == 0 || count > MAX_SHELLS) {
    return refuse(where, list, "shells",
                  "a list of shells like [\"C 2p\", \"0 N 2s\"]");
  }
  int status = vqe_memory_alloc(&rule->shells, count, sizeof *rule->shells,
                                "shells of atoms");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const char *text = json_string_value(json_array_get(list, k));
    if (text == NULL || !read_shell(&rule->shells[k], text)) {
      status = refuse(where, json_array_get(list, k), "shells",
                      "a shell like \"C 2p\", or \"0 C 2p\" for one atom, "
                      "counted from 0; whole shells only, \"pi\" takes "
                      "those across a plane");
    }
  }
  if (status != VQE_OK) {
    return status;
  }
  qsort(rule->shells, count, sizeof *rule->shells, compare_shells);
  for (size_t k = 0; k < count; k++) {
    if (k == 0 || compare_shells(&rule->shells[k], &rule->shells[k - 1])) {
      rule->shells[rule->nshell++] = rule->shells[k];
    }
  }
  return VQE_OK;
}

static int read_avas(struct vqe_space_rule *rule, const json_t *value,
                     const char *where)
{
  static const char *const known[] = {"shells", "threshold"};
  const json_t *list =
      json_is_array(value) ? value : json_object_get(value, "shells");
  if (list == NULL) {
    return refuse(where, value, "avas",
                  "{\"shells\": [\"C 2p\"], \"threshold\": 0.2}");
  }
  int status = check_members(value, known, 2, "avas", where);
  if (status == VQE_OK) {
    status =
        read_between(&rule->threshold, json_object_get(value, "threshold"),
                     0.0, 1.0, AVAS_THRESHOLD, "threshold", where);
  }
  return status == VQE_OK ? read_shells(rule, list, where) : status;
}

/* ---- MP2 ---- */

static int read_natural(struct vqe_space_rule *rule, const json_t *value,
                        const char *where)
{
  static const char *const known[] = {"min", "max"};
  if (json_is_number(value)) {
    int status =
        read_between(&rule->min, value, 0.0, 1.0, 0.0, "natural", where);
    rule->max = 2.0 - rule->min;
    return status;
  }
  if (json_object_size(value) == 0) {
    return refuse(where, value, "natural",
                  "an occupation like 0.02, or {\"min\": 0.02, \"max\": "
                  "1.98}");
  }
  int status = check_members(value, known, 2, "natural", where);
  if (status == VQE_OK) {
    status = read_between(&rule->min, json_object_get(value, "min"), 0.0, 2.0,
                          0.0, "min", where);
  }
  if (status == VQE_OK) {
    status = read_between(&rule->max, json_object_get(value, "max"), rule->min,
                          2.0, 2.0, "max", where);
  }
  return status;
}

static int read_auto(struct vqe_space_rule *rule, const json_t *value,
                     const char *where)
{
  static const char *const known[] = {"electrons", "orbitals"};
  int status = VQE_OK;
  rule->electrons = -1;
  if (json_is_integer(value)) {
    bool fits = json_integer_value(value) >= 0 &&
                json_integer_value(value) <= VQE_MAX_ACTIVE;
    rule->orbitals = fits ? (int)json_integer_value(value) : -1;
  } else if (json_is_object(value)) {
    status = check_members(value, known, 2, "auto", where);
    if (status == VQE_OK) {
      status = read_count(&rule->orbitals, value, "orbitals", where);
    }
    if (status == VQE_OK) {
      status = read_count(&rule->electrons, value, "electrons", where);
    }
  } else {
    rule->orbitals = -1;
  }
  if (status == VQE_OK &&
      (rule->orbitals < 1 || rule->orbitals > VQE_MAX_ACTIVE ||
       rule->electrons > 2 * rule->orbitals)) {
    status = refuse(where, value, "auto",
                    "a size like 8, or {\"electrons\": 8, \"orbitals\": 8}, "
                    "of at most 64 orbitals with two electrons each");
  }
  return status;
}

/* ---- rules ---- */

static int read_object(struct vqe_space_rule *rule, const json_t *object,
                       const char *where)
{
  static const char *const by_index[] = {"indices", "electrons", "orbitals"};
  static const struct {
    const char *key;
    enum vqe_space_kind kind;
    int (*read)(struct vqe_space_rule *, const json_t *, const char *);
  } kinds[] = {{"avas", VQE_SPACE_AVAS, read_avas},
               {"natural", VQE_SPACE_NATURAL, read_natural},
               {"auto", VQE_SPACE_AUTO, read_auto}};
  if (json_object_get(object, "indices") != NULL) {
    rule->kind = VQE_SPACE_INDICES;
    int status = check_members(object, by_index, 3, "indices", where);
    return status == VQE_OK ? read_indices(rule, object, where) : status;
  }
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    const json_t *value = json_object_get(object, kinds[k].key);
    if (value != NULL && json_object_size(object) == 1) {
      rule->kind = kinds[k].kind;
      return kinds[k].read(rule, value, where);
    }
  }
  return refuse(where, object, "", EXPECTED);
}

int vqe_space_rule_parse(struct vqe_space_rule *out, const char *json,
                         const char *where)
{
  json_t *value = NULL;
  *out = (struct vqe_space_rule){.electrons = -1, .orbitals = -1};
  int status =
      vqe_json_parse(&value, json, strlen(json), JSON_DECODE_ANY, where);
  if (status != VQE_OK) {
    return status;
  }
  const char *word = json_string_value(value);
  if (json_is_object(value)) {
    status = read_object(out, value, where);
  } else if (word != NULL && strcmp(word, "pi") == 0) {
    out->kind = VQE_SPACE_PI;
  } else if (word != NULL && strcmp(word, "valence") == 0) {
    out->kind = VQE_SPACE_VALENCE;
  } else {
    status = refuse(where, value, "", EXPECTED);
  }
  json_decref(value);
  return status;
}

void vqe_space_rule_clear(struct vqe_space_rule *rule)
{
  free(rule->indices);
  free(rule->shells);
  rule->indices = NULL;
  rule->shells = NULL;
}

/* ---- text ---- */

static json_t *indices_json(const struct vqe_space_rule *rule)
{
  json_t *list = json_array();
  for (size_t k = 0; k < rule->nindex; k++) {
    json_array_append_new(list, json_integer(rule->indices[k]));
  }
  json_t *object = json_pack("{s:o}", "indices", list);
  if (rule->electrons >= 0) {
    json_object_set_new(object, "electrons", json_integer(rule->electrons));
  }
  return object;
}

static json_t *avas_json(const struct vqe_space_rule *rule)
{
  json_t *list = json_array();
  for (size_t k = 0; k < rule->nshell; k++) {
    const struct vqe_space_shell *shell = &rule->shells[k];
    const char *symbol = vqe_element_symbol(shell->z);
    json_array_append_new(
        list,
        shell->atom >= 0
            ? json_sprintf("%d %s %d%c", shell->atom, symbol, shell->n,
                           "spdfg"[shell->l])
            : json_sprintf("%s %d%c", symbol, shell->n, "spdfg"[shell->l]));
  }
  return json_pack("{s:{s:o, s:f}}", "avas", "shells", list, "threshold",
                   rule->threshold);
}

int vqe_space_rule_text(char **out, const struct vqe_space_rule *rule)
{
  json_t *value = NULL;
  *out = NULL;
  switch (rule->kind) {
  case VQE_SPACE_INDICES:
    value = indices_json(rule);
    break;
  case VQE_SPACE_PI:
    value = json_string("pi");
    break;
  case VQE_SPACE_VALENCE:
    value = json_string("valence");
    break;
  case VQE_SPACE_AVAS:
    value = avas_json(rule);
    break;
  case VQE_SPACE_NATURAL:
    value = json_pack("{s:{s:f, s:f}}", "natural", "min", rule->min, "max",
                      rule->max);
    break;
  case VQE_SPACE_AUTO:
    value = json_pack("{s:{s:i}}", "auto", "orbitals", rule->orbitals);
    if (rule->electrons >= 0) {
      json_object_set_new(json_object_get(value, "auto"), "electrons",
                          json_integer(rule->electrons));
    }
    break;
  }
  if (value != NULL) {
    *out =
        vqe_json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY |
                                  JSON_REAL_PRECISION(15));
  }
  json_decref(value);
  return *out != NULL
             ? VQE_OK
             : vqe_error_set(VQE_ERR_MEMORY, "no memory for an active space");
}

/* ---- against a molecule ---- */

int vqe_space_rule_check(const struct vqe_space_rule *rule,
                         const struct vqe_molecule *molecule, int nmo,
                         const char *where)
{
  if (rule->nindex > 0 && nmo > 0 && rule->indices[rule->nindex - 1] > nmo) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: active_space: orbital %d is not there; there "
                         "are %d, counted from 1",
                         where, rule->indices[rule->nindex - 1], nmo);
  }
  for (size_t k = 0; k < rule->nshell; k++) {
    const struct vqe_space_shell *shell = &rule->shells[k];
    const char *symbol = vqe_element_symbol(shell->z);
    size_t atom = (size_t)shell->atom;
    bool there = false;
    for (size_t a = 0; shell->atom < 0 && a < molecule->natom; a++) {
      there = there || molecule->z[a] == shell->z;
    }
    if (shell->atom >= 0) {
      there = atom < molecule->natom && molecule->z[atom] == shell->z;
    }
    if (!there && shell->atom < 0) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: active_space: avas names %s, and there is "
                           "no such atom",
                           where, symbol);
    }
    if (!there) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: active_space: avas names atom %d as %s; "
                           "atoms are counted from 0, and that one is %s",
                           where, shell->atom, symbol,
                           atom < molecule->natom ? molecule->symbols[atom]
                                                  : "not there");
    }
  }
  return VQE_OK;
}

/* Orbitals of the valence shells of an atom: as its minimal functions. */
static int valence_orbitals(int z)
{
  bool s_only = z <= 4 || z == 11 || z == 12;
  return s_only ? 1 : 4;
}

void vqe_space_rule_guess(int *norb, int *electrons,
                          const struct vqe_space_rule *rule,
                          const struct vqe_molecule *molecule, int nao,
                          int nfrozen)
{
  int all = vqe_molecule_electrons(molecule);
  int open = molecule->multiplicity - 1;
  int pairs = (all - open) / 2;
  int core = 0;
  int valence = 0;
  int heavy = 0;
  int shells = 0;
  for (size_t a = 0; a < molecule->natom; a++) {
    core += vqe_space_core_orbitals(molecule->z[a]);
    valence += valence_orbitals(molecule->z[a]);
    heavy += valence_orbitals(molecule->z[a]) > 1;
    for (size_t k = 0; k < rule->nshell; k++) {
      const struct vqe_space_shell *shell = &rule->shells[k];
      bool meant = shell->atom < 0 ? shell->z == molecule->z[a]
                                   : (size_t)shell->atom == a;
      shells += meant ? 2 * shell->l + 1 : 0;
    }
  }
  core = core < pairs ? core : pairs;
  *norb = valence;
  *electrons = all - 2 * core;
  switch (rule->kind) {
  case VQE_SPACE_INDICES:
    *norb = (int)rule->nindex;
    *electrons = open;
    for (size_t k = 0; k < rule->nindex; k++) {
      *electrons += rule->indices[k] <= pairs ? 2 : 0;
    }
    break;
  case VQE_SPACE_VALENCE:
    break;
  case VQE_SPACE_PI:
    *norb = heavy;
    *electrons = heavy;
    break;
  case VQE_SPACE_AVAS:
    *norb = shells;
    *electrons = shells;
    break;
  case VQE_SPACE_NATURAL:
    *norb = valence < NATURAL_GUESS ? valence : NATURAL_GUESS;
    *electrons = *norb;
    break;
  case VQE_SPACE_AUTO:
    *norb = rule->orbitals;
    *electrons = rule->electrons >= 0 ? rule->electrons : rule->orbitals;
    break;
  }
  int most = nao - nfrozen < VQE_MAX_ACTIVE ? nao - nfrozen : VQE_MAX_ACTIVE;
  *norb = *norb < most ? *norb : most;
  *norb = *norb > open && *norb > 0 ? *norb : open + 1;
  if (*electrons > 2 * *norb - open) {
    *electrons = 2 * *norb - open;
  }
  if (*electrons > all) {
    *electrons = all;
  }
  /* the others are pairs */
  *electrons -= (all - *electrons) % 2 != 0;
  *electrons = *electrons > open ? *electrons : open;
}
