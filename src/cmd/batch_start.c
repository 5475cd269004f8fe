#include "batch_start.h"

#include <mpi.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/machine_launcher.h"
#include "base/memory.h"
#include "base/temporary.h"
#include "batch_common.h"
#include "vqe/error.h"

/* Without a launcher this is the only rank. Open MPI then need neither start
 * a daemon to serve it nor look for networks: most of the time of a small job.
 * What the user has set stays; other MPI do not know these. */
static void set_alone(void)
{
  static const char *const settings[][2] = {
      {"OMPI_MCA_ess_singleton_isolated", "1"},
      {"OMPI_MCA_pml", "ob1"},
      {"OMPI_MCA_btl", "self"},
      {"OMPI_MCA_osc", "^ucx"},
  };
  for (size_t k = 0; k < sizeof settings / sizeof settings[0]; k++) {
    (void)setenv(settings[k][0], settings[k][1], 0);
  }
}

/* Without HOME, Open MPI takes plugins and settings from the folder "(null)"
 * below the current one, in which others can put theirs. The user's own is
 * what it looks for; root alone could make the other one. */
static void set_home(void)
{
  struct passwd entry;
  struct passwd *found = NULL;
  char text[4096];
  if (getenv("HOME") != NULL) {
    return;
  }
  bool known = getpwuid_r(geteuid(), &entry, text, sizeof text, &found) == 0 &&
               found != NULL && found->pw_dir != NULL &&
               found->pw_dir[0] == '/';
  (void)setenv("HOME", known ? found->pw_dir : "/nonexistent", 1);
}

/* ---- the folder of the session ---- */

/* Programs that start and end at the same time make and remove one folder of
 * Open MPI, TMPDIR/ompi.HOST.UID, under each other's feet. A program that is
 * alone has one of its own; there is no path where none can be made, and then
 * things are as they were. */
static void make_session(struct vqe_temporary *folder)
{
  char *prefix = NULL;
  *folder = (struct vqe_temporary){NULL, -1};
  if (vqe_memory_print(&prefix, "%s/vqe-mpi-", vqe_temporary_place()) ==
      VQE_OK) {
    (void)vqe_temporary_make(folder, prefix);
  }
  free(prefix);
}

/* MPI_Init_thread with `folder` for temporary files. A rank that is alone
 * shares no file with another, so that the folder can go at once and nothing
 * stays behind when the program is killed. */
static int start_alone(int *argc, char ***argv, int *provided)
{
  const char *given = getenv("TMPDIR");
  char *before = given != NULL ? strdup(given) : NULL;
  struct vqe_temporary folder;
  set_alone();
  make_session(&folder);
  if (folder.path != NULL) {
    (void)setenv("TMPDIR", folder.path, 1);
    (void)setenv("OMPI_MCA_orte_tmpdir_base", folder.path, 0);
  }
  int code = MPI_Init_thread(argc, argv, MPI_THREAD_MULTIPLE, provided);
  if (folder.path != NULL) {
    if (before != NULL) {
      (void)setenv("TMPDIR", before, 1);
    } else {
      (void)unsetenv("TMPDIR");
    }
    vqe_temporary_remove(&folder);
  }
  free(before);
  return code;
}

/* ---- processes that do not know each other ---- */

/* The number of processes that a launcher says it started, 1 without one;
 * *name: where it says so. What is nearest to MPI knows best: mpirun within a
 * job of SLURM may start one of many tasks. Of SLURM, a step's own number
 * comes before that of the job, and what an allocation could hold says
 * nothing. */
static int launched(const char **name)
{
  static const char *const variables[] = {
      "OMPI_COMM_WORLD_SIZE", "PMI_SIZE",        "PMIX_SIZE",
      "MV2_COMM_WORLD_SIZE",  "MPIRUN_NPROCS",   "JSM_NAMESPACE_SIZE",
      "FLUX_JOB_SIZE",        "MPI_LOCALNRANKS", "SLURM_STEP_NUM_TASKS",
      "SLURM_NTASKS",         "SLURM_NPROCS"};
  for (size_t k = 0; k < sizeof variables / sizeof variables[0]; k++) {
    const char *value = getenv(variables[k]);
    if (value != NULL && atoi(value) > 0) {
      *name = variables[k];
      return atoi(value);
    }
  }
  *name = "";
  return 1;
}

/* The rank of a process that is not the first, where the launcher leaves no
 * number of processes (PMIx does not); 0: none. */
static int later_rank(const char **name)
{
  static const char *const variables[] = {
      "PMIX_RANK",           "PMI_RANK",     "PMI_ID",
      "MV2_COMM_WORLD_RANK", "MPIRUN_RANK",  "JSM_NAMESPACE_RANK",
      "PALS_RANKID",         "ALPS_APP_PE",  "FLUX_TASK_RANK",
      "MPI_LOCALRANKID",     "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"};
  for (size_t k = 0; k < sizeof variables / sizeof variables[0]; k++) {
    const char *value = getenv(variables[k]);
    if (value != NULL && atoi(value) > 0) {
      *name = variables[k];
      return atoi(value);
    }
  }
  return 0;
}

int vqe_batch_launcher_rank(void)
{
  const char *name;
  const char *text = vqe_machine_launcher_rank();
  return text != NULL ? atoi(text) : later_rank(&name);
}

/* Has the launcher left anything by which an MPI could find the others? */
static bool has_wiring(void)
{
  static const char *const prefixes[] = {
      "PMI_",  "PMI2_", "PMIX_", "PALS_",   "ALPS_",
      "FLUX_", "JSM_",  "MV2_",  "MPIRUN_", "OMPI_COMM_WORLD_"};
  for (char **entry = environ; *entry != NULL; entry++) {
    for (size_t k = 0; k < sizeof prefixes / sizeof prefixes[0]; k++) {
      if (strncmp(*entry, prefixes[k], strlen(prefixes[k])) == 0) {
        return true;
      }
    }
  }
  return false;
}

/* `value` of the variable `name`: a number of processes, or a rank. */
static int refuse_singletons(const char *name, int value)
{
  return vqe_error_set(
      VQE_ERR_INPUT,
      "%s is %d, but MPI sees one process: each would run the whole job. "
      "Start it by `srun --mpi=pmix vqe_batch ...` or `mpirun vqe_batch ...`, "
      "with the MPI that it is built with; --allow-singletons runs it as one "
      "process all the same",
      name, value);
}

int vqe_batch_start(int *argc, char ***argv, bool singletons)
{
  const char *name;
  int count = launched(&name);
  /* tasks of srun without a PMI: Open MPI would abort with words of its own */
  bool apart = vqe_machine_launcher_rank() != NULL && !has_wiring();
  int provided = 0;
  int size = 1;
  if (apart && !singletons) {
    return refuse_singletons(name, count);
  }
  set_home();
  /* a lane calls MPI only where ranks share a molecule */
  int code = vqe_machine_launcher_rank() != NULL && !apart
                 ? MPI_Init_thread(argc, argv, MPI_THREAD_MULTIPLE, &provided)
                 : start_alone(argc, argv, &provided);
  if (code != MPI_SUCCESS || provided < MPI_THREAD_FUNNELED) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "this MPI gives no MPI_THREAD_FUNNELED");
  }
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (size > 1 || singletons) {
    return VQE_OK;
  }
  int status = VQE_OK;
  if (count > 1) {
    status = refuse_singletons(name, count);
  } else if (name[0] == '\0' && later_rank(&name) > 0) {
    status = refuse_singletons(name, later_rank(&name));
    /* the first does not know of the others */
    if (later_rank(&name) == 1) {
      (void)vqe_batch_complain();
    }
  }
  if (status != VQE_OK) {
    MPI_Finalize();
  }
  return status;
}
