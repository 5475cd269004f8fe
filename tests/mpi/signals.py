#!/usr/bin/env python3
"""Signals and limits of time end a long evaluation and a long FCI within
seconds, and what is printed says how far the job is.

The molecule's state has 9.4 million amplitudes: one evaluation with its
gradient takes minutes.
"""

import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
import harness  # noqa: E402
from harness import check, unfolded  # noqa: E402

WITHIN = 10.0  # seconds
LONG = {
    "molecules": [harness.H2O],
    "basis": "cc-pvdz",
    "frozen_core": 1,
    "active_space": {"electrons": 8, "orbitals": 18},
    "symmetry": False,
    "references": ["hf"],
    "init": "hf",
    "seed": 1,
}
# an evaluation takes a second or less
SHORT = {**LONG, "active_space": {"electrons": 8, "orbitals": 13}}
# FCI takes seconds even on a fast machine
EXACT = {**LONG, "active_space": {"electrons": 8, "orbitals": 15}}


def interrupted(folder, number, ranks, *options):
    """Sends the signal in the middle of the first evaluation."""
    words = harness.command(
        ranks, ["long.json", "--no-lake", "--force", "-t", "1", *options]
    )
    process = subprocess.Popen(
        words,
        cwd=folder.path,
        env=harness.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    time.sleep(8.0)
    check(process.poll() is None, f"{words}: over before the signal")
    began = time.monotonic()
    process.send_signal(number)
    text = unfolded(process.communicate(timeout=120)[0])
    seconds = time.monotonic() - began
    check(seconds < WITHIN, f"{words}: {seconds:.1f} s after the signal\n{text}")
    check(process.returncode == 3, f"{words}: {process.returncode}\n{text}")
    check("0 of 1 experiment done" in text, text)
    check("under way: H2O: " in text, text)
    check("the same command resumes" in text, text)
    return seconds


with harness.Folder() as folder:
    folder.write("long.json", LONG)
    folder.write("short.json", SHORT)
    folder.write("exact.json", EXACT)
    took = [
        interrupted(folder, signal.SIGTERM, 0),
        interrupted(folder, signal.SIGINT, 0),
        # mpirun hands this one on, and returns the program's status
        interrupted(folder, signal.SIGUSR1, 2),
        interrupted(folder, signal.SIGUSR1, 2, "--ranks-per-molecule", "2"),
    ]

    began = time.monotonic()
    done = folder.run("long.json", "--no-lake", "--max-seconds", "2", status=1)
    check(time.monotonic() - began < 2 + 5 + WITHIN, "max_seconds came late")
    check("max_seconds" in done.stdout, done.stdout)

    # evaluations before the one that was cut off stay
    row = folder.summary(
        *["short.json", "--no-lake", "--optimizer", "COBYLA"],
        *["--max-seconds", "6", "-t", "1"],
        status=0,
    )[0]
    check(row["status"] == "ok" and not row["converged"], f"{row}")
    check(re.match("limit of 6 seconds reached", row["reason"]), f"{row}")
    check(row["n_evaluations"] >= 1, f"{row}")
    check(row["energy"] <= row["energy_hf"] + 1e-6, f"{row}")

    row = folder.summary(
        *["exact.json", "--no-lake", "--force", "--references", "hf,fci"],
        *["--fci-max-seconds", "0.2", "--max-evaluations", "1", "-t", "1"],
        status=0,
    )[0]
    check(row["energy_fci"] is None, f"{row}")
    notes = {note["code"]: note["text"] for note in row["notes"]}
    check("fci_max_seconds" in notes.get("no_fci", ""), f"{notes}")
print("ended after", ", ".join(f"{seconds:.1f}" for seconds in took), "s")
