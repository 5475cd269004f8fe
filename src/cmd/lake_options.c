#include "lake_options.h"

#include <stddef.h>
#include <string.h>

#include "base/error_message.h"
#include "base/suggest.h"
#include "environment.h"
#include "option_table.h"

enum group {
  GROUP_PLACE,
  GROUP_TWO_PLACES,
  GROUP_STREAM,
  GROUP_WORK,
  GROUP_OUTPUT,
  GROUP_OTHER,
  GROUPS
};

static const char *const group_titles[GROUPS] = {
    "Where the tables are",    "Copies (relocate; files: --table)",
    "Kafka (publish, ingest)", "How it works",
    "What it shows",           "Other"};
static const char *const group_topics[GROUPS] = {"place", "copies", "kafka",
                                                 "work",  "output", "other"};

#define AT(member) offsetof(struct vqe_cmd_lake_options, member)

#define S3                                                                    \
  "endpoint region virtual-host scheme etag ca-file timeout insecure-http "
#define ENGINE "memory threads scratch "
#define WRITE S3 ENGINE "lock-wait "
#define SOURCE "source-profile source-endpoint source-region "
#define TARGET "target-profile target-endpoint target-region "

/* In the order of `commands`. */
static const struct {
  int least, most;     /* arguments; -1: any number */
  const char *options; /* besides those of every command */
} takes[] = {
    {1, 1, WRITE "warehouse summary "},
    {0, 1, WRITE "warehouse summary "},
    {1, 1, S3 ENGINE "warehouse format output unlocked "},
    {0, 1, S3 ENGINE "warehouse output "},
    {0, 1, S3 ENGINE "warehouse output "},
    {0, 1, S3 "warehouse output table " SOURCE},
    {2, 2, WRITE "table dry-run delete " SOURCE TARGET},
    {0, 1, WRITE "warehouse "},
    {0, 1, WRITE "warehouse older-than orphans "},
    {0, 2, S3 "warehouse "},
    {2, -1, S3 "lock-wait "},
    {1, 2, S3 ENGINE "warehouse output bind qasm-version "},
    {1, 2, "output "},
    {1, 2, "output orbital density spin-density spacing margin "},
    {0, 1, S3 ENGINE "warehouse output "},
    {0, 1, S3 ENGINE "warehouse dataset license "},
    {0, 1, "brokers topic registry spool insecure-http "},
    {0, 0,
     WRITE "warehouse brokers topic registry group land from reject-unknown "
           "format "},
};

static const struct vqe_cmd_command commands[] = {
    {"normalize", "SOURCE",
     "adds the results of an HDF5 file, of a spool folder, or of a folder or "
     "s3:// place of raw files, to the nine normalised tables"},
    {"featurize", "[WAREHOUSE]",
     "adds the features of what the normalised tables hold"},
    {"query", "SQL", "runs one SQL statement over the current tables"},
    {"log", "[WAREHOUSE]", "lists the snapshots and tags of each table"},
    {"check", "[WAREHOUSE]",
     "reads every table back: metadata, manifests, files, counts, bounds, "
     "keys; lists what nothing refers to"},
    {"files", "[WAREHOUSE]",
     "lists the data files of the current tables: bytes, and the path below "
     "the warehouse"},
    {"relocate", "FROM TO",
     "copies a warehouse so that the copy points at itself; run again, it "
     "copies what is new and makes the copy follow"},
    {"compact", "[WAREHOUSE]", "merges small files"},
    {"expire", "[WAREHOUSE]",
     "drops snapshots older than --older-than, our tags of them first, and "
     "the files that only they need"},
    {"unlock", "[WAREHOUSE [ID]]",
     "lists the writer locks, or removes that of a crashed writer"},
    {"with-lock", "WAREHOUSE -- COMMAND...",
     "runs another writer, such as Spark, under the writer lock"},
    {"qasm", "ID | FILE [ID]",
     "prints the circuit of an experiment (the start of its id) of the "
     "warehouse, of an HDF5 result or of a file of records (.vqes, .avro, "
     ".json) as OpenQASM, its excitations expanded into gates"},
    {"molden", "RESULT [ID]",
     "prints the natural orbitals of an experiment (the start of its id) of an "
     "HDF5 result, run with --properties rdm1, in the Molden format"},
    {"cube", "RESULT [ID]",
     "prints a natural orbital (--orbital), the density or the spin density of "
     "such an experiment on a grid, as a Gaussian cube file"},
    {"report", "[RESULT|WAREHOUSE]",
     "writes one page of an HDF5 result or of the tables, with curves, "
     "convergence and molecules, into --output: report.html, or a PDF where "
     "its name ends in .pdf and Chromium is installed (VQE_CHROMIUM)"},
    {"export", "[WAREHOUSE]",
     "writes a data set for machine learning into the folder --dataset: "
     "Parquet of runs and evaluations with features, split by molecule and by "
     "bond stretch, data card, Croissant metadata, licence, citation"},
    {"publish", "[RESULT]",
     "sends what waits in the spool to Kafka, and the results of an HDF5 "
     "file"},
    {"ingest", "",
     "reads the topic on from the committed place, into the normalised "
     "tables, or into raw files (--land)"},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

/* clang-format off */
static const struct vqe_cmd_option entries[] = {
    {"warehouse", 'w', "PLACE", GROUP_PLACE, VQE_CMD_TEXT, AT(warehouse),
     "FILE", "folder or s3://bucket/prefix (normalize: beside the HDF5 file; "
     "else $VQE_WAREHOUSE)", 0},
    {"endpoint", 0, "URL", GROUP_PLACE, VQE_CMD_TEXT, AT(endpoint), NULL,
     "S3 endpoint (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile)", 0},
    {"region", 0, "NAME", GROUP_PLACE, VQE_CMD_TEXT, AT(region), NULL,
     "S3 region (AWS_REGION, the profile, us-east-1); Garage: garage", 0},
    {"virtual-host", 0, NULL, GROUP_PLACE, VQE_CMD_FLAG, AT(virtual_host),
     NULL, "the bucket is part of the host name, not of the path", 0},
    {"scheme", 0, "NAME", GROUP_PLACE, VQE_CMD_TEXT, AT(scheme), "s3a s3",
     "of the paths in metadata on S3, s3a or s3 (s3a)", 0},
    {"etag", 0, "KIND", GROUP_PLACE, VQE_CMD_TEXT, AT(etag), "auto opaque",
     "are the ETags of the S3 store MD5 sums? auto: found out; opaque: no "
     "(auto)", 0},
    {"ca-file", 0, "FILE", GROUP_PLACE, VQE_CMD_TEXT, AT(ca_file), "FILE",
     "certificates in PEM (AWS_CA_BUNDLE, the system's)", 0},
    {"insecure-http", 0, NULL, GROUP_PLACE, VQE_CMD_FLAG, AT(insecure_http),
     NULL, "credentials over plain http to another machine are meant: no "
     "warning (VQE_INSECURE_HTTP=1)", 0},
    {"timeout", 0, "SECONDS", GROUP_PLACE, VQE_CMD_COUNT, AT(timeout_s), NULL,
     "to connect to S3, and without progress (30)", 0},
    {"table", 0, "NAME", GROUP_TWO_PLACES, VQE_CMD_WORDS, AT(tables), NULL,
     "this table, may be repeated (all)", 0},
    {"dry-run", 0, NULL, GROUP_TWO_PLACES, VQE_CMD_FLAG, AT(dry_run), NULL,
     "say what would be copied and deleted, write nothing", 0},
    {"delete", 0, NULL, GROUP_TWO_PLACES, VQE_CMD_FLAG, AT(remove), NULL,
     "files of the copy that nothing refers to any more go; what readers of "
     "the version before may have open goes at the next run", 0},
    {"source-profile", 0, "NAME", GROUP_TWO_PLACES, VQE_CMD_TEXT,
     AT(source_profile), NULL, "AWS profile of FROM (VQE_SOURCE_PROFILE)", 0},
    {"target-profile", 0, "NAME", GROUP_TWO_PLACES, VQE_CMD_TEXT,
     AT(target_profile), NULL, "of TO (VQE_TARGET_PROFILE)", 0},
    {"source-endpoint", 0, "URL", GROUP_TWO_PLACES, VQE_CMD_TEXT,
     AT(source_endpoint), NULL, "of FROM (VQE_SOURCE_ENDPOINT_URL, "
     "--endpoint)", 0},
    {"target-endpoint", 0, "URL", GROUP_TWO_PLACES, VQE_CMD_TEXT,
     AT(target_endpoint), NULL, "of TO (VQE_TARGET_ENDPOINT_URL, --endpoint)",
     0},
    {"source-region", 0, "NAME", GROUP_TWO_PLACES, VQE_CMD_TEXT,
     AT(source_region), NULL, "of FROM (VQE_SOURCE_REGION, --region)", 0},
    {"target-region", 0, "NAME", GROUP_TWO_PLACES, VQE_CMD_TEXT,
     AT(target_region), NULL, "of TO (VQE_TARGET_REGION, --region); "
     "Cloudflare R2: auto", 0},
    {"brokers", 0, "LIST", GROUP_STREAM, VQE_CMD_TEXT, AT(brokers), NULL,
     "HOST:PORT of brokers ($VQE_KAFKA_BROKERS)", 0},
    {"topic", 0, "NAME", GROUP_STREAM, VQE_CMD_TEXT, AT(topic), NULL,
     "topic (experiment.vqe)", 0},
    {"registry", 0, "LIST", GROUP_STREAM, VQE_CMD_TEXT, AT(registry), NULL,
     "URL of the schema registry ($VQE_REGISTRY_URL)", 0},
    {"group", 0, "NAME", GROUP_STREAM, VQE_CMD_TEXT, AT(group), NULL,
     "consumer group of ingest (vqe_lake)", 0},
    {"spool", 0, "FOLDER", GROUP_STREAM, VQE_CMD_TEXT, AT(spool), "FILE",
     "where undelivered records wait (vqe_spool beside the result, or here)",
     0},
    {"land", 0, "PLACE", GROUP_STREAM, VQE_CMD_TEXT, AT(land), "FILE",
     "ingest to raw files below this folder or s3://bucket/prefix", 0},
    {"from", 0, "PLACE", GROUP_STREAM, VQE_CMD_TEXT, AT(from), NULL,
     "ingest from this offset of each partition (0: all) or from a time (12h "
     "ago, 2026-01-31T12:00) on; what the tables hold is passed over", 0},
    {"reject-unknown", 0, NULL, GROUP_STREAM, VQE_CMD_FLAG,
     AT(reject_unknown), NULL, "messages whose schema the registry does not "
     "have are set aside too, instead of ending ingest", 0},
    {"memory", 'm', "MB", GROUP_WORK, VQE_CMD_COUNT, AT(memory_mb), NULL,
     "memory limit of the SQL engine, which spills the rest (1024)", 0},
    {"threads", 't', "N", GROUP_WORK, VQE_CMD_COUNT, AT(threads), NULL,
     "threads of the SQL engine (processors, at most 8)", 0},
    {"scratch", 0, "FOLDER", GROUP_WORK, VQE_CMD_TEXT, AT(scratch), "FILE",
     "for temporary files (beside a local warehouse; S3: $TMPDIR)", 0},
    {"unlocked", 0, NULL, GROUP_WORK, VQE_CMD_FLAG, AT(unlocked), NULL,
     "of query: the SQL may read other files too and call all that DuckDB "
     "has, for SQL of your own; else it reads tables alone, writes nothing "
     "and changes no setting", 0},
    {"lock-wait", 0, "SECONDS", GROUP_WORK, VQE_CMD_TEXT, AT(lock_wait), NULL,
     "how long to wait for another writer where the store needs a lock, or "
     "that has a local warehouse for itself (60)",
     0},
    {"older-than", 0, "TIME", GROUP_WORK, VQE_CMD_TEXT, AT(older_than), NULL,
     "of expire: 30d, 12h, or a date (2026-01-31)", 0},
    {"bind", 0, NULL, GROUP_WORK, VQE_CMD_FLAG, AT(bind), NULL,
     "qasm: the optimal parameters in place of inputs", 0},
    {"qasm-version", 0, "N", GROUP_WORK, VQE_CMD_COUNT, AT(qasm_version),
     "2 3", "qasm: OpenQASM 3, or 2, which has no inputs: --bind (3)", 0},
    {"orbital", 0, "N", GROUP_WORK, VQE_CMD_COUNT, AT(orbital), NULL,
     "cube: a natural orbital, counted from 1 as in the Molden file", 0},
    {"density", 0, NULL, GROUP_WORK, VQE_CMD_FLAG, AT(density), NULL,
     "cube: electrons of both spins", 0},
    {"spin-density", 0, NULL, GROUP_WORK, VQE_CMD_FLAG, AT(spin_density), NULL,
     "cube: alpha less beta electrons", 0},
    {"spacing", 0, "BOHR", GROUP_WORK, VQE_CMD_TEXT, AT(spacing), NULL,
     "cube: between points (0.2)", 0},
    {"margin", 0, "BOHR", GROUP_WORK, VQE_CMD_TEXT, AT(margin), NULL,
     "cube: from the outermost nuclei to the faces of the box (5)", 0},
    {"orphans", 0, NULL, GROUP_WORK, VQE_CMD_FLAG, AT(orphans), NULL,
     "of expire: what crashed writers left goes too, unfinished uploads as well "
     "(while others write, and of uploads: what is a day old)", 0},
    {"format", 'f', "NAME", GROUP_OUTPUT, VQE_CMD_TEXT, AT(format),
     "text csv json avro", "of a result: text, csv or json (text); of files "
     "that ingest lands: avro or json (avro)", 0},
    {"output", 'o', "FILE", GROUP_OUTPUT, VQE_CMD_TEXT, AT(output), "FILE",
     "where the output goes (standard output; report: report.html)", 0},
    {"dataset", 0, "FOLDER", GROUP_OUTPUT, VQE_CMD_TEXT, AT(dataset), "FILE",
     "of export: a new folder, for datasets.load_dataset(FOLDER, \"runs\") and "
     "other readers", 0},
    {"license", 0, "ID", GROUP_OUTPUT, VQE_CMD_TEXT, AT(license), NULL,
     "of the data set, an identifier of SPDX (CC-BY-4.0)", 0},
    {"summary", 0, "FILE", GROUP_OUTPUT, VQE_CMD_TEXT, AT(summary), "FILE",
     "what normalize and featurize did and where the time went, as JSON", 0},
    {"quiet", 'q', NULL, GROUP_OUTPUT, VQE_CMD_FLAG, AT(quiet), NULL,
     "only errors and results", 0},
    {"log-level", 0, "LEVEL", GROUP_OUTPUT, VQE_CMD_TEXT, AT(log_level),
     "error warning info debug", "what is said on the standard error: error, "
     "warning, info or debug (info)", 0},
    {"log-prefix", 0, NULL, GROUP_OUTPUT, VQE_CMD_FLAG, AT(log_prefix), NULL,
     "name the run ($VQE_RUN_ID, else at random) in each message", 0},
    {"log-json", 0, NULL, GROUP_OUTPUT, VQE_CMD_FLAG, AT(log_json), NULL,
     "messages as one JSON object a line", 0},
    {"help", 'h', NULL, GROUP_OTHER, VQE_CMD_FLAG, AT(help), NULL,
     "show this text; COMMAND --help: that of a command; --help TOPIC: a part "
     "of it", 0},
    {"version", 'V', NULL, GROUP_OTHER, VQE_CMD_FLAG, AT(version), NULL,
     "show the version, how it was built, libraries and processor", 0},
    {"man", 0, NULL, GROUP_OTHER, VQE_CMD_FLAG, AT(man), NULL,
     "print the man page (vqe_lake --man | man -l -)", 0},
    {"completion", 0, "SHELL", GROUP_OTHER, VQE_CMD_TEXT, AT(completion),
     VQE_CMD_SHELLS, "print completion for bash, zsh or fish", 0},
};
/* clang-format on */

/* Is `name` among the words of `list`? */
static bool listed(const char *list, const char *name)
{
  size_t length = strlen(name);
  for (const char *at = strstr(list, name); at != NULL;
       at = strstr(at + 1, name)) {
    if ((at == list || at[-1] == ' ') && at[length] == ' ') {
      return true;
    }
  }
  return false;
}

static bool takes_option(size_t command, const char *option)
{
  return listed("quiet log-level log-prefix log-json ", option) ||
         listed(takes[command].options, option);
}

static const struct vqe_cmd_note examples[] = {
    {"vqe_lake query 'SHOW TABLES' -w water.warehouse",
     "which tables there are"},
    {"vqe_lake query \"SELECT molecule_label, min(minimum_energy + "
     "nuclear_repulsion_energy) FROM vqe_results GROUP BY 1\"",
     "SQL over the warehouse that VQE_WAREHOUSE names"},
    {"vqe_lake normalize results.h5 -w s3://bucket/lake && vqe_lake featurize "
     "s3://bucket/lake",
     "adds a result to tables on S3, then their features"},
    {"vqe_lake ingest --brokers node1:9092 -w lake",
     "from Kafka into tables, on from the committed place"},
    {"vqe_lake export lake --dataset vqe-runs",
     "a data set of the features, with splits and a data card"},
    {"vqe_lake check lake", "reads every table back"},
    {"vqe_lake expire lake --older-than 30d --orphans",
     "drops old snapshots and what crashed writers left"},
    {"vqe_lake relocate lake s3://bucket/copy",
     "a copy that follows when it is run again"},
};

static const struct vqe_cmd_note environment[] = {
    {"VQE_WAREHOUSE", "place of the tables where -w says none"},
    VQE_CMD_ENVIRONMENT_S3,
    {"VQE_SOURCE_*, VQE_TARGET_*",
     "for FROM and TO of relocate: ACCESS_KEY_ID, SECRET_ACCESS_KEY, "
     "SESSION_TOKEN, PROFILE, REGION, ENDPOINT_URL, CA_BUNDLE"},
    VQE_CMD_ENVIRONMENT_STREAM,
    VQE_CMD_ENVIRONMENT_PROGRAM,
    {"VQE_CHROMIUM", "the browser that prints a report as PDF (chromium and "
                     "its other names on PATH)"},
};

static const struct vqe_cmd_note files[] = {
    {"~/.aws/credentials, ~/.aws/config",
     "profiles of S3, as the tools of AWS read them"},
    {"WAREHOUSE/TABLE/metadata/, WAREHOUSE/TABLE/data/",
     "an Iceberg table of format 2 below its namespace"},
    {"vqe_spool/", "records that Kafka has not confirmed"},
};

static const struct vqe_cmd_status statuses[] = {
    {"0", "all is done"},
    {"1", "something was skipped or is not done; the tables are as whole as "
          "before"},
    {"2", "bad usage or input"},
};

static const struct vqe_cmd_table table = {
    .program = "vqe_lake",
    .summary = "tables of VQE results: made, asked, kept",
    .usage = "vqe_lake COMMAND [ARGUMENT] [options]",
    .introduction =
        "Iceberg tables in a folder or on S3, from what vqe_batch writes. "
        "Defaults stand in parentheses. Credentials of S3 come from "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or the profile; for "
        "either place of relocate VQE_SOURCE_ACCESS_KEY_ID, "
        "VQE_TARGET_ACCESS_KEY_ID and their like go before.",
    .description =
        "Makes, reads and maintains Iceberg tables of VQE results in a local "
        "folder or on S3.",
    .commands = commands,
    .ncommands = COMMANDS,
    .takes = takes_option,
    .options = entries,
    .noptions = sizeof entries / sizeof entries[0],
    .groups = group_titles,
    .topics = group_topics,
    .ngroups = GROUPS,
    .statuses = statuses,
    .nstatuses = sizeof statuses / sizeof statuses[0],
    .examples = examples,
    .nexamples = sizeof examples / sizeof examples[0],
    .environment = environment,
    .nenvironment = sizeof environment / sizeof environment[0],
    .files = files,
    .nfiles = sizeof files / sizeof files[0],
};

/* The commands that take an option. */
static void takers(char *out, size_t size, const char *option)
{
  size_t used = 0;
  out[0] = '\0';
  for (size_t k = 0; k < COMMANDS && used < size; k++) {
    if (listed(takes[k].options, option)) {
      used += (size_t)snprintf(out + used, size - used, "%s%s",
                               used > 0 ? ", " : "", commands[k].name);
    }
  }
}

/* A value that is none of the choices would be taken for the default. */
static int check_choice(const struct vqe_cmd_option *entry,
                        const struct vqe_cmd_lake_options *options)
{
  const char *value = NULL;
  char choices[64];
  if (entry->kind != VQE_CMD_TEXT || entry->choices == NULL ||
      strcmp(entry->choices, "FILE") == 0) {
    return VQE_OK;
  }
  memcpy(&value, (const char *)options + entry->offset, sizeof value);
  snprintf(choices, sizeof choices, "%s ", entry->choices);
  return value == NULL || listed(choices, value)
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT, "option --%s: '%s' is none of: %s",
                             entry->name, value, entry->choices);
}

/* An option that a command does not take would be ignored. */
static int check_options(const struct vqe_cmd_lake_options *options,
                         size_t command)
{
  for (size_t k = 0; k < table.noptions; k++) {
    const struct vqe_cmd_option *entry = &entries[k];
    char others[256];
    int status = check_choice(entry, options);
    if (status != VQE_OK) {
      return status;
    }
    if (listed("help version man completion ", entry->name) ||
        takes_option(command, entry->name) ||
        !vqe_cmd_table_is_set(entry, options)) {
      continue;
    }
    takers(others, sizeof others, entry->name);
    return vqe_error_set(VQE_ERR_INPUT,
                         "the command '%s' has no option --%s, which is of "
                         "%s; leave it out",
                         commands[command].name, entry->name, others);
  }
  return VQE_OK;
}

static int check_command(const struct vqe_cmd_lake_options *options)
{
  const char *names[COMMANDS];
  for (size_t k = 0; k < COMMANDS; k++) {
    names[k] = commands[k].name;
    if (strcmp(options->command, commands[k].name) != 0) {
      continue;
    }
    if (options->narguments < takes[k].least ||
        (takes[k].most >= 0 && options->narguments > takes[k].most)) {
      return vqe_error_set(VQE_ERR_INPUT, "usage: vqe_lake %s %s",
                           commands[k].name, commands[k].arguments);
    }
    return check_options(options, k);
  }
  const char *nearest = vqe_suggest(options->command, names, COMMANDS);
  if (nearest != NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "there is no command '%s': did you mean '%s'? See "
                         "--help",
                         options->command, nearest);
  }
  return vqe_error_set(VQE_ERR_INPUT, "there is no command '%s': see --help",
                       options->command);
}

int vqe_cmd_lake_options_parse(struct vqe_cmd_lake_options *out, int argc,
                               char **argv)
{
  int first = 0;
  memset(out, 0, sizeof *out);
  int status = vqe_cmd_table_parse(&table, out, &first, argc, argv);
  if (status != VQE_OK) {
    return status;
  }
  if (out->help || out->version || out->man) {
    out->command = first < argc ? argv[first] : NULL;
    return VQE_OK;
  }
  if (out->completion != NULL) {
    return vqe_cmd_table_check_shell(out->completion);
  }
  if (first >= argc) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no command given: vqe_lake COMMAND; see --help");
  }
  out->command = argv[first++];
  out->arguments = argv + first;
  out->narguments = argc - first;
  return check_command(out);
}

int vqe_cmd_lake_options_help(const char *topic, FILE *stream)
{
  return vqe_cmd_table_help(&table, topic, stream);
}

void vqe_cmd_lake_options_man(FILE *stream)
{
  vqe_cmd_table_man(&table, stream);
}

int vqe_cmd_lake_options_completion(const char *shell, FILE *stream)
{
  return vqe_cmd_table_completion(&table, shell, stream);
}
