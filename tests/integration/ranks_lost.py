#!/usr/bin/env python3
"""Ranks that die under Open MPI 5, started by `mpirun --with-ft ulfm`: what one
had in flight goes to another and the job ends as if nothing had happened, also
where its last message is cut; an experiment that has its rank die twice in a
run is set aside; the death of rank 0, or of a rank of a team, ends the job at
once and the same command resumes.

build/ulfm is made by jobs/setup/openmpi.sh and jobs/setup/build.sh ulfm
vqe_batch; VQE_BATCH_ULFM names another vqe_batch, and MPIRUN_ULFM its mpirun.
"""

import glob
import os
import re
import signal
import subprocess
import sys
import time

import harness
from harness import check, children_of, unfolded, wait_for

BATCH = os.environ.get("VQE_BATCH_ULFM") or os.path.join(
    harness.ROOT, "build", "ulfm", "vqe_batch")
MPIRUN = os.environ.get("MPIRUN_ULFM") or os.path.join(
    harness.ROOT, ".deps", "openmpi", "bin", "mpirun")
WITHIN = 30.0  # seconds in which a run ends that cannot go on
# seconds of work each
JOB = {
    "molecules": [harness.H2O],
    "seed": [1, 2, 3, 4],
    "init": "random",
    "shots": 100,
    "references": ["hf"],
    "optimizer": {"name": "SPSA", "max_evaluations": 50, "ftol": 0},
}

if not (os.path.exists(BATCH) and os.path.exists(MPIRUN)):
    print("skipped: jobs/setup/openmpi.sh and jobs/setup/build.sh ulfm vqe_batch "
          "make what it needs")
    sys.exit(harness.SKIPPED)
harness.h5py_or_skip()


def start(folder, ranks, *words):
    environment = {
        name: value for name, value in harness.environment().items()
        if not name.startswith(("OMPI_MCA_", "PMIX_", "PRTE_"))
    }
    return subprocess.Popen(
        [MPIRUN, "--with-ft", "ulfm", "--oversubscribe", "--bind-to", "none",
         "-np", str(ranks), BATCH, "job.json", "--threads", "1", "--lanes", "1",
         "--no-lake", *words],
        cwd=folder.path, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end(process, statuses, seconds=300.0):
    began = time.monotonic()
    text = unfolded(process.communicate(timeout=300)[0])
    took = time.monotonic() - began
    check(process.returncode in statuses, f"{process.returncode}\n{text}")
    check(took < seconds, f"{took:.1f} s\n{text}")
    return text


def begun(folder, output):
    """(run, rank, experiment) of each mark that one begins, in journals."""
    found = []
    for path in sorted(glob.glob(folder.file(f"{output}.journal/run-*.vqej"))):
        run, rank = map(int, re.search(r"run-(\d+)-rank-(\d+)", path).groups())
        with open(path, "rb") as stream:
            data = stream.read()
        for match in re.finditer(rb"VQEJ\x04\0\0\0", data):
            at = match.start()
            if data[at + 80:at + 84] == b"\x01\0\0\0":
                found.append((run, rank, data[at + 16:at + 80]))
    return found


def kill(process, rank, number=signal.SIGKILL):
    for pid in children_of(process.pid):
        with open(f"/proc/{pid}/environ", "rb") as stream:
            if f"PMIX_RANK={rank}".encode() in stream.read().split(b"\0"):
                os.kill(pid, number)
                return
    harness.fail(f"there is no rank {rank}")


def ended(folder, output, rank):
    """How many results the rank has journaled."""
    count = 0
    for path in glob.glob(folder.file(f"{output}.journal/run-*-rank-{rank:05d}.vqej")):
        with open(path, "rb") as stream:
            count += stream.read().count(b"VQEJ\x01\0\0\0")
    return count


def busy(folder, output, ranks):
    """Do so many ranks of the newest run have begun something?"""
    marks = begun(folder, output)
    last = max((run for run, _, _ in marks), default=-1)
    return len({rank for run, rank, _ in marks if run == last}) == ranks


def check_worker(folder):
    running = start(folder, 3, "-o", "worker.h5")
    wait_for(running, lambda: busy(folder, "worker.h5", 3), "all ranks to begin")
    time.sleep(0.2)
    kill(running, 1)
    text = end(running, [0])
    check(re.search(r"rank 1 on \S+ died, and the others go on; in flight there: "
                    r"H2O sto3g UCCSD seed \d", text), text)
    check("1 of 3 ranks died on the way" in text, text)
    check("4 experiments: 4 ok, 0 failed" in text, text)
    check(not os.path.exists(folder.file("worker.h5.journal")), "journals stay")
    harness.check_same(folder.file("whole.h5"), folder.file("worker.h5"),
                       "a rank of three died")


def check_late(folder):
    """Rank 0 is away while a rank sends a result and dies: what has come of the
    message can neither be received nor be in the way."""
    running = start(folder, 3, "-o", "late.h5")
    wait_for(running, lambda: busy(folder, "late.h5", 3), "all ranks to begin")
    kill(running, 0, signal.SIGSTOP)
    wait_for(running, lambda: ended(folder, "late.h5", 1), "a result of rank 1")
    time.sleep(0.3)
    kill(running, 1)
    time.sleep(0.3)
    kill(running, 0, signal.SIGCONT)
    text = end(running, [0], 120)
    check("1 of 3 ranks died on the way" in text, text)
    check("rank 1: died" in text, text)
    check("4 experiments: 4 ok, 0 failed" in text, text)
    harness.check_same(folder.file("whole.h5"), folder.file("late.h5"),
                       "a rank died with its result on its way")


def check_lead(folder):
    running = start(folder, 3, "-o", "lead.h5")
    wait_for(running, lambda: busy(folder, "lead.h5", 3), "all ranks to begin")
    time.sleep(0.2)
    # the one that says it is slow to look
    kill(running, 1, signal.SIGSTOP)
    kill(running, 0)
    time.sleep(1)
    kill(running, 1, signal.SIGCONT)
    text = end(running, range(1, 256), WITHIN)
    check(text.count("rank 0, which leads, died") == 1, text)
    text = end(start(folder, 3, "-o", "lead.h5"), [0])
    check("the last run died; 1 experiment was in flight" in text, text)
    check("(rank 0, which died)" in text, text)
    harness.check_same(folder.file("whole.h5"), folder.file("lead.h5"),
                       "rank 0 died")


def check_twice(folder):
    """The one that began on rank 1 has its rank die wherever it runs."""
    running = start(folder, 3, "-o", "twice.h5")
    wait_for(running, lambda: busy(folder, "twice.h5", 3), "all ranks to begin")
    (bad,) = {name for _, rank, name in begun(folder, "twice.h5") if rank == 1}
    kill(running, 1)

    def again():
        return [rank for _, rank, name in begun(folder, "twice.h5")
                if rank != 1 and name == bad]

    wait_for(running, again, "another rank to begin it")
    rank = again()[0]
    kill(running, rank)
    if rank == 0:
        end(running, range(1, 256), WITHIN)
        running = start(folder, 3, "-o", "twice.h5")
    text = end(running, [1])
    check("3 ok, 1 failed" in text, text)
    check("its rank died twice while it ran" in text, text)
    text = end(start(folder, 2, "-o", "twice.h5", "--retry-set-aside"), [0])
    harness.check_same(folder.file("whole.h5"), folder.file("twice.h5"),
                       "set aside, and run again")


def check_team(folder):
    """Teams sum in another order than single ranks, and so does the reference."""
    words = ["--ranks-per-molecule", "2", "-o"]
    end(start(folder, 4, *words, "teams.h5"), [0])
    words += ["team.h5"]
    running = start(folder, 4, *words)
    wait_for(running, lambda: busy(folder, "team.h5", 2), "both teams to begin")
    time.sleep(0.2)
    kill(running, 3)
    text = end(running, range(1, 256), WITHIN)
    check(re.search(r"rank 3 on \S+ died, a member of the team of rank 2; in flight "
                    r"there: H2O", text), text)
    check("a team cannot go on without one of its ranks" in text, text)
    end(start(folder, 4, *words), [0])
    harness.check_same(folder.file("teams.h5"), folder.file("team.h5"),
                       "a rank of a team died")


with harness.Folder() as folder:
    folder.write("job.json", JOB)
    end(start(folder, 3, "-o", "whole.h5"), [0])
    check_worker(folder)
    check_late(folder)
    check_lead(folder)
    check_twice(folder)
    check_team(folder)
print("a rank less, and the same results; twice is set aside; nothing hangs")
