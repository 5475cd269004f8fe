#include "option_table.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/suggest.h"

/* Of any program here. */
#define MAX_OPTIONS 96

/* Long options return this much more than their index. */
#define LONG_BASE 256

/* ---- parsing ---- */

static int unknown_option(const struct vqe_cmd_table *table, const char *given)
{
  const char *names[MAX_OPTIONS];
  char word[64];
  for (size_t k = 0; k < table->noptions; k++) {
    names[k] = table->options[k].name;
  }
  const char *start = given + strspn(given, "-");
  snprintf(word, sizeof word, "%.*s", (int)strcspn(start, "="), start);
  const char *nearest = given[0] == '-' && given[1] == '-'
                            ? vqe_suggest(word, names, table->noptions)
                            : NULL;
  if (nearest != NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "there is no option '%s': did you "
                         "mean '--%s'? See --help",
                         given, nearest);
  }
  return vqe_error_set(VQE_ERR_INPUT, "there is no option '%s': see --help",
                       given);
}

static int read_number(int *out, const char *name, const char *text, int low)
{
  char *end;
  long number = strtol(text, &end, 10);
  if (*text == '\0' || *end != '\0' || number < low || number > INT_MAX) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option --%s: '%s' is not a whole number >= %d", name,
                         text, low);
  }
  *out = (int)number;
  return VQE_OK;
}

static int add_word(struct vqe_cmd_words *words,
                    const struct vqe_cmd_option *entry, const char *text)
{
  if (text[0] == '\0') {
    return vqe_error_set(VQE_ERR_INPUT, "option --%s: %s is empty",
                         entry->name, entry->argument);
  }
  if (words->count == VQE_CMD_WORDS_MOST) {
    return vqe_error_set(VQE_ERR_INPUT, "option --%s: more than %d of them",
                         entry->name, VQE_CMD_WORDS_MOST);
  }
  words->list[words->count++] = text;
  return VQE_OK;
}

static int store(char *out, const struct vqe_cmd_option *entry,
                 const char *text)
{
  char *member = out + entry->offset;
  bool set = true;
  int number = 0;
  int status;
  switch (entry->kind) {
  case VQE_CMD_FLAG:
    memcpy(member, &set, sizeof set);
    return VQE_OK;
  case VQE_CMD_TEXT:
    if (text[0] == '\0') {
      return vqe_error_set(VQE_ERR_INPUT, "option --%s: %s is empty",
                           entry->name, entry->argument);
    }
    memcpy(member, &text, sizeof text);
    return VQE_OK;
  case VQE_CMD_OPTIONAL:
    memcpy(out + entry->flag, &set, sizeof set);
    if (text == NULL) {
      return VQE_OK;
    }
    break;
  case VQE_CMD_WORDS:
    return add_word((struct vqe_cmd_words *)(void *)member, entry, text);
  case VQE_CMD_COUNT:
    break;
  }
  status = read_number(&number, entry->name, text,
                       entry->kind == VQE_CMD_COUNT ? 1 : 0);
  if (status == VQE_OK) {
    memcpy(member, &number, sizeof number);
  }
  return status;
}

/* getopt's tables from ours. */
static void fill_getopt(const struct vqe_cmd_table *table,
                        struct option options[MAX_OPTIONS + 1],
                        char letters[2 * MAX_OPTIONS + 2])
{
  char *next = letters;
  *next++ = ':';
  memset(options, 0, (MAX_OPTIONS + 1) * sizeof *options);
  for (size_t k = 0; k < table->noptions; k++) {
    const struct vqe_cmd_option *entry = &table->options[k];
    options[k].name = entry->name;
    options[k].has_arg = entry->argument == NULL           ? no_argument
                         : entry->kind == VQE_CMD_OPTIONAL ? optional_argument
                                                           : required_argument;
    options[k].val = LONG_BASE + (int)k;
    if (entry->letter != 0) {
      *next++ = entry->letter;
      if (entry->argument != NULL) {
        *next++ = ':';
      }
    }
  }
  *next = '\0';
}

static const struct vqe_cmd_option *entry_of(const struct vqe_cmd_table *table,
                                             int code)
{
  if (code >= LONG_BASE) {
    return &table->options[code - LONG_BASE];
  }
  for (size_t k = 0; k < table->noptions; k++) {
    if (table->options[k].letter != 0 && table->options[k].letter == code) {
      return &table->options[k];
    }
  }
  return NULL;
}

static bool all_digits(const char *text)
{
  return text != NULL && *text != '\0' &&
         text[strspn(text, "0123456789")] == '\0';
}

/* What getopt complains about: the argument before optind, or a letter. */
static int complain(const struct vqe_cmd_table *table, int code, char **argv)
{
  const char *given = argv[optind - 1];
  const struct vqe_cmd_option *entry =
      optopt != 0 ? entry_of(table, optopt) : NULL;
  char letter[3] = {'-', (char)optopt, '\0'};
  if (code == ':' && entry != NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "option --%s needs a value: %s",
                         entry->name, entry->argument);
  }
  if (optopt >= LONG_BASE && entry != NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "option --%s takes no value: '%s'",
                         entry->name, given);
  }
  if (optopt != 0) {
    return unknown_option(table, letter);
  }
  /* an abbreviation that fits several options is unknown as well */
  return unknown_option(table, given);
}

int vqe_cmd_table_parse(const struct vqe_cmd_table *table, void *out,
                        int *first, int argc, char **argv)
{
  struct option options[MAX_OPTIONS + 1];
  char letters[2 * MAX_OPTIONS + 2];
  if (table->noptions > MAX_OPTIONS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED, "too many options");
  }
  fill_getopt(table, options, letters);
  opterr = 0;
  optind = 0; /* start anew, whoever parsed before */
  for (;;) {
    optopt = 0;
    int code = getopt_long(argc, argv, letters, options, NULL);
    if (code == -1) {
      break;
    }
    if (code == '?' || code == ':') {
      return complain(table, code, argv);
    }
    const struct vqe_cmd_option *entry = entry_of(table, code);
    const char *text = optarg;
    if (entry->kind == VQE_CMD_OPTIONAL && text == NULL && optind < argc &&
        all_digits(argv[optind])) {
      text = argv[optind++];
    }
    int status = store(out, entry, text);
    if (status != VQE_OK) {
      return status;
    }
  }
  *first = optind;
  return VQE_OK;
}

bool vqe_cmd_table_is_set(const struct vqe_cmd_option *entry, const void *out)
{
  const char *member = (const char *)out + entry->offset;
  const char *text = NULL;
  bool flag = false;
  int number = 0;
  switch (entry->kind) {
  case VQE_CMD_FLAG:
    memcpy(&flag, member, sizeof flag);
    return flag;
  case VQE_CMD_TEXT:
    memcpy(&text, member, sizeof text);
    return text != NULL;
  case VQE_CMD_OPTIONAL:
    memcpy(&flag, (const char *)out + entry->flag, sizeof flag);
    return flag;
  case VQE_CMD_WORDS:
    member += offsetof(struct vqe_cmd_words, count);
    break;
  case VQE_CMD_COUNT:
    break;
  }
  memcpy(&number, member, sizeof number);
  return number != 0;
}
