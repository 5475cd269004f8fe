#!/usr/bin/env python3
"""Write tests/data/cube.json: a natural orbital and densities on a grid by
PySCF's cubegen, of LiH with a frozen core: singlet and triplet in cc-pVDZ,
singlet in 6-31G(d), which has Cartesian functions.

    pip install pyscf==2.14.0
    python3 tests/data/make_cube.py

The states are exact (two electrons), so they are those
of UCCSD.
"""

import json
import os

import numpy as np
import pyscf
from pyscf import gto, mcscf, scf
from pyscf.dft import numint
from pyscf.tools import cubegen

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cube.json")
LENGTH = 1.5949  # angstrom
SPACING, MARGIN = 0.5, 3.0  # bohr
EVERY = 23  # of the points are kept


def state(multiplicity, basis):
    """The molecule, its alpha and beta densities."""
    mol = gto.M(atom=f"Li 0 0 0; H 0 0 {LENGTH}", basis=basis, spin=multiplicity - 1,
                cart=basis == "6-31g*", verbose=0)  # fmt: skip
    field = scf.RHF(mol).run(conv_tol=1e-12)
    space = mcscf.CASCI(field, mol.nao - 1, (2, 0) if multiplicity == 3 else (1, 1), ncore=1)
    space.fcisolver.conv_tol = 1e-13
    space.kernel()
    alpha, beta = space.make_rdm1s()
    return mol, alpha, beta, space.e_tot


def grid(mol):
    """Counts and corner of the box as the program makes it."""
    low, high = mol.atom_coords().min(axis=0), mol.atom_coords().max(axis=0)
    steps = np.ceil((high - low + 2 * MARGIN) / SPACING)
    return steps, (low + high - steps * SPACING) / 2


def functions(mol):
    """Basis functions at the points of cubegen's box, as cubegen has them."""
    steps, corner = grid(mol)
    box = cubegen.Cube(mol, *(int(n) + 1 for n in steps), origin=corner,
                       extent=steps * SPACING)  # fmt: skip
    return mol.eval_gto("GTOval", box.get_coords()[::EVERY])


def rounded(values):
    return [round(float(x), 12) for x in values]


def main():
    out = {"program": f"PySCF {pyscf.__version__}", "length": LENGTH, "spacing": SPACING,
           "margin": MARGIN, "every": EVERY, "states": {}}  # fmt: skip
    for multiplicity, basis in ((1, "cc-pvdz"), (3, "cc-pvdz"), (1, "6-31g*")):
        mol, alpha, beta, energy = state(multiplicity, basis)
        steps, corner = grid(mol)
        at = functions(mol)
        overlap = mol.intor("int1e_ovlp")
        # natural orbitals: eigenvectors of S^1/2 D S^1/2
        values, vectors = np.linalg.eigh(overlap)
        root = vectors * np.sqrt(values) @ vectors.T
        occupations, turned = np.linalg.eigh(root @ (alpha + beta) @ root)
        orbitals = np.linalg.solve(root, turned)[:, ::-1]
        out["states"][f"{multiplicity} {basis}"] = {
            "energy": energy, "counts": [int(n) + 1 for n in steps],
            "corner": corner.tolist(), "occupation_2": occupations[::-1][1],
            "density": rounded(numint.eval_rho(mol, at, alpha + beta)),
            "spin_density": rounded(numint.eval_rho(mol, at, alpha - beta)),
            "orbital_2": rounded(at @ orbitals[:, 1]),
        }  # fmt: skip
    with open(PATH, "w", encoding="utf-8") as stream:
        json.dump(out, stream, indent=0)
        stream.write("\n")


main()
