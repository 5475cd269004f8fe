/* A command line described by one table, which drives parsing, --help, the
 * man page and shell completion. */
#ifndef VQE_CMD_OPTION_TABLE_H
#define VQE_CMD_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum vqe_cmd_kind {
  VQE_CMD_FLAG,     /* bool member */
  VQE_CMD_TEXT,     /* const char * member */
  VQE_CMD_COUNT,    /* int member, at least 1 */
  VQE_CMD_OPTIONAL, /* bool member `flag`; int member, from 0, may be left
                       out */
  VQE_CMD_WORDS     /* struct vqe_cmd_words member; may be repeated */
};

#define VQE_CMD_WORDS_MOST 32
/* What a repeated option was given. */
struct vqe_cmd_words {
  const char *list[VQE_CMD_WORDS_MOST];
  int count;
};

struct vqe_cmd_option {
  const char *name;
  char letter;          /* 0: none */
  const char *argument; /* NULL: none */
  int group;            /* index of its title */
  enum vqe_cmd_kind kind;
  size_t offset;       /* in the struct of options */
  const char *choices; /* for completion; NULL: free, "FILE": a path */
  const char *help;
  size_t flag; /* VQE_CMD_OPTIONAL: offset of the bool */
};

/* First word after the program, where a program has several commands. */
struct vqe_cmd_command {
  const char *name;
  const char *arguments; /* "SOURCE", "SQL" */
  const char *help;
};

struct vqe_cmd_status {
  const char *status, *meaning;
};

/* A variable of the environment or a file, and what it is for; or an example:
 * a command line, and what it does. */
struct vqe_cmd_note {
  const char *name, *text;
};

struct vqe_cmd_table {
  const char *program;
  const char *summary;      /* "ground-state energies ..." */
  const char *usage;        /* "mpirun -np N vqe_batch JOB [options]" */
  const char *introduction; /* of --help, one paragraph */
  const char *description;  /* of the man page, one paragraph */
  const struct vqe_cmd_command *commands; /* NULL: none */
  size_t ncommands;
  bool other_words; /* what is no command may stand first as well: a file */
  /* does a command take an option? NULL: options are of the program */
  bool (*takes)(size_t command, const char *option);
  const struct vqe_cmd_option *options;
  size_t noptions;
  const char *const *groups; /* titles */
  const char *const *topics; /* a word for each, of --help TOPIC; NULL: none */
  int ngroups;
  const struct vqe_cmd_status *statuses;
  size_t nstatuses;
  const struct vqe_cmd_note *examples, *environment, *files;
  size_t nexamples, nenvironment, nfiles;
};

/* Fill the struct at `out`, zeroed by the caller; strings point into argv,
 * which getopt reorders: argv[*first] and what follows are no options.
 * VQE_ERR_INPUT names the option, and the nearest known one when there is no
 * such option. Not thread-safe, as getopt is not. */
int vqe_cmd_table_parse(const struct vqe_cmd_table *table, void *out,
                        int *first, int argc, char **argv);

/* Was the option given? (Its member of the struct at `out` is not zero.) */
bool vqe_cmd_table_is_set(const struct vqe_cmd_option *entry, const void *out);

/* Print the help, as wide as the window but at most 79 columns; of `topic` (a
 * command, a word of `topics`, examples, environment, files or status), or all
 * of it where that is NULL. VQE_ERR_INPUT names the topics. */
int vqe_cmd_table_help(const struct vqe_cmd_table *table, const char *topic,
                       FILE *stream);
/* roff, section 1 */
void vqe_cmd_table_man(const struct vqe_cmd_table *table, FILE *stream);
/* Completion for bash, zsh or fish; VQE_ERR_INPUT for another shell. */
int vqe_cmd_table_completion(const struct vqe_cmd_table *table,
                             const char *shell, FILE *stream);
/* VQE_OK for a shell that vqe_cmd_table_completion() knows. */
int vqe_cmd_table_check_shell(const char *shell);
/* The choices of --completion. */
#define VQE_CMD_SHELLS "bash zsh fish"

/* "s" where there is not exactly one. */
static inline const char *vqe_cmd_plural(size_t count)
{
  return count == 1 ? "" : "s";
}

#endif
