#include "campaign_options.h"

#include <stddef.h>
#include <string.h>

#include "base/error_message.h"
#include "option_table.h"

static const char *const generate_titles[] = {"What is made", "Other"};
static const char *const status_titles[] = {"What is shown", "Other"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define AT(member) offsetof(struct vqe_cmd_generate_options, member)

/* clang-format off */
static const struct vqe_cmd_option generate_entries[] = {
    {"output", 'o', "FOLDER", 0, VQE_CMD_TEXT, AT(folder), "FILE",
     "folder of the job files and of their results", 0},
    {"parts", 'p', "N", 0, VQE_CMD_COUNT, AT(parts), NULL,
     "job files of equal cost (1); with --lanes for each lane", 0},
    {"lanes", 0, NULL, 0, VQE_CMD_FLAG, AT(lanes), NULL,
     "job files for each device or partition, as the tier says", 0},
    {"memory", 0, "GB", 0, VQE_CMD_TEXT, AT(memory), NULL,
     "set aside what needs more (what this machine has free)", 0},
    {"max-qubits", 0, "N", 0, VQE_CMD_COUNT, AT(max_qubits), NULL,
     "set aside what has more qubits", 0},
    {"cost-limit", 0, "SECONDS", 0, VQE_CMD_TEXT, AT(cost_limit), NULL,
     "set aside experiments of more core seconds (the tier's, else none)", 0},
    {"done", 0, "WAREHOUSE", 0, VQE_CMD_TEXT, AT(done), "FILE",
     "leave out what these tables hold, too; a folder or s3://bucket/prefix",
     0},
    {"json", 0, NULL, 1, VQE_CMD_FLAG, AT(json), NULL,
     "print what was made as JSON", 0},
    {"help", 'h', NULL, 1, VQE_CMD_FLAG, AT(help), NULL, "show this text", 0},
    {"man", 0, NULL, 1, VQE_CMD_FLAG, AT(man), NULL, "print the man page", 0},
};

#undef AT
#define AT(member) offsetof(struct vqe_cmd_status_options, member)

static const struct vqe_cmd_option status_entries[] = {
    {"all", 'a', NULL, 0, VQE_CMD_FLAG, AT(all), NULL,
     "a line for each experiment (up to 20 of them; else what runs)", 0},
    {"json", 0, NULL, 0, VQE_CMD_FLAG, AT(json), NULL,
     "everything as one JSON object", 0},
    {"watch", 'w', NULL, 0, VQE_CMD_FLAG, AT(watch), NULL,
     "show it again until all is done or Ctrl-C", 0},
    {"interval", 0, "SECONDS", 0, VQE_CMD_COUNT, AT(interval), NULL,
     "between two looks (5)", 0},
    {"limit", 0, "SECONDS", 0, VQE_CMD_COUNT, AT(limit), NULL,
     "watch no longer than this (604800, a week)", 0},
    {"help", 'h', NULL, 1, VQE_CMD_FLAG, AT(help), NULL, "show this text", 0},
    {"man", 0, NULL, 1, VQE_CMD_FLAG, AT(man), NULL, "print the man page", 0},
};
/* clang-format on */

static const struct vqe_cmd_status generate_statuses[] = {
    {"0", "the job files are there, or all is done"},
    {"1", "nothing to run: all is set aside"},
    {"2", "bad usage or input"},
};

static const struct vqe_cmd_status status_statuses[] = {
    {"0", "shown; with --watch: all is done"},
    {"1", "some experiments failed"},
    {"2", "bad usage, or nothing there"},
    {"3", "watching ended before all was done"},
};

static const struct vqe_cmd_note generate_examples[] = {
    {"vqe_batch generate 1 -o campaign -p 8 --max-qubits 16",
     "eight job files of equal cost of tier 1, without what has more than 16 "
     "qubits"},
    {"mpirun -np 4 vqe_batch campaign/part-0001.json", "runs one of them"},
    {"jobs/slurm/submit_campaign.sh campaign",
     "submits them to SLURM, and the tables behind them"},
};

static const struct vqe_cmd_table generate_table = {
    .program = "vqe_batch generate",
    .summary = "job files of a campaign",
    .usage = "vqe_batch generate TIER|FILE -o FOLDER [options]",
    .introduction =
        "TIER: 1 to 4, or the file of a tier (jobs/tiers/README.md). What "
        "the folder holds as done is left out. Defaults stand in "
        "parentheses.",
    .options = generate_entries,
    .noptions = COUNT(generate_entries),
    .groups = generate_titles,
    .ngroups = COUNT(generate_titles),
    .statuses = generate_statuses,
    .nstatuses = COUNT(generate_statuses),
    .examples = generate_examples,
    .nexamples = COUNT(generate_examples),
};

static const struct vqe_cmd_note status_examples[] = {
    {"vqe_batch status --watch job.json", "again and again until all is done"},
    {"vqe_batch status campaign --all", "a line for each experiment"},
    {"vqe_batch status job.json --json | jq .seconds_left", "for scripts"},
};

static const struct vqe_cmd_table status_table = {
    .program = "vqe_batch status",
    .summary = "the state of a job from its files",
    .usage = "vqe_batch status PLACE [options]",
    .introduction =
        "PLACE: a job file, a result (.h5), or a folder of generate. Reads "
        "results and journals, also while a run writes them, and disturbs "
        "nothing. Defaults stand in parentheses.",
    .options = status_entries,
    .noptions = COUNT(status_entries),
    .groups = status_titles,
    .ngroups = COUNT(status_titles),
    .statuses = status_statuses,
    .nstatuses = COUNT(status_statuses),
    .examples = status_examples,
    .nexamples = COUNT(status_examples),
};

/* The only argument of a command. */
static int take_argument(const char **out, int first, int argc, char **argv,
                         const struct vqe_cmd_table *table)
{
  if (first + 1 != argc) {
    return vqe_error_set(VQE_ERR_INPUT, "usage: %s; see %s --help",
                         table->usage, table->program);
  }
  *out = argv[first];
  return VQE_OK;
}

int vqe_cmd_generate_parse(struct vqe_cmd_generate_options *out, int argc,
                           char **argv)
{
  int first = 0;
  memset(out, 0, sizeof *out);
  int status = vqe_cmd_table_parse(&generate_table, out, &first, argc, argv);
  if (status == VQE_OK && !out->help && !out->man) {
    status = take_argument(&out->tier, first, argc, argv, &generate_table);
  }
  if (status == VQE_OK && !out->help && !out->man && out->folder == NULL) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "generate needs -o FOLDER, where the job files go");
  }
  return status;
}

int vqe_cmd_status_parse(struct vqe_cmd_status_options *out, int argc,
                         char **argv)
{
  int first = 0;
  memset(out, 0, sizeof *out);
  int status = vqe_cmd_table_parse(&status_table, out, &first, argc, argv);
  return status == VQE_OK && !out->help && !out->man
             ? take_argument(&out->place, first, argc, argv, &status_table)
             : status;
}

int vqe_cmd_generate_help(FILE *stream)
{
  return vqe_cmd_table_help(&generate_table, NULL, stream);
}

int vqe_cmd_status_help(FILE *stream)
{
  return vqe_cmd_table_help(&status_table, NULL, stream);
}

void vqe_cmd_generate_man(FILE *stream)
{
  vqe_cmd_table_man(&generate_table, stream);
}

void vqe_cmd_status_man(FILE *stream)
{
  vqe_cmd_table_man(&status_table, stream);
}
