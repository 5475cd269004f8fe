#!/usr/bin/env python3
"""The exact energy is that of the lowest state of the multiplicity: atoms, radicals,
ions, degenerate states and stretched bonds against PySCF, which looked for several roots
without symmetry (tests/data/make_fci_states.py)."""

import json
import os

import harness
from harness import check

DATA = os.path.join(harness.ROOT, "tests", "data", "fci_states.json")

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
print(f"fci_states: as PySCF's, to {worst:.0e} hartree")
