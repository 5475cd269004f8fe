/* --help and the man page, out of the table of options. */
#include <string.h>

#include "base/error_message.h"
#include "base/text.h"
#include "option_table.h"

#define WIDEST 79
/* Where texts begin beside their names; in windows narrower than this twice
 * they go below. */
#define INDENT 29
#define NARROW_INDENT 6

/* Topics beside those of groups and the commands. */
static const char *const sections[] = {"examples", "environment", "paths",
                                       "exit"};
enum { EXAMPLES, ENVIRONMENT, PATHS, EXIT, SECTIONS };

/* ---- help ---- */

struct page {
  FILE *stream;
  int width;
  bool begun; /* something stands above */
};

static void title(struct page *page, const char *name)
{
  fprintf(page->stream, "%s%s:\n", page->begun ? "\n" : "", name);
  page->begun = true;
}

static struct page page_of(FILE *stream)
{
  struct page page = {.stream = stream, .width = vqe_text_width(stream) - 1};
  page.width = page.width < WIDEST ? page.width : WIDEST;
  return page;
}

/* `text` in lines, after `indent` already written columns. */
static void wrap(const struct page *page, const char *text, int indent)
{
  int column = indent;
  while (*text != '\0') {
    int length = (int)strcspn(text, " ");
    if (column > indent && column + 1 + length > page->width) {
      fprintf(page->stream, "\n%*s", indent, "");
      column = indent;
    } else if (column > indent) {
      fputc(' ', page->stream);
      column++;
    }
    fprintf(page->stream, "%.*s", length, text);
    column += length;
    text += length;
    text += strspn(text, " ");
  }
  fputc('\n', page->stream);
}

static void print_item(const struct page *page, const char *name,
                       const char *help)
{
  bool narrow = page->width < 2 * INDENT;
  int indent = narrow ? NARROW_INDENT : INDENT;
  if (narrow || strlen(name) > INDENT - 3) {
    fprintf(page->stream, "  %s\n%*s", name, indent, "");
  } else {
    fprintf(page->stream, "  %-*s", INDENT - 2, name);
  }
  wrap(page, help, indent);
}

static void spell(char out[64], const struct vqe_cmd_option *entry)
{
  char letter[8] = "    ";
  char argument[32] = "";
  if (entry->letter != 0) {
    snprintf(letter, sizeof letter, "-%c, ", entry->letter);
  }
  if (entry->kind == VQE_CMD_OPTIONAL) {
    snprintf(argument, sizeof argument, " [%s]", entry->argument);
  } else if (entry->argument != NULL) {
    snprintf(argument, sizeof argument, " %s", entry->argument);
  }
  snprintf(out, 64, "%s--%s%s", letter, entry->name, argument);
}

static void print_group(struct page *page, const struct vqe_cmd_table *table,
                        int group)
{
  char name[64];
  title(page, table->groups[group]);
  for (size_t k = 0; k < table->noptions; k++) {
    if (table->options[k].group == group) {
      spell(name, &table->options[k]);
      print_item(page, name, table->options[k].help);
    }
  }
}

static void print_commands(struct page *page,
                           const struct vqe_cmd_table *table)
{
  char name[64];
  if (table->ncommands > 0) {
    title(page, "Commands");
  }
  for (size_t k = 0; k < table->ncommands; k++) {
    snprintf(name, sizeof name, "%s %s", table->commands[k].name,
             table->commands[k].arguments);
    print_item(page, name, table->commands[k].help);
  }
}

static void print_notes(struct page *page, const char *name,
                        const struct vqe_cmd_note *notes, size_t count)
{
  if (count > 0) {
    title(page, name);
  }
  for (size_t k = 0; k < count; k++) {
    fprintf(page->stream, "  ");
    wrap(page, notes[k].name, 2);
    fprintf(page->stream, "%*s", NARROW_INDENT, "");
    wrap(page, notes[k].text, NARROW_INDENT);
  }
}

/* Command lines are to be copied: they stay whole. */
static void print_examples(struct page *page,
                           const struct vqe_cmd_table *table)
{
  if (table->nexamples > 0) {
    title(page, "Examples");
  }
  for (size_t k = 0; k < table->nexamples; k++) {
    fprintf(page->stream, "  %s\n%*s", table->examples[k].name, NARROW_INDENT,
            "");
    wrap(page, table->examples[k].text, NARROW_INDENT);
  }
}

static void print_statuses(struct page *page,
                           const struct vqe_cmd_table *table)
{
  title(page, "Exit status");
  for (size_t k = 0; k < table->nstatuses; k++) {
    fprintf(page->stream, "  %s  ", table->statuses[k].status);
    wrap(page, table->statuses[k].meaning, 5);
  }
}

static void print_section(struct page *page, const struct vqe_cmd_table *table,
                          int section)
{
  switch (section) {
  case EXAMPLES:
    print_examples(page, table);
    break;
  case ENVIRONMENT:
    print_notes(page, "Environment", table->environment, table->nenvironment);
    break;
  case PATHS:
    print_notes(page, "Files", table->files, table->nfiles);
    break;
  default:
    print_statuses(page, table);
  }
}

/* The words of --help TOPIC, in a line or an error. */
static void list_topics(char *out, size_t size,
                        const struct vqe_cmd_table *table)
{
  size_t used = 0;
  out[0] = '\0';
  for (int k = 0; k < table->ngroups + SECTIONS && used < size; k++) {
    used += (size_t)snprintf(
        out + used, size - used, "%s%s", k > 0 ? ", " : "",
        k < table->ngroups ? table->topics[k] : sections[k - table->ngroups]);
  }
  if (table->takes != NULL && used < size) {
    (void)snprintf(out + used, size - used, ", or a command");
  }
}

static void print_all(struct page *page, const struct vqe_cmd_table *table)
{
  char topics[256];
  fprintf(page->stream, "Usage: %s\n\n%s - %s.\n\n", table->usage,
          table->program, table->summary);
  wrap(page, table->introduction, 0);
  page->begun = true;
  print_commands(page, table);
  for (int group = 0; group < table->ngroups; group++) {
    print_group(page, table, group);
  }
  print_statuses(page, table);
  print_examples(page, table);
  if (table->topics != NULL) {
    list_topics(topics, sizeof topics, table);
    fprintf(page->stream, "\nTopics of --help TOPIC:\n  ");
    wrap(page, topics, 2);
  }
}

/* A command, with the options it takes. */
static void print_command(struct page *page, const struct vqe_cmd_table *table,
                          size_t command)
{
  char name[64];
  const struct vqe_cmd_command *entry = &table->commands[command];
  fprintf(page->stream, "Usage: %s %s%s%s [options]\n\n", table->program,
          entry->name, entry->arguments[0] != '\0' ? " " : "",
          entry->arguments);
  wrap(page, entry->help, 0);
  page->begun = true;
  title(page, "Options");
  for (size_t k = 0; k < table->noptions; k++) {
    if (table->takes(command, table->options[k].name)) {
      spell(name, &table->options[k]);
      print_item(page, name, table->options[k].help);
    }
  }
}

static int no_topic(const struct vqe_cmd_table *table, const char *topic)
{
  char topics[256];
  list_topics(topics, sizeof topics, table);
  return vqe_error_set(VQE_ERR_INPUT,
                       "--help has no topic '%.40s': the topics are %s", topic,
                       topics);
}

int vqe_cmd_table_help(const struct vqe_cmd_table *table, const char *topic,
                       FILE *stream)
{
  struct page page = page_of(stream);
  if (topic == NULL || table->topics == NULL) {
    print_all(&page, table);
    return VQE_OK;
  }
  for (size_t k = 0; table->takes != NULL && k < table->ncommands; k++) {
    if (strcmp(topic, table->commands[k].name) == 0) {
      print_command(&page, table, k);
      return VQE_OK;
    }
  }
  for (int k = 0; k < table->ngroups; k++) {
    if (strcmp(topic, table->topics[k]) == 0) {
      print_group(&page, table, k);
      return VQE_OK;
    }
  }
  for (int k = 0; k < SECTIONS; k++) {
    if (strcmp(topic, sections[k]) == 0) {
      print_section(&page, table, k);
      return VQE_OK;
    }
  }
  return no_topic(table, topic);
}

/* ---- the man page ---- */

/* Text with roff's special characters made plain. */
static void roff(FILE *stream, const char *text)
{
  if (*text == '.' || *text == '\'') {
    fputs("\\&", stream);
  }
  for (; *text != '\0'; text++) {
    if (*text == '-') {
      fputs("\\-", stream);
    } else if (*text == '\\') {
      fputs("\\e", stream);
    } else {
      fputc(*text, stream);
    }
  }
}

/* "vqe_batch status" has the page vqe_batch-status. */
static void man_title(const struct vqe_cmd_table *table, FILE *stream)
{
  fprintf(stream, ".TH ");
  for (const char *c = table->program; *c != '\0'; c++) {
    fputc(*c == ' '                ? '-'
          : *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A'
                                   : *c,
          stream);
  }
  fprintf(stream, " 1 \"\" \"vqe_batch %s\" \"User Commands\"\n", VQE_VERSION);
  fprintf(stream, ".SH NAME\n");
  for (const char *c = table->program; *c != '\0'; c++) {
    fputs(*c == ' ' ? "\\-" : (char[]){*c, '\0'}, stream);
  }
  fprintf(stream, " \\- ");
  roff(stream, table->summary);
  fprintf(stream, "\n.SH SYNOPSIS\n");
  roff(stream, table->usage);
  fprintf(stream, "\n.SH DESCRIPTION\n");
  roff(stream,
       table->description != NULL ? table->description : table->introduction);
  fputc('\n', stream);
}

static void man_option(const struct vqe_cmd_option *entry, FILE *stream)
{
  fprintf(stream, ".TP\n");
  if (entry->letter != 0) {
    fprintf(stream, "\\fB\\-%c\\fR, ", entry->letter);
  }
  fprintf(stream, "\\fB\\-\\-");
  roff(stream, entry->name);
  fprintf(stream, "\\fR");
  if (entry->argument != NULL) {
    fprintf(stream,
            entry->kind == VQE_CMD_OPTIONAL ? " [\\fI%s\\fR]" : " \\fI%s\\fR",
            entry->argument);
  }
  fputc('\n', stream);
  roff(stream, entry->help);
  fputc('\n', stream);
}

static void man_commands(const struct vqe_cmd_table *table, FILE *stream)
{
  if (table->ncommands > 0) {
    fprintf(stream, ".SH COMMANDS\n");
  }
  for (size_t k = 0; k < table->ncommands; k++) {
    fprintf(stream, ".TP\n\\fB");
    roff(stream, table->commands[k].name);
    fprintf(stream, "\\fR \\fI");
    roff(stream, table->commands[k].arguments);
    fprintf(stream, "\\fR\n");
    roff(stream, table->commands[k].help);
    fputc('\n', stream);
  }
}

static void man_notes(const char *title, const struct vqe_cmd_note *notes,
                      size_t count, FILE *stream)
{
  if (count > 0) {
    fprintf(stream, ".SH %s\n", title);
  }
  for (size_t k = 0; k < count; k++) {
    fprintf(stream, ".TP\n\\fB");
    roff(stream, notes[k].name);
    fprintf(stream, "\\fR\n");
    roff(stream, notes[k].text);
    fputc('\n', stream);
  }
}

/* Command lines to be copied, without filling. */
static void man_examples(const struct vqe_cmd_table *table, FILE *stream)
{
  if (table->nexamples > 0) {
    fprintf(stream, ".SH EXAMPLES\n");
  }
  for (size_t k = 0; k < table->nexamples; k++) {
    fprintf(stream, "%s", k > 0 ? ".PP\n" : "");
    roff(stream, table->examples[k].text);
    fprintf(stream, "\n.PP\n.RS 4\n.EX\n");
    roff(stream, table->examples[k].name);
    fprintf(stream, "\n.EE\n.RE\n");
  }
}

void vqe_cmd_table_man(const struct vqe_cmd_table *table, FILE *stream)
{
  man_title(table, stream);
  man_commands(table, stream);
  fprintf(stream, ".SH OPTIONS\nDefaults stand in parentheses.\n");
  for (int group = 0; group < table->ngroups; group++) {
    fprintf(stream, ".SS ");
    roff(stream, table->groups[group]);
    fputc('\n', stream);
    for (size_t k = 0; k < table->noptions; k++) {
      if (table->options[k].group == group) {
        man_option(&table->options[k], stream);
      }
    }
  }
  fprintf(stream, ".SH EXIT STATUS\n");
  for (size_t k = 0; k < table->nstatuses; k++) {
    fprintf(stream, ".TP\n%s\n", table->statuses[k].status);
    roff(stream, table->statuses[k].meaning);
    fputc('\n', stream);
  }
  man_notes("ENVIRONMENT", table->environment, table->nenvironment, stream);
  man_notes("FILES", table->files, table->nfiles, stream);
  man_examples(table, stream);
  fprintf(stream, ".SH SEE ALSO\n");
  fprintf(stream, "\\fBvqe_batch\\fR(1), \\fBvqe_batch\\-generate\\fR(1), "
                  "\\fBvqe_batch\\-status\\fR(1), \\fBvqe_lake\\fR(1)\n");
}
