#!/usr/bin/env python3
"""vqe_batch makes its tables from results in memory: they are, row for row,
what vqe_lake makes from the result file, also after a restart.

VQE_BATCH and VQE_LAKE name the programs; VQE_LAKE_FILE another vqe_lake that
reads the file (VQE_LAKE).
"""

import json
import math
import os
import signal
import subprocess

import harness
from harness import check, children_of, journal_bytes, start, wait_for

LAKE = os.path.abspath(os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"))
LAKE_FILE = os.path.abspath(os.environ.get("VQE_LAKE_FILE") or LAKE)
TABLES = (
    "molecules ansatz_info performance_metrics vqe_results initial_parameters "
    "optimal_parameters vqe_iterations iteration_parameters hamiltonian_terms "
    "molecular_properties processing_metadata ml_iteration_features ml_run_summary"
).split()
# when and by which run of the tables
STAMPS = {
    "processing_timestamp", "processing_date", "processing_batch_id",
}


def call(folder, program, *words):
    done = subprocess.run(
        [program, *words], cwd=folder.path, env=harness.environment(),
        capture_output=True, text=True, check=False,
    )
    check(done.returncode == 0, f"{words}: {done.stderr}")
    return done.stdout


def rows(folder, warehouse, name):
    text = call(folder, LAKE, "query", f"FROM {name}", "--warehouse", warehouse,
                "--format", "json")
    found = json.loads(text)
    for row in found:
        for stamp in STAMPS:
            row.pop(stamp, None)
    # files stand in no order of their own
    return sorted(found, key=json.dumps)


def is_same(name, one, two):
    """Statistics of thousands of iterations are summed by several threads, in
    an order that differs between any two calls."""
    if name != "ml_run_summary":
        return one == two
    return one.keys() == two.keys() and all(
        one[key] == two[key] or isinstance(one[key], float) and
        math.isclose(one[key], two[key], rel_tol=1e-12) for key in one)


def check_tables(folder, result, warehouse, what):
    """Tables of `warehouse` against new ones made from the file."""
    other = warehouse + ".file"
    call(folder, LAKE_FILE, "normalize", result, "--warehouse", other)
    call(folder, LAKE_FILE, "featurize", other)
    total = 0
    for name in TABLES:
        made = rows(folder, warehouse, name)
        wanted = rows(folder, other, name)
        check(len(wanted) > 0, f"{what}: {name} is empty")
        check(len(made) == len(wanted), f"{what}: {name}: {len(made)} rows of "
                                        f"{len(wanted)}")
        for one, two in zip(made, wanted):
            if name == "processing_metadata":
                one = {k: v for k, v in one.items() if "version" not in k}
                two = {k: v for k, v in two.items() if "version" not in k}
            check(is_same(name, one, two), f"{what}: {name}:\n{one}\n{two}")
        total += len(made)
    return total


with harness.Folder() as folder:
    bad = {"name": "bad", "symbols": ["Xx"], "coords": [[0, 0, 0]]}
    folder.write("job.json", {
        "molecules": [harness.H2, bad, harness.LIH,
                      dict(harness.LIH, name="LiH+", charge=1, multiplicity=2)],
        "ansatz": ["UCCSD", {"name": "EfficientSU2", "reps": 1}],
        "optimizer": [{"name": "L-BFGS-B", "max_evaluations": 15},
                      {"name": "COBYLA", "max_evaluations": 15}],
        "seed": 3, "properties": True,
    })
    # with failed ones
    folder.run("job.json", "-o", "a.h5", "-w", "a", ranks=2, status=1)
    counted = check_tables(folder, "a.h5", "a", "a run")

    # another job in the same file, and one that was finished before
    folder.write("more.json", {
        "molecules": [harness.H2, harness.H2O], "seed": [3, 4], "shots": 50,
        "ansatz": "UCCSD", "properties": ["moments"],
        "optimizer": {"name": "COBYLA", "max_evaluations": 15},
    })
    folder.write("h2.json", {
        "molecules": [harness.H2], "seed": [3, 4], "shots": 50,
        "ansatz": "UCCSD", "properties": ["moments"],
        "optimizer": {"name": "COBYLA", "max_evaluations": 15},
    })
    folder.run("h2.json", "-o", "a.h5", "--no-lake")
    summary = folder.summary("more.json", "-o", "a.h5", "-w", "b", ranks=2)
    check({row["status"] for row in summary} == {"ok"}, f"{summary}")
    check({row["restored"] for row in summary} == {True, False}, f"{summary}")
    counted += check_tables(folder, "a.h5", "b", "three jobs")
    # all again: nothing new, and --force
    summary = folder.summary("more.json", "-o", "a.h5", "-w", "c")
    check(all(row["restored"] for row in summary), f"{summary}")
    counted += check_tables(folder, "a.h5", "c", "all done before")
    folder.run("h2.json", "-o", "a.h5", "-w", "d", "--force")
    counted += check_tables(folder, "a.h5", "d", "forced")

    # killed: what the journal holds becomes rows too
    folder.write("long.json", {
        "molecules": [harness.LIH], "seed": [5, 6], "ansatz": "EfficientSU2",
        "properties": ["charges"],
        "optimizer": {"name": "COBYLA", "max_evaluations": 3000, "ftol": 0},
    })
    words = ("long.json", "--threads", 1, "-o", "k.h5", "-w", "k")
    running = start(folder, 1, *words)
    # by the size of its files alone it is not known whether one is done
    wait_for(running, lambda: journal_bytes(folder, "k.h5") > 1000000 and
             "experiments: 1 done" in call(folder, harness.BATCH, "status", "k.h5"),
             "one of two to be done")
    for pid in children_of(running.pid):
        os.kill(pid, signal.SIGKILL)
    running.communicate(timeout=60)
    check(not os.path.exists(folder.file("k")), "tables of a killed run")
    summary = folder.summary(*words)
    check(any(row["restored"] for row in summary), f"{summary}")
    counted += check_tables(folder, "k.h5", "k", "killed and resumed")
print(f"{counted} rows: tables from memory are those of the result file")
