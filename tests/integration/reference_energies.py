#!/usr/bin/env python3
"""Every molecule of tests/data/energies.json up to 20 qubits through the
program: nuclear repulsion, HF, MP2, FCI, Pauli terms and their 1-norm against
PySCF and OpenFermion; then the thesis molecules, EfficientSU2 and
ExcitationPreserving to the errors that are asked of them."""

import json
import os

import harness
from harness import check

DATA = os.path.join(harness.ROOT, "tests", "data", "energies.json")
# No degenerate orbitals, so the count of Pauli terms does not depend on how
# they are rotated.
PLAIN = {"H2", "HeH+", "LiH", "BeH2", "H2O", "H4_chain_1.0", "BH_1.2324",
         "OH_radical_0.9697", "HF_0.9168", "H2_631g"}
# LiH, BeH2, BH, HF and OH have degenerate pi orbitals too, but symmetry fixes
# them along the axes in the reference as well.
THESIS = {"H2": 0.1, "HeH+": 0.1, "LiH": 0.1, "BeH2": 1.6, "H2O": 1.6,
          "NH3": 1.6, "N2": 2.3}


def near(name, what, got, wanted, tolerance):
    check(got is not None and abs(got - wanted) <= tolerance,
          f"{name}: {what} is {got}, expected {wanted}")


with open(DATA, encoding="utf-8") as stream:
    systems = {s["name"]: s for s in json.load(stream)["systems"]
               if s["n_qubits"] <= 20}


def molecule(name):
    system = systems[name]
    return {
        "name": name, "symbols": [atom[0] for atom in system["geometry"]],
        "coords": [atom[1:] for atom in system["geometry"]],
        "units": system["units"], "charge": system["charge"],
        "multiplicity": system["multiplicity"],
    }


with harness.Folder() as folder:
    groups = {}
    for name, system in systems.items():
        key = (system["basis"], system["frozen_core_orbitals"])
        groups.setdefault(key, []).append(name)
    seen = 0
    for number, ((basis, frozen), names) in enumerate(groups.items()):
        job = folder.write(f"reference-{number}.json", {
            "molecules": [molecule(name) for name in names], "basis": basis,
            "frozen_core": frozen, "seed": 1, "init": "hf",
            "optimizer": {"name": "L-BFGS-B", "max_evaluations": 1}})
        for row in folder.summary(job, ranks=2):
            name = row["name"]
            system = systems[name]
            check(row["status"] == "ok", f"{name}: {row}")
            near(name, "nuclear repulsion", row["nuclear_repulsion"],
                 system["e_nuc"], 1e-8)
            near(name, "HF", min(
                (row["energy_hf"] - system[key] for key in
                 ("e_hf", "e_hf_default_guess")), key=abs), 0.0, 1e-8)
            near(name, "FCI", row["energy_fci"], system["e_fci"], 1e-7)
            near(name, "MP2", row["energy_mp2"], system["e_mp2"], 1e-7)
            if name in PLAIN:
                check(row["n_pauli_terms"] == system["n_pauli_terms"],
                      f"{name}: {row['n_pauli_terms']} Pauli terms, expected "
                      f"{system['n_pauli_terms']}")
                near(name, "1-norm", row["pauli_one_norm"],
                     system["pauli_one_norm_excl_identity"], 1e-7)
            seen += 1
    check(seen == len(systems) and seen >= 18, f"{seen} systems")
    print(f"{seen} molecules: nuclear repulsion, HF, MP2, FCI, Pauli terms")

    job = folder.write("thesis.json", {
        "molecules": [molecule(name) for name in THESIS], "seed": 1})
    for row in folder.summary(job, ranks=2):
        check(row["converged"], f"{row['name']}: {row['reason']}")
        check(-1e-4 <= row["error_mha"] <= THESIS[row["name"]],
              f"{row['name']}: {row['error_mha']} mHa from FCI")
    print("UCCSD: within", THESIS)

    job = folder.write("su2.json", {
        "molecules": [molecule("H2"), molecule("LiH")],
        "ansatz": "EfficientSU2", "init": "random", "seed": list(range(20))})
    below = {}
    for row in folder.summary(job, ranks=2):
        gain = (row["energy_hf"] - row["energy"]) * 1e3
        below[row["name"]] = max(gain, below.get(row["name"], gain))
    check(all(gain >= 1.0 for gain in below.values()), f"{below}")
    print("EfficientSU2, best of 20 seeds, mHa below HF:", below)

    job = folder.write("preserving.json", {
        "molecules": [molecule("H2")], "ansatz": "ExcitationPreserving",
        "init": "hf", "seed": [0, 1, 2]})
    best = min(row["error_mha"] for row in folder.summary(job, ranks=2))
    check(abs(best) <= 0.01, f"ExcitationPreserving H2: {best} mHa")
    print("ExcitationPreserving from hf, H2: error", best, "mHa")
