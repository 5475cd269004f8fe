#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/suggest.h"

enum kind {
  KIND_FLAG,  /* bool member */
  KIND_TEXT,  /* const char * member */
  KIND_COUNT, /* int member, at least 1 */
  KIND_QASM   /* optional index */
};

enum group { GROUP_JOB, GROUP_RUN, GROUP_OUTPUT, GROUP_OTHER, GROUPS };

static const char *const group_titles[GROUPS] = {
    "What is computed (these override the job file; lists by commas)",
    "How it runs", "What it shows and writes", "Other"};

struct option_entry {
  const char *name;
  char letter;          /* 0: none */
  const char *argument; /* NULL: none */
  enum group group;
  enum kind kind;
  size_t offset;       /* in struct vqe_cmd_options */
  const char *choices; /* for completion; NULL: free, "FILE": a path */
  const char *help;
};

#define AT(member) offsetof(struct vqe_cmd_options, member)

/* clang-format off */
static const struct option_entry table[] = {
    {"basis", 'b', "LIST", GROUP_JOB, KIND_TEXT, AT(overrides.basis),
     "sto-3g 6-31g cc-pvdz",
     "basis sets, or paths of NWChem basis files (sto-3g)"},
    {"frozen-core", 0, "N", GROUP_JOB, KIND_TEXT, AT(overrides.frozen_core),
     "true false",
     "orbitals to freeze, or true for the atoms' core orbitals (0)"},
    {"active-space", 0, "E,O", GROUP_JOB, KIND_TEXT,
     AT(overrides.active_space), NULL,
     "active electrons and orbitals, or none (none)"},
    {"no-symmetry", 0, NULL, GROUP_JOB, KIND_FLAG, AT(overrides.no_symmetry),
     NULL, "do not use the symmetry of the integrals"},
    {"ansatz", 'a', "LIST", GROUP_JOB, KIND_TEXT, AT(overrides.ansatz),
     "UCCSD EfficientSU2 RealAmplitudes ExcitationPreserving",
     "UCCSD, EfficientSU2, RealAmplitudes, ExcitationPreserving (UCCSD)"},
    {"reps", 0, "N", GROUP_JOB, KIND_TEXT, AT(overrides.reps), NULL,
     "repetitions of the ansatz (1 for UCCSD, 2 for circuits)"},
    {"entanglement", 0, "MAP", GROUP_JOB, KIND_TEXT,
     AT(overrides.entanglement),
     "reverse_linear linear full circular pairwise sca",
     "entanglement map of circuits (reverse_linear; ExcitationPreserving: "
     "full)"},
    {"optimizer", 0, "LIST", GROUP_JOB, KIND_TEXT, AT(overrides.optimizer),
     "L-BFGS-B SLSQP COBYLA BOBYQA Nelder-Mead TNC Powell BFGS CG SPSA Adam",
     "optimizers under SciPy's names (L-BFGS-B)"},
    {"max-evaluations", 0, "N", GROUP_JOB, KIND_TEXT,
     AT(overrides.max_evaluations), NULL,
     "limit on energy evaluations (10000)"},
    {"gtol", 0, "X", GROUP_JOB, KIND_TEXT, AT(overrides.gtol), NULL,
     "converged when no gradient component is larger, hartree (1e-4)"},
    {"ftol", 0, "X", GROUP_JOB, KIND_TEXT, AT(overrides.ftol), NULL,
     "tolerance of the energy, hartree (1e-8)"},
    {"max-seconds", 0, "X", GROUP_JOB, KIND_TEXT, AT(overrides.max_seconds),
     NULL, "limit on the time of one optimisation, or none (none)"},
    {"init", 'i', "LIST", GROUP_JOB, KIND_TEXT, AT(overrides.init),
     "random hf mp2 file:",
     "initial parameters: random, hf, mp2 or file:PATH (mp2 for closed-shell "
     "UCCSD, else hf)"},
    {"init-noise", 0, "X", GROUP_JOB, KIND_TEXT, AT(overrides.init_noise),
     NULL, "normal noise added to them, radian (0; hf: 0.05 EfficientSU2 and "
     "RealAmplitudes, 0.5 ExcitationPreserving)"},
    {"seed", 's', "LIST", GROUP_JOB, KIND_TEXT, AT(overrides.seed), NULL,
     "seeds, 0 to 2147483647 (drawn and recorded)"},
    {"shots", 0, "N", GROUP_JOB, KIND_TEXT, AT(overrides.shots), NULL,
     "samples a group of Pauli terms, or none for exact energies (none)"},
    {"references", 0, "LIST", GROUP_JOB, KIND_TEXT, AT(overrides.references),
     "hf mp2 fci", "reference energies: hf, mp2, fci (all that fit memory)"},
    {"device", 0, "NAME", GROUP_RUN, KIND_TEXT, AT(overrides.device),
     "auto cpu cuda", "auto, cpu or cuda (auto)"},
    {"precision", 0, "NAME", GROUP_RUN, KIND_TEXT, AT(overrides.precision),
     "double single", "double or single (double)"},
    {"threads", 't', "N", GROUP_RUN, KIND_COUNT, AT(threads), NULL,
     "threads of each rank (cores / ranks on this node)"},
    {"force", 'f', NULL, GROUP_RUN, KIND_FLAG, AT(force), NULL,
     "repeat experiments that the result file already holds"},
    {"strict", 0, NULL, GROUP_RUN, KIND_FLAG, AT(overrides.strict), NULL,
     "stop before the start when a molecule is bad"},
    {"dry-run", 'n', NULL, GROUP_RUN, KIND_FLAG, AT(dry_run), NULL,
     "list the experiments with qubits, parameters, memory and cost; run "
     "nothing"},
    {"output", 'o', "FILE", GROUP_OUTPUT, KIND_TEXT, AT(overrides.output),
     "FILE", "HDF5 result (the job's name with .h5, in this directory)"},
    {"summary", 0, "FILE", GROUP_OUTPUT, KIND_TEXT, AT(summary), "FILE",
     "write the final table as JSON"},
    {"quiet", 'q', NULL, GROUP_OUTPUT, KIND_FLAG, AT(quiet), NULL,
     "no progress, only the final table"},
    {"log-json", 0, NULL, GROUP_OUTPUT, KIND_FLAG, AT(log_json), NULL,
     "progress as one JSON object a line"},
    {"qasm", 0, "INDEX", GROUP_OUTPUT, KIND_QASM, AT(qasm_index), NULL,
     "print the circuit of an experiment (0) as OpenQASM 3 and end"},
    {"help", 'h', NULL, GROUP_OTHER, KIND_FLAG, AT(help), NULL,
     "show this text"},
    {"version", 'V', NULL, GROUP_OTHER, KIND_FLAG, AT(version), NULL,
     "show the version"},
    {"man", 0, NULL, GROUP_OTHER, KIND_FLAG, AT(man), NULL,
     "print the man page (vqe_batch --man | man -l -)"},
    {"completion", 0, "SHELL", GROUP_OTHER, KIND_TEXT, AT(completion),
     "bash", "print completion for bash"},
};
/* clang-format on */

#define ENTRIES (sizeof table / sizeof table[0])

static const char summary_line[] =
    "ground-state energies of molecules with VQE";

static const struct {
  const char *status, *meaning;
} exit_statuses[] = {
    {"0", "every experiment is done"},
    {"1", "some experiments failed or results are undelivered; all others "
          "are safe"},
    {"2", "bad usage or input"},
    {"3", "interrupted; the same command resumes"},
};

#define STATUSES (sizeof exit_statuses / sizeof exit_statuses[0])

/* ---- parsing ---- */

static int unknown_option(const char *given)
{
  const char *names[ENTRIES];
  char word[64];
  for (size_t k = 0; k < ENTRIES; k++) {
    names[k] = table[k].name;
  }
  const char *start = given + strspn(given, "-");
  snprintf(word, sizeof word, "%.*s", (int)strcspn(start, "="), start);
  const char *nearest = given[0] == '-' && given[1] == '-'
                            ? vqe_suggest(word, names, ENTRIES)
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

static int store(struct vqe_cmd_options *out, const struct option_entry *entry,
                 const char *text)
{
  char *member = (char *)out + entry->offset;
  bool set = true;
  int number = 0;
  int status;
  switch (entry->kind) {
  case KIND_FLAG:
    memcpy(member, &set, sizeof set);
    return VQE_OK;
  case KIND_TEXT:
    if (text[0] == '\0') {
      return vqe_error_set(VQE_ERR_INPUT, "option --%s: %s is empty",
                           entry->name, entry->argument);
    }
    memcpy(member, &text, sizeof text);
    return VQE_OK;
  case KIND_QASM:
    out->qasm = true;
    if (text == NULL) {
      return VQE_OK;
    }
    break;
  case KIND_COUNT:
    break;
  }
  status = read_number(&number, entry->name, text,
                       entry->kind == KIND_COUNT ? 1 : 0);
  if (status == VQE_OK) {
    memcpy(member, &number, sizeof number);
  }
  return status;
}

/* getopt's tables from ours. Long options return 256 + index. */
static void fill_getopt(struct option options[ENTRIES + 1],
                        char letters[2 * ENTRIES + 2])
{
  char *next = letters;
  *next++ = ':';
  memset(options, 0, (ENTRIES + 1) * sizeof *options);
  for (size_t k = 0; k < ENTRIES; k++) {
    options[k].name = table[k].name;
    options[k].has_arg = table[k].argument == NULL    ? no_argument
                         : table[k].kind == KIND_QASM ? optional_argument
                                                      : required_argument;
    options[k].val = 256 + (int)k;
    if (table[k].letter != 0) {
      *next++ = table[k].letter;
      if (table[k].argument != NULL) {
        *next++ = ':';
      }
    }
  }
  *next = '\0';
}

static const struct option_entry *entry_of(int code)
{
  if (code >= 256) {
    return &table[code - 256];
  }
  for (size_t k = 0; k < ENTRIES; k++) {
    if (table[k].letter != 0 && table[k].letter == code) {
      return &table[k];
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
static int complain(int code, char **argv)
{
  const char *given = argv[optind - 1];
  const struct option_entry *entry = optopt != 0 ? entry_of(optopt) : NULL;
  char letter[3] = {'-', (char)optopt, '\0'};
  if (code == ':' && entry != NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "option --%s needs a value: %s",
                         entry->name, entry->argument);
  }
  if (optopt >= 256 && entry != NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "option --%s takes no value: '%s'",
                         entry->name, given);
  }
  if (optopt != 0) {
    return unknown_option(letter);
  }
  /* an abbreviation that fits several options is unknown as well */
  return unknown_option(given);
}

int vqe_cmd_options_parse(struct vqe_cmd_options *out, int argc, char **argv)
{
  struct option options[ENTRIES + 1];
  char letters[2 * ENTRIES + 2];
  memset(out, 0, sizeof *out);
  fill_getopt(options, letters);
  opterr = 0;
  optind = 0; /* start anew, whoever parsed before */
  for (;;) {
    optopt = 0;
    int code = getopt_long(argc, argv, letters, options, NULL);
    if (code == -1) {
      break;
    }
    if (code == '?' || code == ':') {
      return complain(code, argv);
    }
    const struct option_entry *entry = entry_of(code);
    const char *text = optarg;
    if (entry->kind == KIND_QASM && text == NULL && optind < argc &&
        all_digits(argv[optind])) {
      text = argv[optind++];
    }
    int status = store(out, entry, text);
    if (status != VQE_OK) {
      return status;
    }
  }
  if (optind < argc) {
    out->job = argv[optind++];
  }
  if (optind < argc) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "one job at a time: '%s' and '%s' are "
                         "two; name several molecule files in a job file",
                         out->job, argv[optind]);
  }
  if (out->completion != NULL && strcmp(out->completion, "bash") != 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option --completion: no completion "
                         "for '%s', only for bash",
                         out->completion);
  }
  if (out->job == NULL && !out->help && !out->version && !out->man &&
      out->completion == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no job given: vqe_batch JOB, where "
                         "JOB is a job file, a molecule file or an FCIDUMP; "
                         "see --help");
  }
  return VQE_OK;
}

/* ---- help, man page, completion ---- */

/* `text` in lines of 79 columns, after `column` already written ones. */
static void wrap(FILE *stream, const char *text, int indent)
{
  int column = indent;
  while (*text != '\0') {
    int length = (int)strcspn(text, " ");
    if (column > indent && column + 1 + length > 79) {
      fprintf(stream, "\n%*s", indent, "");
      column = indent;
    } else if (column > indent) {
      fputc(' ', stream);
      column++;
    }
    fprintf(stream, "%.*s", length, text);
    column += length;
    text += length;
    text += strspn(text, " ");
  }
  fputc('\n', stream);
}

static void spell(char out[64], const struct option_entry *entry)
{
  char letter[8] = "    ";
  char argument[32] = "";
  if (entry->letter != 0) {
    snprintf(letter, sizeof letter, "-%c, ", entry->letter);
  }
  if (entry->kind == KIND_QASM) {
    snprintf(argument, sizeof argument, " [%s]", entry->argument);
  } else if (entry->argument != NULL) {
    snprintf(argument, sizeof argument, " %s", entry->argument);
  }
  snprintf(out, 64, "%s--%s%s", letter, entry->name, argument);
}

void vqe_cmd_options_help(FILE *stream)
{
  fprintf(stream,
          "Usage: mpirun -np N vqe_batch JOB [options]\n\n"
          "vqe_batch - %s.\n\n"
          "JOB: a job file (jobs/README.md), a molecule file (JSON, XYZ,\n"
          "QCSchema) or an FCIDUMP, the rest by options. Defaults stand in\n"
          "parentheses.\n",
          summary_line);
  for (int group = 0; group < GROUPS; group++) {
    fprintf(stream, "\n%s:\n", group_titles[group]);
    for (size_t k = 0; k < ENTRIES; k++) {
      char name[64];
      if ((int)table[k].group != group) {
        continue;
      }
      spell(name, &table[k]);
      fprintf(stream, "  %-27s", name);
      if (strlen(name) > 26) {
        fprintf(stream, "\n%29s", "");
      }
      wrap(stream, table[k].help, 29);
    }
  }
  fprintf(stream, "\nExit status:\n");
  for (size_t k = 0; k < STATUSES; k++) {
    fprintf(stream, "  %s  ", exit_statuses[k].status);
    wrap(stream, exit_statuses[k].meaning, 5);
  }
}

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

void vqe_cmd_options_man(FILE *stream)
{
  fprintf(stream, ".TH VQE_BATCH 1 \"\" \"vqe_batch %s\" \"User Commands\"\n",
          vqe_version());
  fprintf(stream, ".SH NAME\nvqe_batch \\- ");
  roff(stream, summary_line);
  fprintf(stream,
          "\n.SH SYNOPSIS\n.B mpirun\n\\-np\n.I N\n.B vqe_batch\n.I JOB\n"
          "[\\fIoptions\\fR]\n"
          ".SH DESCRIPTION\n"
          "Runs every experiment that\n.I JOB\nasks for and writes an HDF5 "
          "result. JOB is a job file, a molecule file (JSON, XYZ, QCSchema) "
          "or an FCIDUMP. The same command on an existing result skips what "
          "is finished.\n.SH OPTIONS\nDefaults stand in parentheses.\n");
  for (int group = 0; group < GROUPS; group++) {
    fprintf(stream, ".SS ");
    roff(stream, group_titles[group]);
    fputc('\n', stream);
    for (size_t k = 0; k < ENTRIES; k++) {
      const struct option_entry *entry = &table[k];
      if ((int)entry->group != group) {
        continue;
      }
      fprintf(stream, ".TP\n");
      if (entry->letter != 0) {
        fprintf(stream, "\\fB\\-%c\\fR, ", entry->letter);
      }
      fprintf(stream, "\\fB\\-\\-");
      roff(stream, entry->name);
      fprintf(stream, "\\fR");
      if (entry->argument != NULL) {
        fprintf(stream,
                entry->kind == KIND_QASM ? " [\\fI%s\\fR]" : " \\fI%s\\fR",
                entry->argument);
      }
      fputc('\n', stream);
      roff(stream, entry->help);
      fputc('\n', stream);
    }
  }
  fprintf(stream, ".SH EXIT STATUS\n");
  for (size_t k = 0; k < STATUSES; k++) {
    fprintf(stream, ".TP\n%s\n", exit_statuses[k].status);
    roff(stream, exit_statuses[k].meaning);
    fputc('\n', stream);
  }
}

void vqe_cmd_options_completion_bash(FILE *stream)
{
  fprintf(stream, "# bash completion of vqe_batch: "
                  "source <(vqe_batch --completion bash)\n"
                  "_vqe_batch()\n{\n"
                  "  local current=${COMP_WORDS[COMP_CWORD]}\n"
                  "  local previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
                  "  COMPREPLY=()\n"
                  "  case $previous in\n");
  for (size_t k = 0; k < ENTRIES; k++) {
    const struct option_entry *entry = &table[k];
    if (entry->argument == NULL || entry->kind == KIND_QASM) {
      continue;
    }
    fprintf(stream, "  ");
    if (entry->letter != 0) {
      fprintf(stream, "-%c | ", entry->letter);
    }
    fprintf(stream, "--%s)\n", entry->name);
    if (entry->choices != NULL && strcmp(entry->choices, "FILE") == 0) {
      fprintf(stream, "    COMPREPLY=($(compgen -f -- \"$current\"))\n");
    } else if (entry->choices != NULL) {
      fprintf(stream, "    COMPREPLY=($(compgen -W '%s' -- \"$current\"))\n",
              entry->choices);
    }
    fprintf(stream, "    return ;;\n");
  }
  fprintf(stream, "  esac\n"
                  "  if [[ $current == -* ]]; then\n"
                  "    COMPREPLY=($(compgen -W '");
  for (size_t k = 0; k < ENTRIES; k++) {
    fprintf(stream, "%s--%s", k > 0 ? " " : "", table[k].name);
  }
  fprintf(stream, "' -- \"$current\"))\n"
                  "  else\n"
                  "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
                  "  fi\n}\n"
                  "complete -o filenames -F _vqe_batch vqe_batch\n");
}
