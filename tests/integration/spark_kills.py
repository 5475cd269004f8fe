#!/usr/bin/env python3
"""kill -9 of Spark while it writes the tables: after the n-th commit (drawn by
a recorded seed) of normalize.py, then of featurize.py. The programs run again
complete what is missing, as vqe_lake does: in the end every column equals that
of tables that nobody disturbed, and each key is there once.

Services: spark.

VQE_TEST_KILLS (2) is how many, VQE_TEST_SEED the seed. Exit status 77: no
Spark, or no fastavro.
"""

import argparse
import glob
import os
import random
import signal
import subprocess
import sys
import time

import harness
from harness import check

sys.path.append(os.path.join(harness.ROOT, "bench"))
try:
    import fastavro  # noqa: F401
    import lake_load
except ImportError as lacking:
    print(f"skipped: this Python has no {lacking.name}")
    sys.exit(harness.SKIPPED)

SUBMIT = os.path.join(harness.ROOT, "jobs", "spark", "submit.sh")
CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
LAKE = os.path.join(os.path.dirname(harness.BATCH), "vqe_lake")
# commits of a whole run: ten tables, made, given a branch, appended, tagged
COMMITS = {"normalize.py": 40, "featurize.py": 8}


def commits(warehouse):
    """Metadata files of all tables: one a commit."""
    return len(glob.glob(f"{warehouse}/quantum_features/*/metadata/v*.metadata.json"))


def start(folder, program, raw, warehouse):
    words = [SUBMIT, program, "--warehouse", warehouse]
    if program == "normalize.py":
        words += ["--raw", raw]
    with open(os.path.join(folder, "spark.log"), "ab") as log:
        return subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)


def finish(folder, process):
    status = process.wait(timeout=300)
    if status != 0:
        with open(os.path.join(folder, "spark.log"), encoding="utf-8") as log:
            print(log.read()[-4000:])
        harness.fail(f"Spark ends with {status}")


def kill_after(process, warehouse, wanted):
    """kill -9 of the whole session at the commit; False if it ended before."""
    deadline = time.monotonic() + 300
    while commits(warehouse) < wanted:
        if process.poll() is not None:
            return False
        check(time.monotonic() < deadline, "Spark does not end")
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def lake(*words):
    done = subprocess.run(
        [LAKE, *words], capture_output=True, text=True, timeout=120, check=False
    )
    check(done.returncode == 0, f"vqe_lake {words}: {done.stdout}{done.stderr}")
    return done.stdout


def main():
    if not glob.glob(os.path.join(CACHE, "vqe_batch", "spark-*", "spark.properties")):
        print("skipped: no Spark (jobs/setup/spark.sh)")
        sys.exit(harness.SKIPPED)
    seed = int(os.environ.get("VQE_TEST_SEED") or random.randrange(2**31))
    kills = int(os.environ.get("VQE_TEST_KILLS") or 2)
    print(f"seed {seed}, {kills} kills", flush=True)
    chance = random.Random(seed)
    lake_load.LAKE = LAKE
    with harness.Folder() as folder:
        raw, ours, theirs = (folder.file(n) for n in ("raw", "ours", "theirs"))
        lake_load.write_raw(
            raw, argparse.Namespace(experiments=12, iterations=20, parameters=6, batch=5)
        )
        lake("normalize", raw, "--warehouse", ours)
        lake("featurize", "--warehouse", ours)
        done = 0
        for k in range(kills):
            program = "featurize.py" if k % 2 else "normalize.py"
            wanted = commits(theirs) + chance.randint(1, COMMITS[program] - 1)
            process = start(folder.path, program, raw, theirs)
            was_killed = kill_after(process, theirs, wanted)
            print(f"{program} {'killed' if was_killed else 'ended'}", commits(theirs), flush=True)
            done += was_killed
            if program == "normalize.py" and k + 1 < kills or not was_killed:
                finish(folder.path, start(folder.path, "normalize.py", raw, theirs))
        for program in ("normalize.py", "featurize.py"):
            finish(folder.path, start(folder.path, program, raw, theirs))
        check(done > 0, "nothing was killed")
        said = lake("check", theirs)
        check(" 0 problems" in said, said)
        lake_load.compare(ours, theirs)
        found = lake_load.ask(
            theirs,
            "SELECT count(*) AS n, count(DISTINCT experiment_id) AS d FROM vqe_results",
        )
        check(found == [{"n": 12, "d": 12}], f"{found}")
    print(f"passed: {done} kills")


main()
