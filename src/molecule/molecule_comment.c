#include "molecule/molecule_comment.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "molecule/molecule_title.h"

#define MAX_COLUMNS 100000
#define MAX_PAIR 100 /* of a charge without a key */

enum key {
  KEY_OTHER,
  KEY_CHARGE,
  KEY_MULTIPLICITY,
  KEY_SPIN,       /* 2S */
  KEY_TOTAL_SPIN, /* S */
  KEY_UNITS,
  KEY_NAME,
  KEY_PROPERTIES,
  KEY_LATTICE,
  KEY_PBC,
  KEY_STATE, /* "triplet" */
  KEY_BOHR
};

static const struct {
  const char *word;
  enum key key;
  bool alone; /* means something without a value as well */
} keys[] = {
    {"charge", KEY_CHARGE, true},
    {"total_charge", KEY_CHARGE, true},
    {"totalcharge", KEY_CHARGE, true},
    {"net_charge", KEY_CHARGE, true},
    {"molecular_charge", KEY_CHARGE, true},
    {"chrg", KEY_CHARGE, true},
    {"chg", KEY_CHARGE, true},
    {"q", KEY_CHARGE, false},
    {"multiplicity", KEY_MULTIPLICITY, true},
    {"mult", KEY_MULTIPLICITY, true},
    {"spin_multiplicity", KEY_MULTIPLICITY, true},
    {"spinmultiplicity", KEY_MULTIPLICITY, true},
    {"molecular_multiplicity", KEY_MULTIPLICITY, true},
    {"spin_mult", KEY_MULTIPLICITY, true},
    {"spinmult", KEY_MULTIPLICITY, true},
    {"2s+1", KEY_MULTIPLICITY, false},
    {"spin", KEY_SPIN, true},
    {"total_spin", KEY_SPIN, true},
    {"uhf", KEY_SPIN, false},
    {"unpaired", KEY_SPIN, false},
    {"nunpaired", KEY_SPIN, false},
    {"n_unpaired", KEY_SPIN, false},
    {"unpaired_electrons", KEY_SPIN, false},
    {"s", KEY_TOTAL_SPIN, false},
    {"units", KEY_UNITS, false},
    {"unit", KEY_UNITS, false},
    {"name", KEY_NAME, false},
    {"properties", KEY_PROPERTIES, false},
    {"lattice", KEY_LATTICE, false},
    {"cell", KEY_LATTICE, false},
    {"pbc", KEY_PBC, false},
    {"doublet", KEY_STATE, true},
    {"triplet", KEY_STATE, true},
    {"quartet", KEY_STATE, true},
    {"quintet", KEY_STATE, true},
    {"sextet", KEY_STATE, true},
    {"septet", KEY_STATE, true},
    {"bohr", KEY_BOHR, true},
    {"bohrs", KEY_BOHR, true},
};

/* What scanning keeps. */
struct scan {
  struct vqe_molecule_comment *out;
  const struct vqe_molecule_given *given;
  const char *where;
  char *text;      /* of the comment; what has been taken is VQE_TITLE_TAKEN */
  bool free_words; /* words that belong to no key */
  bool extended;   /* extended XYZ: other keys are data, not a name */
  bool lattice, pbc; /* keys that were seen */
  bool periodic;     /* by pbc */
  char state[16];    /* "triplet" without a key, "S" alone, or "" */
  bool bohr;         /* the unit without a key */
};

static bool is_blank(char c)
{
  return c == ' ' || c == '\t';
}

static bool ends_value(char c)
{
  return c == '\0' || is_blank(c) || strchr(",;|\"')]}", c) != NULL;
}

static bool is_word(char c)
{
  return isalnum((unsigned char)c) || c == '_';
}

/* Length of the word at `text`; 2S+1 is one. */
static size_t word_length(const char *text)
{
  size_t length = strncasecmp(text, "2S+1", 4) == 0 ? 4 : 0;
  while (is_word(text[length])) {
    length++;
  }
  return length;
}

static void take(struct scan *scan, size_t from, size_t to)
{
  memset(scan->text + from, VQE_TITLE_TAKEN, to - from);
}

/* A value: its text without quotes, and where it ends. */
struct value {
  const char *text;
  size_t length, end;
};

static struct value value_at(const struct scan *scan, size_t at)
{
  static const char opening[] = "\"'{[(";
  static const char closing[] = "\"'}])";
  struct value value;
  const char *open = strchr(opening, scan->text[at]);
  if (scan->text[at] != '\0' && open != NULL) {
    const char *start = scan->text + at + 1;
    const char *close = strchr(start, closing[open - opening]);
    if (close != NULL) {
      value.text = start;
      value.length = (size_t)(close - start);
      value.end = at + value.length + 2;
      return value;
    }
  }
  value.text = scan->text + at;
  value.end = at;
  while (!ends_value(scan->text[value.end])) {
    value.end++;
  }
  value.length = value.end - at;
  return value;
}

/* "1", "+1", "1.0", "1.", and "1+", "2-" as chemists write charges. */
static bool read_number(double *out, const struct value *value)
{
  char text[32] = "";
  char *end;
  if (value->length < 1 || value->length >= sizeof text) {
    return false;
  }
  memcpy(text, value->text, value->length);
  if (text[strspn(text, "0123456789.+-eE")] != '\0') {
    return false;
  }
  size_t last = strlen(text) - 1;
  bool sign = last > 0 && (text[last] == '+' || text[last] == '-') &&
              isdigit((unsigned char)text[0]);
  bool negative = sign && text[last] == '-';
  if (sign) {
    text[last] = '\0';
  }
  *out = strtod(text, &end);
  *out = negative ? -*out : *out;
  return end != text && *end == '\0' && isfinite(*out);
}

static bool read_whole(int *out, const struct value *value, double factor)
{
  double number = 0.0;
  if (!read_number(&number, value)) {
    return false;
  }
  number *= factor;
  if (fabs(number) > 1e6 || number != floor(number)) {
    return false;
  }
  *out = (int)number;
  return true;
}

static int refuse(const struct scan *scan, const char *key,
                  const struct value *value, const char *wanted)
{
  return vqe_error_set(
      VQE_ERR_INPUT, "%s, key '%s': '%.*s' in the comment line is not %s",
      scan->where, key, (int)(value->length < 24 ? value->length : 24),
      value->text, wanted);
}

static int put(const struct scan *scan, const char *key, bool *has, int *out,
               int number)
{
  if (*has && *out != number) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key '%s': the comment line says both %d and %d",
                         scan->where, key, *out, number);
  }
  *has = true;
  *out = number;
  return VQE_OK;
}

/* Whether options make it needless to understand this key. */
static bool is_given(const struct scan *scan, enum key key)
{
  const struct vqe_molecule_given *given = scan->given;
  if (given == NULL) {
    return false;
  }
  switch (key) {
  case KEY_CHARGE:
    return given->has_charge;
  case KEY_MULTIPLICITY:
  case KEY_SPIN:
  case KEY_TOTAL_SPIN:
  case KEY_STATE:
    return given->has_multiplicity;
  case KEY_UNITS:
  case KEY_BOHR:
    return given->has_units;
  default:
    return false;
  }
}

static int read_electrons(struct scan *scan, enum key key, const char *word,
                          const struct value *value)
{
  struct vqe_molecule_comment *out = scan->out;
  int number = 0;
  switch (key) {
  case KEY_CHARGE:
    return read_whole(&number, value, 1.0)
               ? put(scan, word, &out->has_charge, &out->charge, number)
               : refuse(scan, word, value,
                        "an integer; write charge=1, or give --charge");
  case KEY_MULTIPLICITY:
    return read_whole(&number, value, 1.0)
               ? put(scan, word, &out->has_multiplicity, &out->multiplicity,
                     number)
               : refuse(scan, word, value,
                        "an integer; write multiplicity=3 for a triplet, or "
                        "give --multiplicity");
  default:
    out->spin = true;
    return read_whole(&number, value, key == KEY_SPIN ? 1.0 : 2.0)
               ? put(scan, word, &out->has_multiplicity, &out->multiplicity,
                     number < 0 ? number : number + 1)
               : refuse(scan, word, value,
                        "an integer; spin is 2S, or write multiplicity=3 "
                        "for a triplet, or give --multiplicity");
  }
}

/* "species:S:1:pos:R:3": which columns are which. */
static int read_properties(struct scan *scan, const struct value *value)
{
  struct vqe_molecule_comment *out = scan->out;
  const char *at = value->text;
  const char *end = value->text + value->length;
  out->ncolumn = 0;
  out->species = out->position = -1;
  while (at < end) {
    size_t length = strcspn(at, ":\"' ");
    const char *type = at + length + 1;
    char *stop = NULL;
    long count = at + length + 4 <= end && at[length] == ':' && type[1] == ':'
                     ? strtol(type + 2, &stop, 10)
                     : 0;
    if (count < 1 || count > MAX_COLUMNS || out->ncolumn > MAX_COLUMNS ||
        (stop != end && *stop != ':')) {
      return refuse(scan, "Properties", value,
                    "of the form species:S:1:pos:R:3");
    }
    if ((length == 7 && strncasecmp(at, "species", 7) == 0) ||
        (out->species < 0 &&
         ((length == 1 && strncasecmp(at, "Z", 1) == 0) ||
          (length == 7 && strncasecmp(at, "numbers", 7) == 0)))) {
      out->species = out->ncolumn;
    } else if ((length == 3 && strncasecmp(at, "pos", 3) == 0) ||
               (length == 9 && strncasecmp(at, "positions", 9) == 0)) {
      out->position = count == 3 ? out->ncolumn : -1;
    }
    out->ncolumn += (int)count;
    at = stop + 1;
  }
  if (out->species < 0 || out->position < 0) {
    return refuse(scan, "Properties", value,
                  "a list of columns with species:S:1 and pos:R:3");
  }
  return VQE_OK;
}

/* A key with a value. */
static int read_value(struct scan *scan, enum key key, const char *word,
                      const struct value *value)
{
  struct vqe_molecule_comment *out = scan->out;
  enum vqe_units units = VQE_ANGSTROM;
  switch (key) {
  case KEY_CHARGE:
  case KEY_MULTIPLICITY:
  case KEY_SPIN:
  case KEY_TOTAL_SPIN:
    return read_electrons(scan, key, word, value);
  case KEY_UNITS:
    if (!vqe_units_read(&units, value->text, value->length)) {
      return refuse(scan, word, value,
                    "known; write units=angstrom or units=bohr, or give "
                    "--units");
    }
    if (out->has_units && out->units != units) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key '%s': the comment line says both bohr "
                           "and angstrom",
                           scan->where, word);
    }
    out->has_units = true;
    out->units = units;
    return VQE_OK;
  case KEY_PROPERTIES:
    scan->extended = true;
    return read_properties(scan, value);
  case KEY_LATTICE:
    scan->lattice = true;
    scan->extended = true;
    return VQE_OK;
  case KEY_PBC:
    scan->pbc = true;
    scan->extended = true;
    for (size_t k = 0; k < value->length; k++) {
      scan->periodic =
          scan->periodic || strchr("Tt1Yy", value->text[k]) != NULL;
    }
    return VQE_OK;
  default:
    return VQE_OK;
  }
}

static int find_key(const char *text, size_t length)
{
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    if (strlen(keys[k].word) == length &&
        strncasecmp(keys[k].word, text, length) == 0) {
      return (int)k;
    }
  }
  return -1;
}

/* The key that begins at `text`, -1 for none, and where it ends: a word, or
 * two that are one in the table ("spin multiplicity", "net-charge"). */
static int key_at(size_t *end, const char *text)
{
  char both[32];
  size_t first = word_length(text);
  size_t next = first;
  while (is_blank(text[next])) {
    next++;
  }
  if (next == first && text[next] == '-') {
    next++;
  }
  size_t second = next > first ? word_length(text + next) : 0;
  if (second > 0 && first + 1 + second < sizeof both) {
    snprintf(both, sizeof both, "%.*s_%.*s", (int)first, text, (int)second,
             text + next);
    int index = find_key(both, first + 1 + second);
    if (index >= 0) {
      *end = next + second;
      return index;
    }
  }
  *end = first;
  return find_key(text, first);
}

static void keep_name(struct scan *scan, const struct value *value)
{
  struct vqe_molecule_comment *out = scan->out;
  size_t length = value->length < sizeof out->name - 1 ? value->length
                                                       : sizeof out->name - 1;
  memcpy(out->name, value->text, length);
  out->name[length] = '\0';
}

/* A word that is followed by no value: "charge 2", "O2 triplet", or a title.
 * The end of what was read. */
static int read_alone(struct scan *scan, size_t *at, size_t start, int index,
                      const struct value *value)
{
  const char *word = keys[index].word;
  enum key key = keys[index].key;
  double number;
  if (key == KEY_STATE) {
    strncpy(scan->state, word, sizeof scan->state - 1);
    return VQE_OK;
  }
  if (key == KEY_BOHR) {
    scan->bohr = true;
    return VQE_OK;
  }
  if (!read_number(&number, value)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key '%s': the comment line names it, but no "
                         "number follows; write %s, or give --charge and "
                         "--multiplicity",
                         scan->where, word,
                         key == KEY_CHARGE ? "charge=1"
                                           : "multiplicity=3 for a triplet");
  }
  int status = read_value(scan, key, word, value);
  if (status == VQE_OK) {
    take(scan, start, value->end);
    *at = value->end;
  }
  return status;
}

/* Whether a word is a key. What may mean something else as well ("q", "uhf")
 * is one where a whole number follows; an S where the charge stands before it,
 * as in tmQM. */
static bool is_key(const struct scan *scan, int index,
                   const struct value *value)
{
  int number;
  if (index < 0) {
    return false;
  }
  switch (keys[index].key) {
  case KEY_TOTAL_SPIN:
    return scan->out->has_charge;
  case KEY_CHARGE:
  case KEY_SPIN:
    return keys[index].alone || read_whole(&number, value, 1.0);
  default:
    return true;
  }
}

/* One word and what belongs to it; *at is behind it at the end. */
static int read_word(struct scan *scan, size_t *at)
{
  const char *text = scan->text;
  size_t start = *at;
  size_t end;
  int index = key_at(&end, text + start);
  end += start;
  size_t sign = end;
  if (start > 0 && strchr("\"'", text[start - 1]) != NULL &&
      text[sign] == text[start - 1]) {
    sign++; /* a key of JSON */
  }
  while (is_blank(text[sign])) {
    sign++;
  }
  bool assigned = text[sign] == '=' || text[sign] == ':';
  size_t from = assigned ? sign + 1 : sign;
  while (is_blank(text[from])) {
    from++;
  }
  struct value value = value_at(scan, from);
  bool known = is_key(scan, index, &value);
  *at = end;
  if (known && !assigned && is_given(scan, keys[index].key)) {
    return VQE_OK;
  }
  if (!assigned) {
    scan->free_words = true;
    return known && ends_value(text[end]) && keys[index].alone
               ? read_alone(scan, at, start, index, &value)
               : VQE_OK;
  }
  bool colon = text[sign] == ':';
  if (known && keys[index].key == KEY_NAME && colon) {
    take(scan, start, sign + 1);
    *at = sign + 1;
    return VQE_OK;
  }
  if (known && keys[index].key >= KEY_STATE) {
    known = false; /* "triplet: ..." is a title */
  }
  double spin;
  if (index >= 0 && keys[index].key == KEY_TOTAL_SPIN && !known &&
      read_number(&spin, &value) && spin > 0.0 &&
      2.0 * spin == floor(2.0 * spin)) {
    strncpy(scan->state, "S", sizeof scan->state - 1);
  }
  if (!known) {
    *at = colon ? sign + 1 : value.end;
    scan->free_words = scan->free_words || colon;
    return VQE_OK;
  }
  if (keys[index].key == KEY_NAME) {
    keep_name(scan, &value);
  }
  int status =
      is_given(scan, keys[index].key)
          ? VQE_OK
          : read_value(scan, keys[index].key, keys[index].word, &value);
  take(scan, start, value.end);
  *at = value.end;
  return status;
}

/* "0 3" at the start: charge and multiplicity, as Gaussian's input has them.
 * Three integers and more are something else. */
static int read_pair(struct scan *scan, size_t *at)
{
  struct value first, second, third;
  int charge, multiplicity, other;
  size_t start = strspn(scan->text, " \t#!");
  first = value_at(scan, start);
  size_t next = first.end + strspn(scan->text + first.end, " \t,");
  second = value_at(scan, next);
  third = value_at(scan, second.end + strspn(scan->text + second.end, " \t,"));
  *at = 0;
  /* "0 1 1,3-butadiene" goes on with a name */
  bool more = third.length > 0 && scan->text[third.end] != ',' &&
              read_whole(&other, &third, 1.0);
  if (next == first.end || more || !read_whole(&charge, &first, 1.0) ||
      abs(charge) > MAX_PAIR || !read_whole(&multiplicity, &second, 1.0)) {
    return VQE_OK;
  }
  take(scan, start, second.end);
  *at = second.end;
  int status =
      put(scan, "charge", &scan->out->has_charge, &scan->out->charge, charge);
  return status != VQE_OK
             ? status
             : put(scan, "multiplicity", &scan->out->has_multiplicity,
                   &scan->out->multiplicity, multiplicity);
}

static int read_words(struct scan *scan)
{
  size_t at;
  int status = read_pair(scan, &at);
  while (status == VQE_OK && scan->text[at] != '\0') {
    char c = scan->text[at];
    if (isalpha((unsigned char)c) || c == '_' ||
        strncasecmp(scan->text + at, "2S+1", 4) == 0) {
      status = read_word(scan, &at);
    } else if (isdigit((unsigned char)c) || c == '-' || c == '+' || c == '.') {
      /* numbers, and what begins with one: "1-butene" */
      while (!ends_value(scan->text[at])) {
        scan->free_words =
            scan->free_words || (isalpha((unsigned char)scan->text[at]) &&
                                 strchr("eE", scan->text[at]) == NULL);
        at++;
      }
    } else {
      /* the format that Open Babel calls EXYZ */
      scan->periodic =
          scan->periodic || strncasecmp(scan->text + at, "%PBC", 4) == 0;
      scan->free_words = scan->free_words || (unsigned char)c >= 0x80;
      at++;
    }
  }
  return status;
}

/* What only the whole comment says. */
static int check(const struct scan *scan)
{
  const struct vqe_molecule_comment *out = scan->out;
  if (scan->periodic || (scan->lattice && !scan->pbc)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key '%s': periodic cells are not supported; for "
                         "the molecule alone write pbc=\"F F F\"",
                         scan->where, scan->periodic ? "pbc" : "Lattice");
  }
  if (scan->state[0] != '\0' && !out->has_multiplicity &&
      !is_given(scan, KEY_STATE)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'multiplicity': the comment line says '%s' "
                         "and no multiplicity; write multiplicity=3 for a "
                         "triplet, 1 for a singlet, or give --multiplicity",
                         scan->where, scan->state);
  }
  bool bohr = scan->bohr || strcasestr(scan->text, "atomic unit") != NULL;
  if (bohr && !out->has_units && !is_given(scan, KEY_BOHR)) {
    return vqe_error_set(
        VQE_ERR_INPUT,
        "%s, key 'units': the comment line speaks of bohr or atomic units; "
        "write units=bohr or units=angstrom, or give "
        "--units",
        scan->where);
  }
  return VQE_OK;
}

/* In extended XYZ what is left of keys and values is data. */
static void take_data(struct scan *scan)
{
  size_t at = 0;
  while (scan->text[at] != '\0') {
    size_t start = at;
    while (is_word(scan->text[at]) || scan->text[at] == '-') {
      at++;
    }
    if (at > start && scan->text[at] == '=') {
      at = value_at(scan, at + 1).end;
      take(scan, start, at);
    } else if (at == start) {
      at++;
    }
  }
}

int vqe_molecule_comment_read(struct vqe_molecule_comment *out,
                              const char *text, size_t size,
                              const struct vqe_molecule_given *given,
                              const char *where)
{
  struct scan scan = {.out = out, .given = given, .where = where};
  memset(out, 0, sizeof *out);
  out->position = 1;
  int status =
      vqe_memory_alloc(&scan.text, size + 1, 1, "a comment line of XYZ");
  if (status != VQE_OK) {
    return status;
  }
  memcpy(scan.text, text, size);
  for (size_t k = 0; k < size; k++) {
    if (scan.text[k] == '\0' || scan.text[k] == VQE_TITLE_TAKEN) {
      scan.text[k] = ' ';
    }
  }
  status = read_words(&scan);
  if (status == VQE_OK) {
    status = check(&scan);
  }
  if (out->name[0] != '\0' && !vqe_molecule_is_title(out->name)) {
    out->name[0] = '\0';
  }
  if (scan.extended) {
    take_data(&scan);
  }
  if (out->name[0] == '\0' && (scan.free_words || scan.extended)) {
    vqe_molecule_title(out->name, scan.text);
  }
  free(scan.text);
  return status;
}
