#!/usr/bin/env python3
"""What version 0.1.0 left behind, and this version goes on with: a result
file, the journal of a killed run, a spool, a warehouse.

tests/data/version_0.1.0.tar.gz was made by that version: `vqe_batch` of
done.json and its tables (`vqe_lake normalize`, `featurize`), a run of
killed.json killed in its second experiment, two records that no broker took;
*_summary.json are the summaries of the undisturbed runs.
"""

import json
import math
import os
import subprocess
import tarfile

import harness
from harness import check, unfolded

h5py = harness.h5py_or_skip()

LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake")
ARCHIVE = os.path.join(harness.ROOT, "tests", "data", "version_0.1.0.tar.gz")
# columns of ml_run_summary that 0.1.0 did not have
LATER = ["molecule_label", "n_expectation", "s2", "state_ok"]


def lake(folder, *words):
    done = subprocess.run([LAKE, *words], cwd=folder.path, capture_output=True,
                          text=True, timeout=120, check=False)
    check(done.returncode == 0,
          f"vqe_lake {' '.join(words)}: {done.returncode}\n"
          f"{done.stdout}{done.stderr}")
    return done.stdout


def rows_of(folder, sql):
    return json.loads(lake(folder, "query", sql, "-w", "warehouse",
                           "--format", "json"))


def summary(folder, name):
    with open(folder.file(name), encoding="utf-8") as stream:
        return json.load(stream)


def check_energies(rows, wanted, text, near=1e-9):
    """The same experiments, by id, with the same energies."""
    check(len(rows) == len(wanted), f"{text}: {len(rows)} of {len(wanted)}")
    energies = {row["experiment_id"]: row["energy"] for row in rows}
    for row in wanted:
        check(row["experiment_id"] in energies,
              f"{text}: no {row['name']} {row['experiment_id']}")
        check(math.isclose(energies[row["experiment_id"]], row["energy"],
                           rel_tol=0, abs_tol=near), f"{text}: {row}")


def check_result(folder):
    """Nothing is computed again, and the file takes more experiments."""
    wanted = summary(folder, "done_summary.json")
    text = folder.run("done.json", "--no-lake", "-o", "done.h5", "--summary",
                      "now.json")
    check("16 experiments: 16 ok (16 restored), 0 failed" in text.stdout,
          text.stdout)
    check("nan" not in text.stdout, text.stdout)
    check_energies(summary(folder, "now.json"), wanted, "the result file")
    job = summary(folder, "done.json")
    job["molecules"].append(harness.LIH)
    folder.write("more.json", job)
    text = folder.run("more.json", "--no-lake", "-o", "done.h5").stdout
    check("24 experiments: 24 ok (16 restored), 0 failed" in text, text)
    with h5py.File(folder.file("done.h5")) as file:
        settings = file["settings"][:]
    check(len(settings) == 24, str(len(settings)))
    # a run that did not know a setting is one without it
    for name, value in (("restarts", 1), ("penalty_number", 0.0),
                        ("penalty_spin", 0.0)):
        check((settings[name] == value).all(), f"{name}: {settings[name]}")


def check_journal(folder):
    """One experiment was done, one at its 229th evaluation."""
    wanted = summary(folder, "killed_summary.json")
    text = folder.run("status", "killed.json").stdout
    check("1 done, 0 failed, 0 running, 1 stopped, 2 waiting" in text, text)
    check("it 229" in text, text)
    text = folder.run("killed.json", "--no-lake", "--summary", "now.json",
                      "--all").stdout
    check("4 experiments: 4 ok (1 restored), 0 failed" in text, text)
    check("nan" not in text, text)
    # what is computed here goes its own way, by the rounding of this processor
    now = summary(folder, "now.json")
    check_energies(now, wanted, "the journal", 1e-2)
    check_energies([row for row in now if row["seed"] == 1],
                   [row for row in wanted if row["seed"] == 1], "what was done")
    check([row["n_evaluations"] for row in now]
          == [row["n_evaluations"] for row in wanted], "evaluations")
    check(not os.path.exists(folder.file("killed.h5.journal")),
          "the journal stays")


def check_warehouse(folder):
    """A copied warehouse is relocated, takes what this version has made and
    the spool, and old rows keep their values."""
    lake(folder, "relocate", os.path.join("old", "warehouse"), "warehouse")
    before = rows_of(folder, "SELECT * FROM ml_run_summary ORDER BY experiment_id")
    check(len(before) == 16, str(len(before)))
    lake(folder, "normalize", "spool", "-w", "warehouse")
    lake(folder, "normalize", "killed.h5", "-w", "warehouse")
    lake(folder, "featurize", "-w", "warehouse")
    text = lake(folder, "check", "-w", "warehouse")
    check("13 tables" in text and " 0 problems" in text, text)
    after = {row["experiment_id"]: row for row in
             rows_of(folder, "SELECT * FROM ml_run_summary")}
    check(len(after) == 16 + 2 + 4, str(len(after)))
    for row in before:
        now = after[row["experiment_id"]]
        for name, value in row.items():
            check(now[name] == value, f"{name}: {value}, now {now[name]}")
        check(all(now[name] is None for name in LATER), str(now))
    ids = {row["experiment_id"] for row in summary(folder, "spool_summary.json")}
    check(ids < set(after), "records of the spool")
    check_energies([{"experiment_id": key, "energy": row["total_energy"]}
                    for key, row in after.items() if key in ids],
                   summary(folder, "spool_summary.json"), "the spool")
    # and once more: what is there is known
    text = unfolded(lake(folder, "normalize", "done.h5", "-w", "warehouse"))
    check("24 records, 8 new experiments" in text, text)
    # older tables are merged and expired with the new ones
    lake(folder, "compact", "warehouse")
    lake(folder, "expire", "warehouse", "--older-than", "0s")
    text = lake(folder, "check", "-w", "warehouse")
    check("13 tables" in text and " 0 problems" in text, text)
    rows = rows_of(folder, "SELECT count(*) AS n FROM ml_run_summary")
    check(rows[0]["n"] == 22, str(rows))


with harness.Folder() as folder:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder.path, filter="data")
    old = folder.file("old")
    os.rename(folder.file("version-0.1.0"), old)
    for name in os.listdir(old):
        if name != "warehouse":
            os.rename(os.path.join(old, name), folder.file(name))
    check_result(folder)
    check_journal(folder)
    check_warehouse(folder)
print("result file, journal, spool and warehouse of 0.1.0 go on")
