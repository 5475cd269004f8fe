#!/usr/bin/env python3
"""A share of jobs/examples/bond_curves.json, the catalogue of bond curves that is
in doc/howto/scans.md: exact energies are PySCF's (tests/data/bond_curves.json),
no curve jumps, and no energy is off in silence."""

import json
import os

import harness
from harness import check

JOB = os.path.join(harness.ROOT, "jobs", "examples", "bond_curves.json")
DATA = os.path.join(harness.ROOT, "tests", "data", "bond_curves.json")
ACCURACY = 1.6  # mHa


def part(job, names, **settings):
    """The job for some molecules, all points of them."""
    out = {key: value for key, value in job.items() if key != "select"}
    out["molecules"] = [m for m in job["molecules"] if m["name"] in names]
    out["scan"] = [s for s in job["scan"] if s["molecule"] in names]
    return {**out, **settings}


def judged(rows):
    """Each energy is right or says that it is not."""
    for row in rows:
        codes = [note["code"] for note in row["notes"] or []]
        check(row["status"] == "ok" and row["error_mha"] > -1e-4, f"{row}")
        said = "above_chemical_accuracy" in codes
        check((row["error_mha"] > ACCURACY) == said, f"{row['name']}: {row['error_mha']} {codes}")
        check(row["state_ok"] or "wrong_spin" in codes, f"{row['name']}: {row['s2']} {codes}")


def everything(folder, job, peer):
    """UCCSD of all molecules in STO-3G, on two ranks."""
    names = [molecule["name"] for molecule in job["molecules"]]
    folder.write("all.json", part(job, names, basis="sto-3g", ansatz="UCCSD"))
    rows = folder.summary("all.json", "--no-lake", ranks=2)
    check({row["name"] for row in rows} == set(peer["fci"]), "points")
    worst = max(abs(row["energy_fci"] - peer["fci"][row["name"]]) for row in rows)
    check(worst < 2e-9, f"exact energies differ from PySCF's by {worst}")
    judged(rows)
    # methane has equivalent planes of symmetry, and is followed all the same
    started = [row["started_from"] for row in rows if row["name"].startswith("CH4")]
    check(started[0] is None and None not in started[1:], f"{started}")
    return worst


def accurate(folder, job):
    names = ["H2", "HeH+", "LiH", "BeH2", "OH", "HF", "H2O", "N2"]
    folder.write("adapt.json", part(job, names, basis="sto-3g", ansatz="ADAPT-VQE"))
    rows = folder.summary("adapt.json", "--no-lake", ranks=2)
    judged(rows)
    worst = max(row["error_mha"] for row in rows)
    check(worst < 0.1, f"ADAPT-VQE is off by {worst} mHa")
    return worst


def without_jumps(folder, job):
    """The last point of OH from nothing is in another irrep and 94 mHa higher, with a
    sharp spin, which the followed one has not."""
    folder.write("oh.json", part(job, ["OH"], basis="6-31g", ansatz="UCCSD"))
    rows = folder.summary("oh.json", "--no-lake")
    judged(rows)
    errors = [row["error_mha"] for row in rows]
    steps = [b - a for a, b in zip(errors, errors[1:])]
    check(max(map(abs, steps)) < 3.0, f"the curve of OH jumps: {errors}")


with open(JOB, encoding="utf-8") as stream:
    job = json.load(stream)
with open(DATA, encoding="utf-8") as stream:
    peer = json.load(stream)
with harness.Folder() as folder:
    exact = everything(folder, job, peer)
    worst = accurate(folder, job)
    without_jumps(folder, job)
print(f"94 exact energies are PySCF's to {exact:.1e} hartree; ADAPT-VQE within {worst:.3f} mHa")
