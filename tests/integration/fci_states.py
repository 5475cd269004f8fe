#!/usr/bin/env python3
"""The exact energy is that of the lowest state of the multiplicity: atoms, radicals,
ions, degenerate states and stretched bonds against PySCF, which looked for several roots
without symmetry (tests/data/make_fci_states.py). So is that of two equal halves, whose
exchange is a symmetry that no label has (tests/data/make_fci_halves.py)."""

import json
import os

import harness
from harness import check

DATA = os.path.join(harness.ROOT, "tests", "data", "fci_states.json")
HALVES = os.path.join(harness.ROOT, "tests", "data", "fci_halves.json")


def write_fcidump(folder, system):
    one, two = system["one"], system["two"]
    lines = ["&FCI NORB=4,NELEC=4,MS2=0,", "&END"]
    for p in range(4):
        for q in range(p + 1):
            for r in range(p + 1):
                for s in range((q if r == p else r) + 1):
                    value = two[64 * p + 16 * q + 4 * r + s]
                    if value != 0:
                        lines.append(f"{value!r} {p + 1} {q + 1} {r + 1} {s + 1}")
            if one[p][q] != 0:
                lines.append(f"{one[p][q]!r} {p + 1} {q + 1} 0 0")
    return folder.write(f"{system['name']}.fcidump", "\n".join([*lines, "0.0 0 0 0 0", ""]))


def check_halves(folder):
    with open(HALVES, encoding="utf-8") as stream:
        exact = {system["name"]: system for system in json.load(stream)["systems"]}
    files = [write_fcidump(folder, system) for system in exact.values()]
    wrong = []
    for row in folder.summary(*files, "--ansatz", "pUCCD", "--init", "hf",
                              "--max-evaluations", "1", "--output", "halves.h5", ranks=1):
        name = os.path.basename(row["name"]).removesuffix(".fcidump")
        right = exact.pop(name)["fci"]
        if row["energy_fci"] is None or abs(row["energy_fci"] - right) > 1e-8:
            wrong.append(f"{name}: {row['energy_fci']}, PySCF {right}")
    check(not exact, f"not run: {sorted(exact)}")
    check(not wrong, f"{len(wrong)} of two halves: {wrong}")


with open(DATA, encoding="utf-8") as stream:
    states = {state["name"]: state for state in json.load(stream)["states"]}
check(len(states) >= 40, f"{len(states)} states")

with harness.Folder() as folder:
    worst = 0.0
    for basis in sorted({state["basis"] for state in states.values()}):
        keys = ("name", "symbols", "coords", "charge", "multiplicity")
        job = folder.write(f"states-{basis}.json", {
            "molecules": [{key: state[key] for key in keys}
                          for state in states.values() if state["basis"] == basis],
            "basis": basis, "seed": 1, "init": "hf",
            "optimizer": {"name": "L-BFGS-B", "max_evaluations": 1}})
        for row in folder.summary(job, ranks=1):
            exact = states.pop(row["name"])["fci"]
            check(row["status"] == "ok", f"{row['name']}: {row}")
            check(row["energy_fci"] is not None, f"{row['name']}: no FCI")
            error = row["energy_fci"] - exact
            worst = max(worst, abs(error))
            said = f"{row['name']}: {row['energy_fci']:.10f}, PySCF {exact:.10f}"
            check(abs(error) < 1e-8, said)
    check(not states, f"not run: {sorted(states)}")
    check_halves(folder)
print(f"fci_states: as PySCF's, to {worst:.0e} hartree")
