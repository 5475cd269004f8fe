#!/usr/bin/env python3
"""Programs that start at the same time without a launcher do not disturb each
other, and leave nothing behind.

Open MPI keeps the sessions of a user in one folder, which each program makes
and removes: without a folder of its own one start in fifty fails.
"""

import concurrent.futures
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
import harness  # noqa: E402
from harness import check  # noqa: E402

STARTS = int(os.environ.get("VQE_TEST_STARTS") or 100)
AT_ONCE = 8


def start(folder, number):
    env = {**harness.environment(), "TMPDIR": folder.file("tmp")}
    words = []
    # a batch script of SLURM that launches nothing has these
    if number % 4 == 0:
        env.update(SLURM_PROCID="0", SLURM_JOB_ID="7", SLURM_NTASKS="4")
        words = ["--allow-singletons"]
    output = os.path.join(folder.file("out"), f"{number}.h5")
    return subprocess.run(
        [harness.BATCH, folder.file("h2.json"), "-q", "--no-lake", "-o", output,
         *words],
        env=env,
        cwd=folder.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def alone(folder, ranks, status, variables, *words):
    """One start in a launcher's environment."""
    done = subprocess.run(
        harness.command(ranks, [folder.file("h2.json"), "-q", "--no-lake", "-o",
                                "alone.h5", "--force", *words]),
        env={**harness.environment(), **variables}, cwd=folder.path,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    check(done.returncode == status,
          f"{variables} {words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return harness.unfolded(done.stderr)


def processes_apart(folder):
    """Several processes that MPI does not bring together are refused: each
    would run the whole job."""
    # tasks of srun --mpi=none; PMI of another MPI; a batch script
    step = {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2",
            "SLURM_NTASKS": "2", "SLURM_PROCID": "0"}
    cases = [(step, "SLURM_STEP_NUM_TASKS is 2"),
             ({"SLURM_NTASKS": "3"}, "SLURM_NTASKS is 3"),
             ({"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"},
              "SLURM_NTASKS is 4"),
             ({"SLURM_NPROCS": "4"}, "SLURM_NPROCS is 4"),
             ({"SLURM_JOB_ID": "7", "SLURM_NPROCS": "2", "SLURM_PROCID": "0"},
              "SLURM_NPROCS is 2"),
             ({"PMI_SIZE": "2", "PMI_RANK": "0"}, "PMI_SIZE is 2"),
             # hydra of MPICH and Intel MPI
             ({"PMI_FD": "9", "PMI_RANK": "0", "PMI_SIZE": "3"}, "PMI_SIZE is 3"),
             ({"MPI_LOCALNRANKS": "2", "MPI_LOCALRANKID": "0"}, "MPI_LOCALNRANKS is 2"),
             ({"PMIX_SIZE": "2", "PMIX_RANK": "0"}, "PMIX_SIZE is 2"),
             ({"MV2_COMM_WORLD_SIZE": "2", "MV2_COMM_WORLD_RANK": "0"},
              "MV2_COMM_WORLD_SIZE is 2"),
             ({"JSM_NAMESPACE_SIZE": "6", "JSM_NAMESPACE_RANK": "0"},
              "JSM_NAMESPACE_SIZE is 6"),
             ({"FLUX_JOB_SIZE": "2", "FLUX_TASK_RANK": "0"}, "FLUX_JOB_SIZE is 2"),
             ({"OMPI_COMM_WORLD_SIZE": "5"}, "OMPI_COMM_WORLD_SIZE is 5")]
    for variables, words in cases:
        text = alone(folder, 0, 2, variables)
        check(words in text, text)
        for remedy in ("srun --mpi=pmix", "mpirun", "--allow-singletons"):
            check(remedy in text, text)
        alone(folder, 0, 0, variables, "--allow-singletons")
    # who cannot know how many there are stops where it is not the first
    ranks = [{"SLURM_PROCID": "1"}, {"PMI_ID": "1"}, {"ALPS_APP_PE": "1"},
             {"PALS_RANKID": "1"}, {"MPI_LOCALRANKID": "1"}, {"PMI_RANK": "1"}]
    for variables in ranks:
        (name, rank), = variables.items()
        text = alone(folder, 0, 2, variables)
        check(f"{name} is {rank}" in text and "srun --mpi=pmix" in text, text)
        check(alone(folder, 0, 2, {name: "2"}) == "", f"rank 2 of {name}")
        alone(folder, 0, 0, {name: "0"})
        alone(folder, 0, 0, variables, "--allow-singletons")
    # the others keep quiet
    check(alone(folder, 0, 2, {**step, "SLURM_PROCID": "1"}) == "", "task 1")
    # what is one process, and what MPI brings together, runs
    alone(folder, 0, 0, {"SLURM_NTASKS": "1"})
    alone(folder, 0, 0, {"SLURM_NTASKS": "1", "SLURM_NPROCS": "1", "SLURM_PROCID": "0",
                         "SLURM_TASKS_PER_NODE": "64", "SLURM_JOB_CPUS_PER_NODE": "64"})
    alone(folder, 0, 0, {"OMPI_UNIVERSE_SIZE": "8", "OMPI_COMM_WORLD_SIZE": "1"})
    alone(folder, 0, 0, {"SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "1"})
    alone(folder, 1, 0, {"SLURM_NTASKS": "4"})
    alone(folder, 2, 0, {"SLURM_NTASKS": "2"})
    return len(cases) + len(ranks)


with harness.Folder() as folder:
    os.mkdir(folder.file("tmp"))
    os.mkdir(folder.file("out"))
    folder.write("h2.json", {"molecules": [harness.H2], "seed": 1})
    print(processes_apart(folder), "kinds of processes apart are refused")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = list(pool.map(lambda k: start(folder, k), range(STARTS)))
    failed = [run for run in runs if run.returncode != 0]
    for run in failed[:3]:
        print(run.stdout, run.stderr, file=sys.stderr)
    check(not failed, f"{len(failed)} of {STARTS} starts failed")
    check(len(os.listdir(folder.file("out"))) == STARTS, "results are missing")
    left = os.listdir(folder.file("tmp"))
    check(left == [], f"left in TMPDIR: {left}")
print(f"{STARTS} starts, {AT_ONCE} at once, all of them well")
