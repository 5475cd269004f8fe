#!/usr/bin/env python3
"""Write tests/data/bond_curves.json: exact energies in STO-3G, cores frozen, at
the points of jobs/examples/bond_curves.json, by PySCF's CASCI.

    pip install pyscf==2.14.0
    python3 tests/data/make_bond_curves.py

Along a curve Hartree-Fock starts from the density of the point before, as
`follow` has it. The frozen core is that of the program: 1s of Li to F.
"""

import json
import math
import os

import pyscf
from pyscf import gto, mcscf, scf

FOLDER = os.path.dirname(os.path.abspath(__file__))
JOB = os.path.join(FOLDER, "..", "..", "jobs", "examples", "bond_curves.json")
PATH = os.path.join(FOLDER, "bond_curves.json")


def points(scan):
    count = int((scan["to"] - scan["from"]) / scan["step"] + 1e-9) + 1
    return [round(scan["from"] + k * scan["step"], 10) for k in range(count)]


def main():
    with open(JOB, encoding="utf-8") as stream:
        job = json.load(stream)
    out = {"program": f"PySCF {pyscf.__version__}", "fci": {}}
    for molecule, scan in zip(job["molecules"], job["scan"], strict=True):
        assert scan["molecule"] == molecule["name"] and scan["bond"] == [0, 1]
        density = None
        for length in points(scan):
            places = [list(map(float, place)) for place in molecule["coords"]]
            along = [b - a for a, b in zip(places[0], places[1])]
            factor = length / math.hypot(*along)
            places[1] = [a + factor * d for a, d in zip(places[0], along)]
            mol = gto.M(
                atom=list(zip(molecule["symbols"], places)), basis="sto-3g", verbose=0,
                charge=molecule.get("charge", 0), spin=molecule.get("multiplicity", 1) - 1,
            )  # fmt: skip
            field = scf.RHF(mol)
            field.conv_tol = 1e-11
            field.kernel(dm0=density)
            density = field.make_rdm1()
            core = sum(z > 2 for z in mol.atom_charges())
            space = mcscf.CASCI(field, mol.nao - core, mol.nelectron - 2 * core, ncore=core)
            space.fcisolver.conv_tol = 1e-11
            name = f"{molecule['name']} {length:g}"
            out["fci"][name] = round(space.kernel()[0], 9)
    with open(PATH, "w", encoding="utf-8") as stream:
        json.dump(out, stream, indent=0)
        stream.write("\n")


main()
