#!/usr/bin/env python3
"""MP2 of radicals and triplets: energies of runs against PySCF's (data of
tests/data/make_open_mp2.py), also of a file written and read again; the start
from its amplitudes lies below Hartree-Fock, ends where that from Hartree-Fock
does and takes no more evaluations; spaces by MP2 occupations."""

import json
import os

import harness
from harness import check

DATA = os.path.join(harness.ROOT, "tests", "data", "open_mp2.json")
STARTED = ["OH", "NH2", "CH3", "O2"]


def molecule(case):
    return {key: case[key] for key in ("name", "symbols", "coords", "multiplicity")}


def energies(folder, cases):
    """Of each case by a run of one evaluation."""
    for number, case in enumerate(cases):
        job = folder.write(f"energy-{number}.json", {
            "molecules": [molecule(case)], "basis": case["basis"],
            "frozen_core": case["frozen_core"], "init": "hf", "seed": 1,
            "references": ["hf", "mp2"],
            "optimizer": {"name": "L-BFGS-B", "max_evaluations": 1}})  # fmt: skip
        row = folder.summary(job, "--no-lake")[0]
        name = f"{case['name']} {case['basis']}"
        wanted = case["hf"] + case["doubles"] + case["singles"]
        check(abs(row["energy_hf"] - case["hf"]) < 1e-8, f"{name}: HF {row['energy_hf']}")
        check(abs(row["energy_mp2"] - wanted) < 1e-7, f"{name}: MP2 {row['energy_mp2']}")
    return len(cases)


def starts(folder, cases):
    """Evaluations from either start."""
    total = {"hf": 0, "mp2": 0}
    for case in cases:
        job = folder.write("start.json", {
            "molecules": [molecule(case)], "basis": "sto-3g", "init": ["hf", "mp2"],
            "seed": 1})  # fmt: skip
        rows = dict(zip(("hf", "mp2"), folder.summary(job, "--no-lake"), strict=True))
        energy = {start: row["energy"] for start, row in rows.items()}
        check(abs(energy["hf"] - energy["mp2"]) < 1e-6, f"{case['name']}: {energy}")
        for start, row in rows.items():
            total[start] += row["n_evaluations"]
        once = folder.write("once.json", {
            "molecules": [molecule(case)], "basis": "sto-3g", "seed": 1,
            "optimizer": {"name": "L-BFGS-B", "max_evaluations": 1}})  # fmt: skip
        first = folder.summary(once, "--no-lake")[0]
        gained = (first["energy_hf"] - first["energy"]) / (first["energy_hf"] - first["energy_fci"])
        check(0.5 < gained <= 1.0, f"{case['name']} starts at {gained} of the correlation")
    check(total["mp2"] < total["hf"], f"evaluations: {total}")
    return total


def main():
    with open(DATA, encoding="utf-8") as stream:
        cases = json.load(stream)
    small = [case for case in cases if len(case["occupations"]) <= 14]
    unique = {case["name"]: case for case in cases}
    with harness.Folder() as folder:
        count = energies(folder, small)
        total = starts(folder, [unique[name] for name in STARTED])
        job = folder.write("space.json", {
            "molecules": [molecule(unique["O2"])], "basis": "6-31g", "seed": 1,
            "active_space": {"auto": {"electrons": 8, "orbitals": 6}}})  # fmt: skip
        row = folder.summary(job, "--no-lake")[0]
        occupied = [orbital["occupation"] for orbital in row["orbitals"]]
        check(len(occupied) == 6 and abs(row["error_mha"]) < 1.6, f"{row}")
        check(occupied[0] > 1.8 > 1.1 > occupied[3] > 0.9 > 0.2 > occupied[5] > 0.0, f"{occupied}")
    print(f"{count} energies of MP2; evaluations {total}")


main()
