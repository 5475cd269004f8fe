/* The command line: parsing, messages, and that help, man page and completion
 * know the same options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "option_table.h"
#include "options.h"

static struct vqe_cmd_options options;

/* Parse words between blanks. */
static int parse(const char *line)
{
  static char text[1024];
  char *argv[128] = {"vqe_batch"};
  int argc = 1;
  assert_true((size_t)snprintf(text, sizeof text, "%s", line) < sizeof text);
  for (char *word = strtok(text, " "); word != NULL;
       word = strtok(NULL, " ")) {
    assert_true((size_t)argc < sizeof argv / sizeof *argv);
    argv[argc++] = word;
  }
  return vqe_cmd_options_parse(&options, argc, argv);
}

static void every_option_reaches_its_field(void **state)
{
  (void)state;
  assert_int_equal(
      parse("--basis 6-31g,cc-pvdz --ansatz=UCCSD job.json --reps 3 "
            "--entanglement full --optimizer CG --max-evaluations 5 "
            "--gates own "
            "--gtol 1e-5 --ftol 0 --max-seconds 9 --init hf --init-noise 0 "
            "--seed 1,2 --shots 100 --frozen-core true --active-space 2,4 "
            "--no-symmetry --references hf,fci --device cpu "
            "--precision single -o x.h5 --strict --force --summary s.json "
            "--retry-set-aside "
            "--dry-run --threads 4 --lanes 3 --quiet --log-json --log-prefix "
            "--log-level debug "
            "--ranks-per-molecule 2 --charge -1 --multiplicity 2 --units "
            "bohr --restarts 4 --escape-saddles false --penalty-number 1.5 "
            "--penalty-spin 0.5 --qcschema r.json --circuits gadgets --qasm "
            "--bind --qasm-version 2 --hamiltonian q.h5 --mapping parity "
            "--taper number"),
      0);
  const struct vqe_job_overrides *o = &options.overrides;
  assert_string_equal(options.job, "job.json");
  assert_string_equal(o->basis, "6-31g,cc-pvdz");
  assert_string_equal(o->ansatz, "UCCSD");
  assert_string_equal(o->reps, "3");
  assert_string_equal(o->entanglement, "full");
  assert_string_equal(o->circuits, "gadgets");
  assert_true(options.bind);
  assert_int_equal(options.qasm_version, 2);
  assert_string_equal(o->optimizer, "CG");
  assert_string_equal(o->max_evaluations, "5");
  assert_string_equal(o->gtol, "1e-5");
  assert_string_equal(o->ftol, "0");
  assert_string_equal(o->max_seconds, "9");
  assert_string_equal(o->init, "hf");
  assert_string_equal(o->init_noise, "0");
  assert_string_equal(o->seed, "1,2");
  assert_string_equal(o->shots, "100");
  assert_string_equal(o->frozen_core, "true");
  assert_string_equal(o->active_space, "2,4");
  assert_string_equal(o->references, "hf,fci");
  assert_string_equal(o->device, "cpu");
  assert_string_equal(o->precision, "single");
  assert_string_equal(o->charge, "-1");
  assert_string_equal(o->multiplicity, "2");
  assert_string_equal(o->units, "bohr");
  assert_string_equal(o->restarts, "4");
  assert_string_equal(o->escape_saddles, "false");
  assert_string_equal(o->penalty_number, "1.5");
  assert_string_equal(o->penalty_spin, "0.5");
  assert_string_equal(options.qcschema, "r.json");
  assert_string_equal(options.hamiltonian, "q.h5");
  assert_string_equal(options.mapping, "parity");
  assert_string_equal(options.taper, "number");
  assert_string_equal(options.gates, "own");
  assert_string_equal(o->output, "x.h5");
  assert_string_equal(o->ranks_per_molecule, "2");
  assert_true(o->no_symmetry && o->strict);
  assert_true(options.retry_set_aside);
  assert_true(options.force && options.dry_run && options.quiet &&
              options.log_json && options.log_prefix);
  assert_string_equal(options.log_level, "debug");
  assert_string_equal(options.summary, "s.json");
  assert_int_equal(options.threads, 4);
  assert_int_equal(options.lanes, 3);
  assert_true(options.qasm && options.qasm_index == 0);
  assert_false(options.help || options.man || options.version);
}

static void nothing_is_set_without_options(void **state)
{
  (void)state;
  struct vqe_cmd_options expected;
  memset(&expected, 0, sizeof expected);
  assert_int_equal(parse("job.json"), 0);
  assert_string_equal(options.job, "job.json");
  options.job = NULL;
  assert_memory_equal(&options, &expected, sizeof expected);
}

static void several_files_are_kept_in_their_order(void **state)
{
  (void)state;
  assert_int_equal(parse("a.xyz --basis 6-31g b.xyz -q c.json"), 0);
  assert_string_equal(options.job, "a.xyz");
  assert_int_equal(options.overrides.nfile, 2);
  assert_string_equal(options.overrides.files[0], "b.xyz");
  assert_string_equal(options.overrides.files[1], "c.json");
  assert_int_equal(parse("a.xyz"), 0);
  assert_int_equal(options.overrides.nfile, 0);
}

static void qasm_takes_an_optional_index(void **state)
{
  (void)state;
  assert_int_equal(parse("--qasm job.json"), 0);
  assert_true(options.qasm && options.qasm_index == 0);
  assert_string_equal(options.job, "job.json");
  assert_int_equal(parse("--qasm 3 job.json"), 0);
  assert_true(options.qasm && options.qasm_index == 3);
  assert_string_equal(options.job, "job.json");
  assert_int_equal(parse("job.json --qasm=12"), 0);
  assert_int_equal(options.qasm_index, 12);
  assert_int_equal(parse("job.json --qasm"), 0);
  assert_true(options.qasm);
  assert_int_equal(parse("job.json --qasm=-1"), VQE_ERR_INPUT);
}

static int parse_words(struct vqe_cmd_words *words, int repeats)
{
  static const struct vqe_cmd_option entries[] = {
      {"table", 't', "NAME", 0, VQE_CMD_WORDS, 0, NULL, "a table", 0}};
  static char *argv[2 * VQE_CMD_WORDS_MOST + 4] = {"program"};
  static char name[] = "--table", letter[] = "-t", empty[] = "--table=";
  static char first[] = "one", second[] = "two";
  const struct vqe_cmd_table table = {.options = entries, .noptions = 1};
  int argc = 1;
  int place = 0;
  memset(words, 0, sizeof *words);
  for (int k = 0; k < repeats; k++) {
    argv[argc++] = k % 2 == 0 ? name : letter;
    argv[argc++] = k % 2 == 0 ? first : second;
  }
  if (repeats == 0) {
    argv[argc++] = empty;
  }
  argv[argc] = NULL;
  return vqe_cmd_table_parse(&table, words, &place, argc, argv);
}

static void repeated_option_keeps_all_its_words(void **state)
{
  struct vqe_cmd_words words;
  (void)state;
  assert_int_equal(parse_words(&words, 3), 0);
  assert_int_equal(words.count, 3);
  assert_string_equal(words.list[0], "one");
  assert_string_equal(words.list[1], "two");
  assert_string_equal(words.list[2], "one");
  assert_int_equal(parse_words(&words, VQE_CMD_WORDS_MOST), 0);
  assert_int_not_equal(parse_words(&words, VQE_CMD_WORDS_MOST + 1), 0);
  assert_non_null(strstr(vqe_error_message(), "more than 32"));
  assert_int_not_equal(parse_words(&words, 0), 0);
  assert_non_null(strstr(vqe_error_message(), "is empty"));
}

static void letters_stand_for_long_options(void **state)
{
  (void)state;
  assert_int_equal(parse("-nq -b 6-31g -s 7 -t2 j.json -of.h5"), 0);
  assert_true(options.dry_run && options.quiet);
  assert_string_equal(options.overrides.basis, "6-31g");
  assert_string_equal(options.overrides.seed, "7");
  assert_string_equal(options.overrides.output, "f.h5");
  assert_int_equal(options.threads, 2);
}

static void check_message(const char *line, const char *part)
{
  assert_int_equal(parse(line), VQE_ERR_INPUT);
  if (strstr(vqe_error_message(), part) == NULL) {
    fail_msg("'%s' gives '%s', not '%s'", line, vqe_error_message(), part);
  }
}

static void wrong_options_name_the_nearest_known_one(void **state)
{
  (void)state;
  check_message("--bassis 6-31g j", "'--bassis': did you mean '--basis'?");
  check_message("--outptu=x j", "did you mean '--output'?");
  check_message("--zzzzzzzz j", "no option '--zzzzzzzz': see --help");
  check_message("-Z j", "no option '-Z'");
  check_message("j --basis", "--basis needs a value: LIST");
  check_message("j -o", "--output needs a value: FILE");
  check_message("j --force=yes", "--force takes no value");
  check_message("j --threads 0", "--threads: '0'");
  check_message("j --threads 2x", "--threads: '2x'");
  check_message("j --seed=", "--seed: LIST is empty");
  check_message("--force", "no job given");
  check_message("", "no job given");
  check_message("j --bind", "add --qasm");
  check_message("j --qasm-version 2", "add --qasm");
  check_message("j --mapping parity", "add --hamiltonian");
  check_message("j --taper all", "add --hamiltonian");
  check_message("--completion csh", "'csh'");
  check_message("--completion csh", "bash zsh fish");
}

static void options_that_print_need_no_job(void **state)
{
  (void)state;
  assert_int_equal(parse("--help"), 0);
  assert_true(options.help);
  assert_int_equal(parse("-V"), 0);
  assert_true(options.version);
  assert_int_equal(parse("--man"), 0);
  assert_true(options.man);
  assert_int_equal(parse("--devices"), 0);
  assert_true(options.devices);
  assert_int_equal(parse("--list-basis"), 0);
  assert_true(options.list_basis);
  assert_int_equal(parse("--completion bash"), 0);
  assert_string_equal(options.completion, "bash");
}

static char *help_of(const char *topic)
{
  char *text = NULL;
  size_t size;
  FILE *stream = open_memstream(&text, &size);
  assert_non_null(stream);
  assert_int_equal(vqe_cmd_options_help(topic, stream), 0);
  fclose(stream);
  return text;
}

static char *completion_of(const char *shell)
{
  char *text = NULL;
  size_t size;
  FILE *stream = open_memstream(&text, &size);
  assert_non_null(stream);
  assert_int_equal(vqe_cmd_options_completion(shell, stream), 0);
  fclose(stream);
  return text;
}

static char *man_page(void)
{
  char *text = NULL;
  size_t size;
  FILE *stream = open_memstream(&text, &size);
  assert_non_null(stream);
  vqe_cmd_options_man(stream);
  fclose(stream);
  return text;
}

/* Every option that help shows is in the man page and the completions. */
static void help_man_page_and_completion_know_the_same_options(void **state)
{
  (void)state;
  char *help = help_of(NULL);
  char *man = man_page();
  char *bash = completion_of("bash");
  char *zsh = completion_of("zsh");
  char *fish = completion_of("fish");
  int count = 0;
  for (char *line = strtok(help, "\n"); line != NULL;
       line = strtok(NULL, "\n")) {
    char name[40];
    char of_fish[48];
    char escaped[80] = "\\-\\-";
    char *at = strstr(line, "--");
    assert_true(strlen(line) <= 79);
    if (at == NULL || at > line + 6) {
      continue;
    }
    count++;
    at += 2;
    size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz-");
    snprintf(name, sizeof name, "--%.*s", (int)length, at);
    snprintf(of_fish, sizeof of_fish, " -l %.*s ", (int)length, at);
    for (size_t k = 0; k < length; k++) {
      char letter[3] = {'\\', at[k], '\0'};
      strcat(escaped, at[k] == '-' ? letter : letter + 1);
    }
    strcat(escaped, "\\fR");
    assert_non_null(strstr(man, escaped));
    assert_non_null(strstr(bash, name));
    assert_non_null(strstr(zsh, name));
    assert_non_null(strstr(fish, of_fish));
  }
  assert_int_equal(count, 75);
  free(help);
  free(man);
  free(bash);
  free(zsh);
  free(fish);
}

/* A topic is a part of the whole; commands have theirs; a job is none. */
static void help_has_topics(void **state)
{
  (void)state;
  char *whole = help_of(NULL);
  char *kafka = help_of("kafka");
  char *generate = help_of("generate");
  char *job = help_of("/dev/null");
  assert_true(strncmp(kafka, "Publishing to Kafka:\n", 21) == 0);
  assert_non_null(strstr(whole, kafka));
  assert_null(strstr(kafka, "--basis"));
  assert_non_null(strstr(generate, "--max-qubits"));
  assert_string_equal(job, whole);
  static const char *const words[] = {"job",         "run",   "output",
                                      "metrics",     "other", "examples",
                                      "environment", "paths", "exit"};
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
    char *part = help_of(words[k]);
    assert_non_null(strstr(whole, words[k]));
    assert_true(strlen(part) > 80 && strlen(part) < strlen(whole));
    free(part);
  }
  assert_int_equal(vqe_cmd_options_help("kafak", stdout), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "no topic 'kafak'"));
  assert_non_null(strstr(vqe_error_message(), "kafka, metrics"));
  free(whole);
  free(kafka);
  free(generate);
  free(job);
}

static void narrow_windows_have_texts_below_names(void **state)
{
  (void)state;
  assert_int_equal(setenv("COLUMNS", "44", 1), 0);
  char *help = help_of(NULL);
  assert_int_equal(unsetenv("COLUMNS"), 0);
  bool examples = false;
  for (char *line = strtok(help, "\n"); line != NULL;
       line = strtok(NULL, "\n")) {
    examples = examples || strcmp(line, "Examples:") == 0;
    /* titles, names and command lines are not folded */
    if (strncmp(line, "      ", 6) == 0 && line[6] != '-') {
      assert_true(strlen(line) <= 43);
    }
  }
  assert_true(examples);
  free(help);
}

static void completion_is_valid_bash(void **state)
{
  (void)state;
  char path[] = "/tmp/vqe-completion-XXXXXX";
  char command[600];
  int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  FILE *stream = fdopen(descriptor, "w");
  assert_int_equal(vqe_cmd_options_completion("bash", stream), 0);
  fclose(stream);
  snprintf(command, sizeof command,
           "bash -c '. %s; COMP_WORDS=(vqe_batch --dev); COMP_CWORD=1; "
           "_vqe_batch; test \"${COMPREPLY[*]}\" = \"--device --devices\" || "
           "exit 1; "
           "COMP_WORDS=(vqe_batch --device c); COMP_CWORD=2; _vqe_batch; "
           "test \"${COMPREPLY[*]}\" = \"cpu cuda\"'",
           path);
  assert_int_equal(system(command), 0);
  unlink(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_option_reaches_its_field),
      cmocka_unit_test(nothing_is_set_without_options),
      cmocka_unit_test(several_files_are_kept_in_their_order),
      cmocka_unit_test(qasm_takes_an_optional_index),
      cmocka_unit_test(repeated_option_keeps_all_its_words),
      cmocka_unit_test(letters_stand_for_long_options),
      cmocka_unit_test(wrong_options_name_the_nearest_known_one),
      cmocka_unit_test(options_that_print_need_no_job),
      cmocka_unit_test(help_man_page_and_completion_know_the_same_options),
      cmocka_unit_test(help_has_topics),
      cmocka_unit_test(narrow_windows_have_texts_below_names),
      cmocka_unit_test(completion_is_valid_bash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
