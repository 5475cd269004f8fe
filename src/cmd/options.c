#include "options.h"

#include <stddef.h>
#include <string.h>

#include <unistd.h>

#include "base/error_message.h"
#include "campaign_options.h"
#include "environment.h"
#include "option_table.h"

enum group {
  GROUP_JOB,
  GROUP_RUN,
  GROUP_OUTPUT,
  GROUP_STREAM,
  GROUP_METRICS,
  GROUP_OTHER,
  GROUPS
};

static const char *const group_titles[GROUPS] = {
    "What is computed (these override the job file; lists by commas)",
    "How it runs",
    "What it shows and writes",
    "Publishing to Kafka",
    "Metrics",
    "Other"};
static const char *const group_topics[GROUPS] = {"job",   "run",     "output",
                                                 "kafka", "metrics", "other"};

#define AT(member) offsetof(struct vqe_cmd_options, member)

/* clang-format off */
static const struct vqe_cmd_option entries[] = {
    {"basis", 'b', "LIST", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.basis),
     "sto-3g 6-31g 6-31g* 6-311++g** cc-pvdz cc-pvtz aug-cc-pvdz def2-svp "
     "def2-tzvp pc-1 ano-rcc-vdzp",
     "basis sets (--list-basis), or paths of basis files: NWChem, Gaussian, "
     "JSON (sto-3g)",
     0},
    {"scan", 0, "TEXT", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.scan), NULL,
     "[MOLECULE] [ATOMS] VALUES: bonds (0-1), angles (1-0-2) and torsions, as "
     "in 'N2 0.9:2.5:0.1' or 'H2O 0-1 0.8,1.0,1.5; 1-0-2 90:120:5'; molecules "
     "of two atoms need no JOB, and are then of the lowest spin but for O2, NH "
     "and other known triplets", 0},
    {"follow", 0, NULL, GROUP_JOB, VQE_CMD_FLAG, AT(overrides.follow), NULL,
     "each point of a curve starts from its neighbour's orbitals and "
     "parameters", 0},
    {"charge", 0, "N", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.charge), NULL,
     "charge of every molecule (its own, else 0)", 0},
    {"multiplicity", 0, "N", GROUP_JOB, VQE_CMD_TEXT,
     AT(overrides.multiplicity), NULL,
     "2S + 1 of every molecule (its own, else 1)", 0},
    {"units", 0, "NAME", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.units),
     "angstrom bohr",
     "of the coordinates of every molecule: angstrom or bohr (its own, else "
     "angstrom)", 0},
    {"frozen-core", 0, "N", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.frozen_core),
     "true false",
     "orbitals to freeze, or true for the atoms' core orbitals (0)", 0},
    {"active-space", 0, "E,O", GROUP_JOB, VQE_CMD_TEXT,
     AT(overrides.active_space), "pi valence none",
     "active electrons and orbitals, pi, valence, a rule as in a job file, or "
     "none (none)", 0},
    {"no-symmetry", 0, NULL, GROUP_JOB, VQE_CMD_FLAG,
     AT(overrides.no_symmetry), NULL, "do not use the symmetry of the integrals", 0},
    {"ansatz", 'a', "LIST", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.ansatz),
     "UCCSD UCCD pUCCD UCCD0 k-UpCCGSD k-UpCCGD LUCJ ADAPT-VQE EfficientSU2 "
     "RealAmplitudes ExcitationPreserving",
     "UCCSD, UCCD, pUCCD, UCCD0, k-UpCCGSD, k-UpCCGD, LUCJ, ADAPT-VQE, "
     "EfficientSU2, RealAmplitudes, ExcitationPreserving (UCCSD)", 0},
    {"reps", 0, "N", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.reps), NULL,
     "repetitions of the ansatz (2 for circuits, else 1)", 0},
    {"entanglement", 0, "MAP", GROUP_JOB, VQE_CMD_TEXT,
     AT(overrides.entanglement),
     "reverse_linear linear full circular pairwise sca square heavy-hex "
     "all-to-all",
     "entanglement map of circuits (reverse_linear; ExcitationPreserving: "
     "full), pairs that interact in LUCJ (square)", 0},
    {"circuits", 0, "KIND", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.circuits),
     "compact gadgets plain",
     "excitations as gates: compact, gadgets (Pauli rotations) or plain "
     "(Pauli rotations, nothing cancelled); the state is the same (compact)",
     0},
    {"optimizer", 0, "LIST", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.optimizer),
     "L-BFGS-B SLSQP COBYLA BOBYQA Nelder-Mead TNC Powell BFGS CG SPSA Adam "
     "Landscape",
     "optimizers under SciPy's names, or Landscape: random points alone "
     "(L-BFGS-B)",
     0},
    {"max-evaluations", 0, "N", GROUP_JOB, VQE_CMD_TEXT,
     AT(overrides.max_evaluations), NULL,
     "limit on energy evaluations (10000)", 0},
    {"gtol", 0, "X", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.gtol), NULL,
     "converged when no gradient component is larger, hartree (1e-4)", 0},
    {"ftol", 0, "X", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.ftol), NULL,
     "tolerance of the energy, hartree (1e-8)", 0},
    {"max-seconds", 0, "X", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.max_seconds),
     NULL, "limit on the time of one optimisation, or none (none)", 0},
    {"init", 'i', "LIST", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.init),
     "random hf mp2 file:",
     "initial parameters: random, hf, mp2 or file:PATH (hf; mp2 with UCCSD and "
     "its kin, in closed shells with k-UpCCGSD, k-UpCCGD and LUCJ too)", 0},
    {"init-noise", 0, "X", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.init_noise),
     NULL, "normal noise added to them, radian (0; hf: 0.05 EfficientSU2 and "
     "RealAmplitudes, 0.5 ExcitationPreserving; hf and mp2: 0.05 "
     "k-UpCCGSD and k-UpCCGD, 0.1 and 0.02 LUCJ)", 0},
    {"seed", 's', "LIST", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.seed), NULL,
     "seeds, 0 to 2147483647, and ranges: 1-20 (drawn and recorded)", 0},
    {"restarts", 0, "N", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.restarts), NULL,
     "starts of each experiment, the best is kept; ADAPT-VQE has one (1)", 0},
    {"escape-saddles", 0, "WHEN", GROUP_JOB, VQE_CMD_TEXT,
     AT(overrides.escape_saddles), "true false auto",
     "go on from a converged saddle point: true, false or auto, where it is "
     "likely (auto)", 0},
    {"penalty-number", 0, "X", GROUP_JOB, VQE_CMD_TEXT,
     AT(overrides.penalty_number), NULL,
     "weight of a wrong number of electrons, hartree, for circuits that do not "
     "conserve it (0)", 0},
    {"penalty-spin", 0, "X", GROUP_JOB, VQE_CMD_TEXT,
     AT(overrides.penalty_spin), NULL,
     "weight of a wrong S^2, hartree; penalties need exact energies and the "
     "CPU (0)", 0},
    {"shots", 0, "N", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.shots), NULL,
     "samples a group of Pauli terms, or none for exact energies (none)", 0},
    {"measurement", 0, "LIST", GROUP_JOB, VQE_CMD_TEXT,
     AT(overrides.measurement), "commuting variance",
     "of shots: groups that commute as a whole, not qubit by qubit; shots by "
     "the variance of a group, not equally (neither)",
     0},
    {"references", 0, "LIST", GROUP_JOB, VQE_CMD_TEXT,
     AT(overrides.references), "hf mp2 fci",
     "reference energies: hf, mp2, fci (all that fit memory)", 0},
    {"fci-max-seconds", 0, "X", GROUP_JOB, VQE_CMD_TEXT,
     AT(overrides.fci_max_seconds), NULL,
     "limit on the time of the exact energy, or none (600)", 0},
    {"properties", 0, "LIST", GROUP_JOB, VQE_CMD_TEXT,
     AT(overrides.properties),
     "true false rdm1 moments charges entropies variance rdm2",
     "of the final state: rdm1, moments, charges, entropies, variance, rdm2; "
     "true is all but rdm2 (false)", 0},
    {"noise", 0, "NOISE", GROUP_JOB, VQE_CMD_TEXT, AT(overrides.noise), "none",
     "energy of the final state with noise: a file of BackendProperties, or "
     "JSON as in a job, or none (none)", 0},
    {"device", 0, "NAME", GROUP_RUN, VQE_CMD_TEXT, AT(overrides.device),
     "auto cpu cuda",
     "auto, cpu or cuda; auto takes a GPU for states that gain by it (auto)", 0},
    {"precision", 0, "NAME", GROUP_RUN, VQE_CMD_TEXT, AT(overrides.precision),
     "double single",
     "amplitudes of 64 or 32 bits, single on GPUs alone (double)", 0},
    {"gates", 0, "NAME", GROUP_RUN, VQE_CMD_TEXT, AT(gates),
     "auto own custatevec",
     "gates of the full space on GPUs: own kernels or cuStateVec, which takes "
     "sectors to the full space; auto takes the own (auto)", 0},
    {"threads", 't', "N", GROUP_RUN, VQE_CMD_COUNT, AT(threads), NULL,
     "threads of each rank (cores / ranks on this node)", 0},
    {"lanes", 0, "N", GROUP_RUN, VQE_CMD_COUNT, AT(lanes), NULL,
     "small experiments that a rank runs at once (threads; --device cuda: at "
     "least 32)", 0},
    {"ranks-per-molecule", 0, "N", GROUP_RUN, VQE_CMD_TEXT,
     AT(overrides.ranks_per_molecule), NULL,
     "ranks that share the state of each experiment (1)", 0},
    {"allow-singletons", 0, NULL, GROUP_RUN, VQE_CMD_FLAG, AT(singletons),
     NULL, "run as one process where the launcher says there are several", 0},
    {"force", 'f', NULL, GROUP_RUN, VQE_CMD_FLAG, AT(force), NULL,
     "repeat experiments that the result file already holds", 0},
    {"retry-set-aside", 0, NULL, GROUP_RUN, VQE_CMD_FLAG, AT(retry_set_aside),
     NULL, "run again what was set aside as its rank died twice while it ran",
     0},
    {"strict", 0, NULL, GROUP_RUN, VQE_CMD_FLAG, AT(overrides.strict), NULL,
     "stop before the start when a molecule is bad", 0},
    {"dry-run", 'n', NULL, GROUP_RUN, VQE_CMD_FLAG, AT(dry_run), NULL,
     "list the experiments with qubits, parameters, memory and cost; run "
     "nothing", 0},
    {"output", 'o', "FILE", GROUP_OUTPUT, VQE_CMD_TEXT, AT(overrides.output),
     "FILE", "HDF5 result (the job's name with .h5, in this directory)", 0},
    {"warehouse", 'w', "PLACE", GROUP_OUTPUT, VQE_CMD_TEXT, AT(warehouse),
     "FILE", "tables, a folder or s3://bucket/prefix (beside the result, "
     "NAME.warehouse)", 0},
    {"no-lake", 0, NULL, GROUP_OUTPUT, VQE_CMD_FLAG, AT(no_lake), NULL,
     "make no tables", 0},
    {"summary", 0, "FILE", GROUP_OUTPUT, VQE_CMD_TEXT, AT(summary), "FILE",
     "write the final table as JSON", 0},
    {"qcschema", 0, "FILE", GROUP_OUTPUT, VQE_CMD_TEXT, AT(qcschema), "FILE",
     "write the results as QCSchema AtomicResult", 0},
    {"report", 0, "FILE", GROUP_OUTPUT, VQE_CMD_TEXT, AT(report), "FILE",
     "write a page with curves, convergence and molecules (HTML; vqe_lake "
     "report makes it later, and PDFs)", 0},
    {"all", 0, NULL, GROUP_OUTPUT, VQE_CMD_FLAG, AT(all), NULL,
     "a line of the table for each seed (best, median and worst of more than "
     "three)", 0},
    {"quiet", 'q', NULL, GROUP_OUTPUT, VQE_CMD_FLAG, AT(quiet), NULL,
     "no progress, only the final table", 0},
    {"log-level", 0, "LEVEL", GROUP_OUTPUT, VQE_CMD_TEXT, AT(log_level),
     "error warning info debug", "what is said: error, warning, info, or debug "
     "with the phases of each experiment (info)", 0},
    {"log-prefix", 0, NULL, GROUP_OUTPUT, VQE_CMD_FLAG, AT(log_prefix), NULL,
     "name the run ($VQE_RUN_ID, else at random) and the rank in each message",
     0},
    {"log-json", 0, NULL, GROUP_OUTPUT, VQE_CMD_FLAG, AT(log_json), NULL,
     "messages and progress as one JSON object a line, with level, run and "
     "rank", 0},
    {"qasm", 0, "INDEX", GROUP_OUTPUT, VQE_CMD_OPTIONAL, AT(qasm_index), NULL,
     "print the circuit of an experiment (0) as OpenQASM and end",
     AT(qasm)},
    {"orbitals", 0, NULL, GROUP_OUTPUT, VQE_CMD_FLAG, AT(orbitals), NULL,
     "print the orbitals of each molecule and end: number, energy, occupation, "
     "irrep, character; those of --active-space, or all", 0},
    {"bind", 0, NULL, GROUP_OUTPUT, VQE_CMD_FLAG, AT(bind), NULL,
     "--qasm with the initial parameters in place of inputs", 0},
    {"qasm-version", 0, "N", GROUP_OUTPUT, VQE_CMD_COUNT, AT(qasm_version),
     "2 3", "OpenQASM 3, or 2, which has no inputs: --bind (3)", 0},
    {"fcidump", 0, "FILE", GROUP_OUTPUT, VQE_CMD_TEXT, AT(fcidump), "FILE",
     "write the active-space integrals of the job's only experiment as an "
     "FCIDUMP and end", 0},
    {"hamiltonian", 0, "FILE", GROUP_OUTPUT, VQE_CMD_TEXT, AT(hamiltonian),
     "FILE", "write the Hamiltonian on qubits of the job's only molecule and "
     "end: .txt OpenFermion, .json Qiskit, .h5 HDF5", 0},
    {"mapping", 0, "NAME", GROUP_OUTPUT, VQE_CMD_TEXT, AT(mapping),
     "jordan_wigner parity bravyi_kitaev ternary_tree",
     "of --hamiltonian and --qasm: jordan_wigner, parity, bravyi_kitaev, "
     "ternary_tree (jordan_wigner)", 0},
    {"taper", 0, "NAME", GROUP_OUTPUT, VQE_CMD_TEXT, AT(taper),
     "none number all",
     "of --hamiltonian and --qasm, qubits that symmetries take away: number, by "
     "the parities of alpha and beta electrons, all, or none (none)", 0},
    {"kafka", 0, NULL, GROUP_STREAM, VQE_CMD_FLAG, AT(kafka), NULL,
     "publish each finished experiment; a job file can ask for it too", 0},
    {"brokers", 0, "LIST", GROUP_STREAM, VQE_CMD_TEXT, AT(brokers), NULL,
     "HOST:PORT of brokers (the job's, $VQE_KAFKA_BROKERS)", 0},
    {"topic", 0, "NAME", GROUP_STREAM, VQE_CMD_TEXT, AT(topic), NULL,
     "topic (experiment.vqe)", 0},
    {"registry", 0, "LIST", GROUP_STREAM, VQE_CMD_TEXT, AT(registry), NULL,
     "URL of the schema registry (the job's, $VQE_REGISTRY_URL)", 0},
    {"insecure-http", 0, NULL, GROUP_STREAM, VQE_CMD_FLAG, AT(insecure_http),
     NULL, "credentials of S3 and the registry over plain http to another "
     "machine are meant: no warning (the job's key, VQE_INSECURE_HTTP=1)", 0},
    {"spool", 0, "FOLDER", GROUP_STREAM, VQE_CMD_TEXT, AT(spool), "FILE",
     "where undelivered records wait (vqe_spool beside the result)", 0},
    {"metrics", 0, "PLACE", GROUP_METRICS, VQE_CMD_TEXT, AT(metrics), "FILE",
     "write metrics for Prometheus every few seconds: to a file FILE.prom for "
     "node_exporter, or to a Pushgateway, http://HOST:9091 (the job's)", 0},
    {"metrics-listen", 0, "[ADDRESS:]PORT", GROUP_METRICS, VQE_CMD_TEXT,
     AT(metrics_listen), NULL,
     "serve them at /metrics on loopback or that address; port 0: one that is "
     "free, which is printed (the job's)", 0},
    {"help", 'h', NULL, GROUP_OTHER, VQE_CMD_FLAG, AT(help), NULL,
     "show this text; --help TOPIC: a part of it", 0},
    {"devices", 0, NULL, GROUP_OTHER, VQE_CMD_FLAG, AT(devices), NULL,
     "list the GPUs that --device cuda would use, and cuStateVec", 0},
    {"list-basis", 0, NULL, GROUP_OTHER, VQE_CMD_FLAG, AT(list_basis), NULL,
     "list the basis sets by name, with elements and references", 0},
    {"version", 'V', NULL, GROUP_OTHER, VQE_CMD_FLAG, AT(version), NULL,
     "show the version, how it was built, libraries and processor", 0},
    {"man", 0, NULL, GROUP_OTHER, VQE_CMD_FLAG, AT(man), NULL,
     "print the man page (vqe_batch --man | man -l -)", 0},
    {"completion", 0, "SHELL", GROUP_OTHER, VQE_CMD_TEXT, AT(completion),
     VQE_CMD_SHELLS, "print completion for bash, zsh or fish", 0},
};
/* clang-format on */

static const struct vqe_cmd_status statuses[] = {
    {"0", "every experiment is done"},
    {"1", "some experiments failed or results are undelivered; all others "
          "are safe"},
    {"2", "bad usage or input"},
    {"3", "interrupted; the same command resumes"},
};

static const struct vqe_cmd_note examples[] = {
    {"vqe_batch water.xyz",
     "the energy of a molecule by UCCSD, beside Hartree-Fock and FCI; writes "
     "water.h5 and the tables water.warehouse"},
    {"mpirun -np 4 vqe_batch job.json --summary out.json",
     "all experiments of a job on four ranks, and their table as JSON; after "
     "an interruption the same command goes on"},
    {"vqe_batch water.xyz --basis sto-3g,6-31g --ansatz UCCSD,ADAPT-VQE",
     "each basis set with each ansatz"},
    {"vqe_batch h2.xyz --ansatz EfficientSU2 --seed 1-20 --shots 1024",
     "twenty starts with finite shots, the best, median and worst shown"},
    {"vqe_batch job.json --dry-run",
     "qubits, parameters, memory and cost of each experiment; runs nothing"},
    {"vqe_batch status --watch job.json",
     "how far a job is that runs, from its files"},
    {"vqe_batch lih.xyz --qasm > lih.qasm", "the circuit as OpenQASM 3"},
};

static const struct vqe_cmd_note environment[] = {
    {"VQE_BASIS_PATH", "folder of the basis sets by name (share/vqe_batch/"
                       "basis/exchange of the installation)"},
    {"VQE_WAREHOUSE", "place of the tables for vqe_lake; vqe_batch writes "
                      "them beside the result, or where -w says"},
    VQE_CMD_ENVIRONMENT_STREAM,
    {"VQE_METRICS_USERNAME, VQE_METRICS_PASSWORD, VQE_METRICS_TOKEN",
     "of the Pushgateway; each also as NAME_FILE"},
    {"VQE_METRICS_CA_FILE", "certificates of the Pushgateway, in PEM"},
    VQE_CMD_ENVIRONMENT_S3,
    VQE_CMD_ENVIRONMENT_PROGRAM,
    {"CUDA_VISIBLE_DEVICES", "the GPUs that may be used, as CUDA reads it"},
    {"SLURM_NTASKS, PMI_SIZE, OMPI_COMM_WORLD_SIZE",
     "where one of them says that there are several processes but MPI finds "
     "one, the run is refused (--allow-singletons)"},
};

static const struct vqe_cmd_note files[] = {
    {"NAME.h5", "the result; NAME is the job's, or -o"},
    {"NAME.h5.journal/", "what each rank has finished and evaluated, while a "
                         "run lives or until the next one resumes"},
    {"NAME.h5.lock", "who has the result, while a run lives"},
    {"NAME.warehouse/", "the tables (vqe_lake)"},
    {"vqe_spool/", "records that Kafka has not confirmed; vqe_lake publish "
                   "sends them"},
};

/* They have options of their own (campaign_options.c). */
static const struct vqe_cmd_command commands[] = {
    {"generate", "TIER|FILE",
     "makes the job files of a campaign in the folder -o; see vqe_batch "
     "generate --help"},
    {"status", "PLACE",
     "shows the state of a job file, a result or such a folder; see vqe_batch "
     "status --help"},
};

static const struct vqe_cmd_table table = {
    .program = "vqe_batch",
    .summary = "ground-state energies of molecules with VQE",
    .usage = "mpirun -np N vqe_batch JOB... [options]",
    .introduction =
        "JOB: a job file (jobs/README.md), or molecule files (JSON, XYZ, "
        "QCSchema) and FCIDUMPs, the rest by options. Defaults stand in "
        "parentheses.",
    .description =
        "Runs every experiment that JOB asks for and writes an HDF5 result. "
        "JOB is a job file, or one or several molecule files (JSON, XYZ, "
        "QCSchema) and FCIDUMPs. The same command on an existing result "
        "skips what is finished.",
    .commands = commands,
    .ncommands = sizeof commands / sizeof commands[0],
    .other_words = true,
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

int vqe_cmd_options_parse(struct vqe_cmd_options *out, int argc, char **argv)
{
  int first = 0;
  memset(out, 0, sizeof *out);
  int status = vqe_cmd_table_parse(&table, out, &first, argc, argv);
  if (status != VQE_OK) {
    return status;
  }
  if (first < argc) {
    out->job = argv[first++];
  }
  if (first < argc) {
    /* molecule files; reading them finds a job file among them */
    out->overrides.files = (const char *const *)argv + first;
    out->overrides.nfile = (size_t)(argc - first);
  }
  if (out->completion != NULL) {
    status = vqe_cmd_table_check_shell(out->completion);
  }
  if (status != VQE_OK) {
    return status;
  }
  if (out->job == NULL && out->overrides.scan == NULL && !out->help &&
      !out->version && !out->man && !out->devices && !out->list_basis &&
      out->completion == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no job given: vqe_batch JOB, where "
                         "JOB is a job file, a molecule file or an FCIDUMP; "
                         "see --help");
  }
  if ((out->bind || out->qasm_version != 0) && !out->qasm) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "--bind and --qasm-version say how --qasm prints a "
                         "circuit: add --qasm, or leave them out");
  }
  if ((out->mapping != NULL || out->taper != NULL) &&
      out->hamiltonian == NULL && !out->qasm) {
    return vqe_error_set(
        VQE_ERR_INPUT, "--mapping and --taper say which qubits --hamiltonian "
                       "and --qasm write: add --hamiltonian FILE or --qasm, "
                       "or leave them out");
  }
  return VQE_OK;
}

int vqe_cmd_options_help(const char *topic, FILE *stream)
{
  if (topic != NULL && strcmp(topic, "generate") == 0) {
    return vqe_cmd_generate_help(stream);
  }
  if (topic != NULL && strcmp(topic, "status") == 0) {
    return vqe_cmd_status_help(stream);
  }
  /* a job is no topic: somebody asks in the middle of a command */
  return vqe_cmd_table_help(
      &table, topic != NULL && access(topic, F_OK) == 0 ? NULL : topic,
      stream);
}

void vqe_cmd_options_man(FILE *stream)
{
  vqe_cmd_table_man(&table, stream);
}

int vqe_cmd_options_completion(const char *shell, FILE *stream)
{
  return vqe_cmd_table_completion(&table, shell, stream);
}
