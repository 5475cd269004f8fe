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
    # a batch script of SLURM that launches nothing has these
    if number % 4 == 0:
        env.update(SLURM_PROCID="0", SLURM_JOB_ID="7", SLURM_NTASKS="4")
    output = os.path.join(folder.file("out"), f"{number}.h5")
    return subprocess.run(
        [harness.BATCH, folder.file("h2.json"), "-q", "--no-lake", "-o", output],
        env=env,
        cwd=folder.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


with harness.Folder() as folder:
    os.mkdir(folder.file("tmp"))
    os.mkdir(folder.file("out"))
    folder.write("h2.json", {"molecules": [harness.H2], "seed": 1})
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
