#!/usr/bin/env python3
"""Make casscf.json: complete-active-space SCF energies and dipoles by PySCF.

    pip install pyscf==2.14.0
    python3 tests/data/make_casscf.py

Two electrons in two orbitals around RHF's frontier: an ansatz that is exact
for two electrons has to give the same energy when its orbitals are optimised.
"""

import json
import os

import numpy as np
from pyscf import gto, mcscf, scf

FOLDER = os.path.dirname(os.path.abspath(__file__))
CASES = [
    ("H2", [["H", 0, 0, 0], ["H", 0, 0, 0.735]], 0, "6-31g"),
    ("HeH+", [["He", 0, 0, 0], ["H", 0, 0, 0.7719]], 1, "6-31g"),
    ("LiH", [["Li", 0, 0, 0], ["H", 0, 0, 1.5957]], 0, "6-31g"),
    ("H2O", [["O", 0, 0, 0], ["H", 0, 0.757, 0.587], ["H", 0, -0.757, 0.587]],
     0, "sto-3g"),
]


def main():
    out = []
    for name, atoms, charge, basis in CASES:
        molecule = gto.M(atom=atoms, charge=charge, basis=basis, verbose=0)
        mean_field = scf.RHF(molecule)
        mean_field.conv_tol = 1e-13
        mean_field.kernel()
        cas = mcscf.CASSCF(mean_field, 2, 2)
        cas.conv_tol = 1e-12
        cas.conv_tol_grad = 1e-7
        energy = cas.kernel()[0]
        density = cas.make_rdm1()
        position = -np.einsum("xij,ji->x", molecule.intor("int1e_r"), density)
        dipole = position + molecule.atom_charges() @ molecule.atom_coords()
        out.append(
            {
                "name": name,
                "symbols": [atom[0] for atom in atoms],
                "coords": [atom[1:] for atom in atoms],
                "charge": charge,
                "basis": basis,
                "frozen": (molecule.nelectron - 2) // 2,
                "hf": float(mean_field.e_tot),
                "energy": float(energy),
                "dipole": [float(x) for x in dipole],
            }
        )
    with open(os.path.join(FOLDER, "casscf.json"), "w", encoding="utf-8") as file:
        json.dump(out, file, indent=1)
        file.write("\n")


main()
