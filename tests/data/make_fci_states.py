#!/usr/bin/env python3
"""Make fci_states.json: the lowest FCI energy of a multiplicity, for radicals, ions, open
p shells and stretched bonds, by PySCF 2.9.0: several roots without symmetry, from the
eigenvectors of the Hamiltonian among 600 determinants, and each irrep by itself, as roots
hide from either (those of CN and N2+ with stretched bonds from the first).
Takes half an hour; states that the file has are kept."""

import json
import os

import numpy as np
from pyscf import ao2mo, fci, gto, scf

ROOTS = 4
WATER = "O 0 0 0.1173; H 0 0.7572 -0.4692; H 0 -0.7572 -0.4692"
CH3 = "C 0 0 0; H 1.079 0 0; H -0.5395 0.934441 0; H -0.5395 -0.934441 0"
TRIANGLE = "H 0 0 0; H 0 0 0.9; H 0 0.779423 0.45"
SQUARE = "H 0.6 0.6 0; H 0.6 -0.6 0; H -0.6 0.6 0; H -0.6 -0.6 0"

# Name, geometry in angstrom, charge, multiplicity, basis.
CASES = [
    ("B", "B 0 0 0", 0, 2, "6-31g"), ("C", "C 0 0 0", 0, 3, "6-31g"),
    ("C singlet", "C 0 0 0", 0, 1, "6-31g"), ("N", "N 0 0 0", 0, 4, "6-31g"),
    ("N doublet", "N 0 0 0", 0, 2, "6-31g"), ("O", "O 0 0 0", 0, 3, "6-31g"),
    ("O singlet", "O 0 0 0", 0, 1, "6-31g"), ("F", "F 0 0 0", 0, 2, "6-31g"),
    ("Be", "Be 0 0 0", 0, 1, "6-31g"), ("Be triplet", "Be 0 0 0", 0, 3, "6-31g"),
    ("H3+", TRIANGLE, 1, 1, "6-31g"), ("H3", TRIANGLE, 0, 2, "6-31g"),
    ("H4 square", SQUARE, 0, 1, "6-31g"), ("H4 square triplet", SQUARE, 0, 3, "6-31g"),
    ("CH3", CH3, 0, 2, "sto-3g"), ("CH3+", CH3, 1, 1, "sto-3g"),
    ("CH3-", CH3, -1, 1, "sto-3g"), ("H2O", WATER, 0, 1, "sto-3g"),
    ("H2O+", WATER, 1, 2, "sto-3g"), ("H2O triplet", WATER, 0, 3, "sto-3g"),
    ("NH2", "N 0 0 0.14; H 0 0.803 -0.49; H 0 -0.803 -0.49", 0, 2, "sto-3g"),
    ("NH2 linear", "N 0 0 0; H 0 0 1; H 0 0 -1", 0, 2, "sto-3g"),
    ("BH2", "B 0 0 0; H 0 1.07 -0.5; H 0 -1.07 -0.5", 0, 2, "sto-3g"),
    ("CH2 singlet", "C 0 0 0; H 0 0.86 -0.7; H 0 -0.86 -0.7", 0, 1, "sto-3g"),
    ("CH2 triplet", "C 0 0 0; H 0 0.99 -0.42; H 0 -0.99 -0.42", 0, 3, "sto-3g"),
    ("CH2 linear singlet", "C 0 0 0; H 0 0 1.08; H 0 0 -1.08", 0, 1, "sto-3g"),
    ("LiH 3.0", "Li 0 0 0; H 0 0 3", 0, 1, "6-31g"),
    ("LiH+", "Li 0 0 0; H 0 0 2.2", 1, 2, "6-31g"),
    ("HeH", "He 0 0 0; H 0 0 1.5", 0, 2, "6-31g"),
]
DIATOMICS = [
    ("O", "H", 0, 2, (0.97, 1.8)), ("O", "H", 1, 3, (1.03,)),
    ("C", "H", 0, 2, (1.12, 2.0)), ("C", "H", 0, 4, (1.09,)),
    ("C", "H", 1, 1, (1.13, 2.0)), ("N", "H", 0, 3, (1.04, 2.0)),
    ("N", "H", 0, 1, (1.04,)), ("B", "H", 0, 1, (1.23, 2.5)),
    ("B", "H", 0, 3, (1.2,)), ("B", "H", 1, 2, (1.2,)),
    ("H", "F", 0, 1, (0.92, 2.0)), ("H", "F", 1, 2, (1.0,)),
    ("C", "C", 0, 1, (1.24, 1.6, 2.0)), ("C", "C", 0, 3, (1.31, 1.6)),
    ("C", "C", 1, 4, (1.4,)), ("C", "C", -1, 2, (1.27,)),
    ("B", "B", 0, 3, (1.59, 2.2)), ("B", "B", 0, 1, (1.59,)),
    ("B", "N", 0, 1, (1.28, 1.8)), ("B", "N", 0, 3, (1.33, 1.8)),
    ("Be", "O", 0, 1, (1.33, 2.0)), ("Be", "O", 0, 3, (1.33,)),
    ("C", "N", 0, 2, (1.17, 1.6)), ("C", "N", 0, 4, (1.4,)),
    ("C", "N", 1, 1, (1.17,)), ("N", "O", 0, 2, (1.15, 1.6)),
    ("N", "O", 1, 1, (1.06,)), ("N", "O", -1, 3, (1.25,)),
    ("O", "O", 0, 3, (1.21, 1.7)), ("O", "O", 0, 1, (1.21, 1.7)),
    ("O", "O", 1, 2, (1.12,)), ("N", "N", 1, 2, (1.12, 1.5)),
    ("N", "N", 0, 3, (1.29,)), ("C", "O", 0, 3, (1.21,)), ("C", "O", 1, 2, (1.12,)),
    ("F", "F", 1, 2, (1.32,)), ("Li", "Li", 0, 1, (2.7, 4.0)),
    ("Li", "Li", 0, 3, (4.0,)), ("Be", "Be", 0, 1, (2.5,)), ("B", "O", 0, 2, (1.2,)),
    ("B", "C", 0, 4, (1.5,)), ("B", "F", 0, 1, (1.27,)), ("N", "F", 0, 3, (1.32,)),
]
for a, b, charge, multiplicity, distances in DIATOMICS:
    sign = {1: "+", -1: "-"}.get(charge, "")
    CASES += [(f"{a}{b}{sign} {multiplicity} {r}", f"{a} 0 0 0; {b} 0 0 {r}", charge,
               multiplicity, "sto-3g") for r in distances]


def lowest(geometry, charge, multiplicity, basis):
    """The lowest energy of the roots that have the multiplicity."""
    mol = gto.M(atom=geometry, basis=basis, charge=charge, spin=multiplicity - 1,
                verbose=0)
    core = mol.intor("int1e_kin") + mol.intor("int1e_nuc")
    orbitals = scf.ROHF(mol).run().mo_coeff
    norb = mol.nao
    h1e = orbitals.T @ core @ orbitals
    eri = ao2mo.kernel(mol, orbitals)
    spin = 0.5 * mol.spin
    solver = fci.addons.fix_spin_(fci.direct_spin1.FCI(), shift=0.3,
                                  ss=spin * (spin + 1))
    solver.conv_tol, solver.max_cycle, solver.max_space = 1e-11, 300, 40
    solver.pspace_size = 600
    size = (fci.cistring.num_strings(norb, mol.nelec[0])
            * fci.cistring.num_strings(norb, mol.nelec[1]))
    energies, vectors = solver.kernel(h1e, eri, norb, mol.nelec,
                                      nroots=min(ROOTS, size), ecore=mol.energy_nuc())
    energies = np.atleast_1d(energies)
    vectors = vectors if len(energies) > 1 else [vectors]
    found = [e for e, v in zip(energies, vectors)
             if abs(fci.spin_square(v, norb, mol.nelec)[0] - spin * (spin + 1)) < 1e-4]
    assert found and np.atleast_1d(solver.converged)[0], geometry
    return float(min(*found, *by_irrep(geometry, charge, multiplicity, basis)))


def by_irrep(geometry, charge, multiplicity, basis):
    """The lowest energy of each irrep that has the multiplicity."""
    mol = gto.M(atom=geometry, basis=basis, charge=charge, spin=multiplicity - 1,
                verbose=0, symmetry=True)
    mol = gto.M(atom=geometry, basis=basis, charge=charge, spin=multiplicity - 1,
                verbose=0, symmetry={"Dooh": "D2h", "Coov": "C2v", "SO3": "D2h"}.get(
                    mol.topgroup, mol.groupname))
    orbitals = scf.ROHF(mol).run().mo_coeff
    spin = 0.5 * mol.spin
    for irrep in mol.irrep_id:
        solver = fci.addons.fix_spin_(fci.direct_spin1_symm.FCI(mol), shift=0.3,
                                      ss=spin * (spin + 1))
        solver.wfnsym, solver.orbsym = irrep, orbitals.orbsym
        solver.conv_tol, solver.max_cycle, solver.max_space = 1e-11, 300, 40
        core = mol.intor("int1e_kin") + mol.intor("int1e_nuc")
        energy, vector = solver.kernel(
            orbitals.T @ core @ orbitals, ao2mo.kernel(mol, orbitals), mol.nao,
            mol.nelec, ecore=mol.energy_nuc())
        right = fci.spin_square(vector, mol.nao, mol.nelec)[0] - spin * (spin + 1)
        if abs(right) < 1e-4:
            yield float(energy)


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fci_states.json")
    kept = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            kept = {state["name"]: state for state in json.load(file)["states"]}
    states = []
    for name, geometry, charge, multiplicity, basis in CASES:
        if name in kept:
            states.append(kept[name])
            continue
        energy = lowest(geometry, charge, multiplicity, basis)
        atoms = [atom.split() for atom in geometry.split(";")]
        states.append({
            "name": name, "symbols": [a[0] for a in atoms],
            "coords": [[float(x) for x in a[1:]] for a in atoms], "charge": charge,
            "multiplicity": multiplicity, "basis": basis, "fci": round(energy, 10)})
        print(name, energy, flush=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write('{"source": "PySCF 2.9.0, make_fci_states.py: total energies, '
                      'hartree, geometries in angstrom",\n"states": [\n')
            out.write(",\n".join(json.dumps(state) for state in states))
            out.write("\n]}\n")


if __name__ == "__main__":
    main()
