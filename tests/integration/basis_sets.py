#!/usr/bin/env python3
"""Usage: basis_sets.py [PROGRAM] [--all] [--data FILE]

Hartree-Fock and FCI energies in sets of the Basis Set Exchange against PySCF
(tests/data/basis_sets.json), for H to Kr: s to g functions, general
contractions, Cartesian ones, complexes of iron, copper and zinc. A part of the
file, or with --all the whole of it, which takes an hour."""

import argparse
import json
import os

import harness
from harness import check

DATA = os.path.join(harness.ROOT, "tests", "data", "basis_sets.json")
# small in functions, and yet of every kind
PART = {
    "STO-3G": {"K", "Mn", "CuH", "ZnH2", "FeH2", "[Zn(OH2)2]2+", "[Cu(OH2)2]+"},
    "3-21G": {"Li", "ZnH2", "HBr", "CuH", "[Zn(OH2)2]2+"},
    "6-31G*": {"H2O", "ZnH2", "SiH4"},
    "6-311++G**": {"H2O", "CH2"},
    "cc-pVDZ": {"H2", "LiH", "N", "CuH"},
    "aug-cc-pVDZ": {"H2", "H2O"},
    "cc-pVTZ": {"H2", "HF"},
    "cc-pVQZ": {"Ne"},
    "def2-SVP": {"N2", "KH", "CuH", "As"},
    "def2-TZVP": {"HCl"},
    "pc-1": {"NH3", "H2S", "Zn"},
    "ANO-RCC-VDZP": {"HF"},
}

# where PySCF's starts end in a solution above the one that the program finds
HIGHER = {("Zn", "STO-3G"), ("ZnH2", "STO-3G"), ("Cu(CN)", "STO-3G"),
          ("Mn", "3-21G"), ("FeH2", "3-21G"), ("[Fe(OH2)2]2+", "3-21G"),
          ("FeH2", "6-31G*"), ("FeH2", "def2-SVP"),
          ("Mn", "ANO-RCC-VDZP")}


def difference(what, got, wanted):
    """What is wrong with an energy, in a list, which is empty for nothing."""
    if got is not None and abs(got - wanted) <= 1e-8:
        return []
    return [f"{what} is {got}, PySCF has {wanted}"]


def space(case, system):
    """Active electrons and orbitals: one determinant, for Hartree-Fock alone;
    None: all of them, for FCI."""
    if case.get("fci") is not None:
        return None
    opened = system["multiplicity"] - 1
    return (opened + 2, opened + 1)


def cases_of(data, whole):
    for case in data["cases"]:
        if case["hf"] is not None and (
                whole or case["system"] in PART.get(case["basis"], ())):
            yield case


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", help="VQE_BATCH, if not given")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--data", default=DATA)
    given = parser.parse_args()
    whole = given.all
    with open(given.data, encoding="utf-8") as stream:
        data = json.load(stream)
    groups = {}
    for case in cases_of(data, whole):
        key = space(case, data["systems"][case["system"]]), case["basis"]
        groups.setdefault(key, []).append(case)
    seen = {"energy_hf": 0, "energy_fci": 0}
    wrong = []
    with harness.Folder() as folder:
        for number, ((active, basis), cases) in enumerate(groups.items()):
            job = {"molecules": [{"name": case["system"], "units": "bohr",
                                  **data["systems"][case["system"]]}
                                 for case in cases],
                   "basis": basis, "seed": 1, "init": "hf", "ansatz": "UCCSD",
                   "optimizer": {"name": "L-BFGS-B", "max_evaluations": 1}}
            if active is not None:
                job["active_space"] = {"electrons": active[0],
                                       "orbitals": active[1]}
            rows = folder.summary(folder.write(f"sets-{number}.json", job),
                                  "--no-lake", status=None, timeout=3600)
            check(len(rows) == len(cases), f"{basis}: {len(rows)} results")
            for row, case in zip(rows, cases):
                what = f"{row['name']}, {basis}"
                if row["status"] != "ok":
                    wrong.append(f"{what}: {row}")
                elif (row["name"], basis) in HIGHER:
                    if row["energy_hf"] > case["hf"] - 1e-6:
                        wrong.append(f"{what}: {row['energy_hf']} is not lower")
                    continue
                for key, wanted in (("energy_hf", case["hf"]),
                                    ("energy_fci", case.get("fci"))):
                    if row["status"] == "ok" and wanted is not None:
                        wrong += difference(f"{what}: {key}", row[key], wanted)
                        seen[key] += 1
    check(not wrong, "\n".join(wrong))
    check(seen["energy_hf"] >= 30 and seen["energy_fci"] >= 4, f"{seen}")
    print(f"{seen['energy_hf']} Hartree-Fock and {seen['energy_fci']} FCI "
          f"energies in {len({basis for _, basis in groups})} sets equal "
          "PySCF's")


if __name__ == "__main__":
    main()
