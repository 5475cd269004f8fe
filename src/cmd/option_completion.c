/* Completion of shells, out of the table of options. */
#include <string.h>

#include "base/error_message.h"
#include "option_table.h"

static bool takes_file(const struct vqe_cmd_option *entry)
{
  return entry->choices != NULL && strcmp(entry->choices, "FILE") == 0;
}

/* ---- bash ---- */

static void bash_argument(const struct vqe_cmd_option *entry, FILE *stream)
{
  if (entry->argument == NULL || entry->kind == VQE_CMD_OPTIONAL) {
    return;
  }
  fprintf(stream, "  ");
  if (entry->letter != 0) {
    fprintf(stream, "-%c | ", entry->letter);
  }
  fprintf(stream, "--%s)\n", entry->name);
  if (takes_file(entry)) {
    fprintf(stream, "    COMPREPLY=($(compgen -f -- \"$current\"))\n");
  } else if (entry->choices != NULL) {
    fprintf(stream, "    COMPREPLY=($(compgen -W '%s' -- \"$current\"))\n",
            entry->choices);
  }
  fprintf(stream, "    return ;;\n");
}

static void complete_bash(const struct vqe_cmd_table *table, FILE *stream)
{
  const char *program = table->program;
  fprintf(stream,
          "# bash completion of %s: "
          "source <(%s --completion bash)\n"
          "_%s()\n{\n"
          "  local current=${COMP_WORDS[COMP_CWORD]}\n"
          "  local previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "  COMPREPLY=()\n"
          "  case $previous in\n",
          program, program, program);
  for (size_t k = 0; k < table->noptions; k++) {
    bash_argument(&table->options[k], stream);
  }
  fprintf(stream, "  esac\n"
                  "  if [[ $current == -* ]]; then\n"
                  "    COMPREPLY=($(compgen -W '");
  for (size_t k = 0; k < table->noptions; k++) {
    fprintf(stream, "%s--%s", k > 0 ? " " : "", table->options[k].name);
  }
  fprintf(stream, "' -- \"$current\"))\n");
  if (table->ncommands > 0) {
    fprintf(stream, "  elif [[ $COMP_CWORD -eq 1 ]]; then\n"
                    "    COMPREPLY=($(compgen -W '");
    for (size_t k = 0; k < table->ncommands; k++) {
      fprintf(stream, "%s%s", k > 0 ? " " : "", table->commands[k].name);
    }
    fprintf(stream, "' -- \"$current\")%s)\n",
            table->other_words ? " $(compgen -f -- \"$current\")" : "");
  }
  fprintf(stream,
          "  else\n"
          "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
          "  fi\n}\n"
          "complete -o filenames -F _%s %s\n",
          program, program);
}

/* ---- zsh ---- */

/* Inside single quotes, where _arguments reads brackets and colons. */
static void zsh_text(const char *text, FILE *stream)
{
  for (; *text != '\0'; text++) {
    if (*text == '\'') {
      fputs("'\\''", stream);
      continue;
    }
    if (strchr("[]:\\", *text) != NULL) {
      fputc('\\', stream);
    }
    fputc(*text, stream);
  }
}

static void zsh_option(const struct vqe_cmd_option *entry, FILE *stream)
{
  bool many = entry->kind == VQE_CMD_WORDS;
  if (entry->letter != 0) {
    fprintf(stream, "  '(-%c --%s)'{-%c,--%s}'[", entry->letter, entry->name,
            entry->letter, entry->name);
  } else {
    fprintf(stream, "  '%s--%s[", many ? "*" : "", entry->name);
  }
  zsh_text(entry->help, stream);
  fputc(']', stream);
  if (entry->argument != NULL) {
    fputs(entry->kind == VQE_CMD_OPTIONAL ? "::" : ":", stream);
    zsh_text(entry->argument, stream);
    fputc(':', stream);
    if (takes_file(entry)) {
      fputs("_files", stream);
    } else if (entry->choices != NULL) {
      fprintf(stream, "(%s)", entry->choices);
    }
  }
  fputs("' \\\n", stream);
}

static void complete_zsh(const struct vqe_cmd_table *table, FILE *stream)
{
  const char *program = table->program;
  fprintf(stream,
          "#compdef %s\n"
          "# zsh completion of %s: %s --completion zsh > "
          "~/.zfunc/_%s, a folder of fpath\n"
          "local -a commands=(\n",
          program, program, program, program);
  for (size_t k = 0; k < table->ncommands; k++) {
    fprintf(stream, "  '%s:", table->commands[k].name);
    zsh_text(table->commands[k].help, stream);
    fputs("'\n", stream);
  }
  fputs(")\n_arguments -s -S \\\n", stream);
  for (size_t k = 0; k < table->noptions; k++) {
    zsh_option(&table->options[k], stream);
  }
  if (table->ncommands > 0) {
    fputs("  '1: :->first' \\\n", stream);
  }
  fputs("  '*:file:_files'\n", stream);
  if (table->ncommands > 0) {
    fprintf(stream,
            "if [[ $state == first ]]; then\n"
            "  _describe command commands\n"
            "%sfi\n",
            table->other_words ? "  _files\n" : "");
  }
}

/* ---- fish ---- */

static void fish_text(const char *text, FILE *stream)
{
  fputc('\'', stream);
  for (; *text != '\0'; text++) {
    if (*text == '\'' || *text == '\\') {
      fputc('\\', stream);
    }
    fputc(*text, stream);
  }
  fputc('\'', stream);
}

static void fish_option(const char *program,
                        const struct vqe_cmd_option *entry, FILE *stream)
{
  fprintf(stream, "complete -c %s", program);
  if (entry->letter != 0) {
    fprintf(stream, " -s %c", entry->letter);
  }
  fprintf(stream, " -l %s", entry->name);
  if (entry->argument != NULL && entry->kind != VQE_CMD_OPTIONAL) {
    fputs(takes_file(entry) ? " -r -F" : " -x", stream);
    if (entry->choices != NULL && !takes_file(entry)) {
      fprintf(stream, " -a '%s'", entry->choices);
    }
  }
  fputs(" -d ", stream);
  fish_text(entry->help, stream);
  fputc('\n', stream);
}

static void complete_fish(const struct vqe_cmd_table *table, FILE *stream)
{
  const char *program = table->program;
  fprintf(stream,
          "# fish completion of %s: %s --completion fish > "
          "~/.config/fish/completions/%s.fish\n",
          program, program, program);
  for (size_t k = 0; k < table->ncommands; k++) {
    fprintf(stream, "complete -c %s -n __fish_use_subcommand%s -a %s -d ",
            program, table->other_words ? "" : " -f", table->commands[k].name);
    fish_text(table->commands[k].help, stream);
    fputc('\n', stream);
  }
  for (size_t k = 0; k < table->noptions; k++) {
    fish_option(program, &table->options[k], stream);
  }
}

/* ---- shells ---- */

static const struct {
  const char *name;
  void (*complete)(const struct vqe_cmd_table *table, FILE *stream);
} shells[] = {
    {"bash", complete_bash}, {"zsh", complete_zsh}, {"fish", complete_fish}};

#define SHELLS (sizeof shells / sizeof shells[0])

int vqe_cmd_table_check_shell(const char *shell)
{
  for (size_t k = 0; k < SHELLS; k++) {
    if (strcmp(shell, shells[k].name) == 0) {
      return VQE_OK;
    }
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "option --completion: no completion for '%.40s', only "
                       "for " VQE_CMD_SHELLS,
                       shell);
}

int vqe_cmd_table_completion(const struct vqe_cmd_table *table,
                             const char *shell, FILE *stream)
{
  int status = vqe_cmd_table_check_shell(shell);
  for (size_t k = 0; k < SHELLS; k++) {
    if (strcmp(shell, shells[k].name) == 0) {
      shells[k].complete(table, stream);
    }
  }
  return status;
}
