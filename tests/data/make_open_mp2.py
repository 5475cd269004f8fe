#!/usr/bin/env python3
"""Make open_mp2.json: MP2 of open shells by PySCF, on ROHF orbitals.

    pip install pyscf
    python make_open_mp2.py > open_mp2.json

Doubles and occupations are those of PySCF's UMP2, which takes the orbitals of
ROHF as they are, not semicanonical, and iterates to the amplitudes. The energy
of the singles is a sum over the Fock matrices of each spin, diagonalised among
occupied and virtual orbitals. `occupations`: eigenvalues of the density of both
spins over all orbitals. `frozen_core` orbitals are not correlated.
"""
import json

import numpy as np
from pyscf import gto, mp, scf

BENZYL = [
    ("C", 0.0, 0.0, -2.38), ("C", 0.0, 0.0, -0.98), ("C", 0.0, 1.23, -0.24),
    ("C", 0.0, -1.23, -0.24), ("C", 0.0, 1.21, 1.15), ("C", 0.0, -1.21, 1.15),
    ("C", 0.0, 0.0, 1.86), ("H", 0.0, 0.93, -2.93), ("H", 0.0, -0.93, -2.93),
    ("H", 0.0, 2.17, -0.79), ("H", 0.0, -2.17, -0.79), ("H", 0.0, 2.15, 1.69),
    ("H", 0.0, -2.15, 1.69), ("H", 0.0, 0.0, 2.94),
]  # fmt: skip
ETHYL = [
    ("C", 0.0, 0.0, 0.0), ("C", 1.49, 0.0, 0.0), ("H", -0.57, 0.93, 0.07),
    ("H", -0.57, -0.93, 0.07), ("H", 1.9, 0.0, -1.01), ("H", 1.88, 0.89, 0.51),
    ("H", 1.88, -0.89, 0.51),
]  # fmt: skip
METHYL = [("C", 0.0, 0.0, 0.0), ("H", 1.08, 0.0, 0.0), ("H", -0.54, 0.9353, 0.0),
          ("H", -0.54, -0.9353, 0.0)]  # fmt: skip
AMINO = [("N", 0.0, 0.0, 0.0), ("H", 0.8, 0.0, 0.64), ("H", -0.8, 0.0, 0.64)]
ALLYL = [
    ("C", 0.0, 0.0, 0.43), ("C", 0.0, 1.22, -0.2), ("C", 0.0, -1.22, -0.2),
    ("H", 0.0, 0.0, 1.52), ("H", 0.0, 1.29, -1.28), ("H", 0.0, -1.29, -1.28),
    ("H", 0.0, 2.15, 0.35), ("H", 0.0, -2.15, 0.35),
]  # fmt: skip

# name, atoms, basis, multiplicity, frozen orbitals
CASES = [
    ("O2", [("O", 0, 0, 0), ("O", 0, 0, 1.21)], "sto-3g", 3, 0),
    ("O2", [("O", 0, 0, 0), ("O", 0, 0, 1.21)], "6-31g", 3, 2),
    ("O2", [("O", 0, 0, 0), ("O", 0, 0, 1.21)], "cc-pvdz", 3, 2),
    ("OH", [("O", 0, 0, 0), ("H", 0, 0, 0.97)], "6-31g", 2, 0),
    ("OH", [("O", 0, 0, 0), ("H", 0, 0, 0.97)], "cc-pvdz", 2, 1),
    ("NH2", AMINO, "sto-3g", 2, 0),
    ("NH2", AMINO, "cc-pvdz", 2, 1),
    ("CH3", METHYL, "6-31g", 2, 0),
    ("CH3", METHYL, "cc-pvdz", 2, 0),
    ("CN", [("C", 0, 0, 0), ("N", 0, 0, 1.17)], "sto-3g", 2, 0),
    ("CN", [("C", 0, 0, 0), ("N", 0, 0, 1.17)], "cc-pvdz", 2, 2),
    ("NO", [("N", 0, 0, 0), ("O", 0, 0, 1.15)], "6-31g", 2, 0),
    ("N", [("N", 0, 0, 0)], "cc-pvdz", 4, 1),
    ("H", [("H", 0, 0, 0)], "cc-pvdz", 2, 0),
    ("C2H5", ETHYL, "sto-3g", 2, 2),
    ("C2H5", ETHYL, "6-31g", 2, 0),
    ("allyl", ALLYL, "sto-3g", 2, 3),
    ("benzyl", BENZYL, "sto-3g", 2, 7),
]  # fmt: skip


def rohf(atoms, basis, multiplicity):
    """The lowest of some solutions, tightly converged."""
    molecule = gto.M(atom=atoms, basis=basis, spin=multiplicity - 1, verbose=0)
    found = []
    for guess in ("minao", "1e", "atom"):
        field = scf.ROHF(molecule)
        field.init_guess = guess
        field.conv_tol, field.conv_tol_grad, field.max_cycle = 1e-13, 1e-8, 300
        field.kernel()
        if not field.converged:
            field = field.newton()
            field.kernel(field.mo_coeff, field.mo_occ)
        found.append(field)
    return min(found, key=lambda field: field.e_tot)


def singles(field, frozen):
    """Sum of |F_ia|^2 / (e_i - e_a) over both spins."""
    fock = field.get_fock()
    energy = 0.0
    for spin, matrix in enumerate((fock.focka, fock.fockb)):
        occupied = int((field.mo_occ > spin).sum())
        orbitals = field.mo_coeff[:, frozen:]
        matrix = orbitals.T @ matrix @ orbitals
        number = occupied - frozen
        e_i, u = np.linalg.eigh(matrix[:number, :number])
        e_a, v = np.linalg.eigh(matrix[number:, number:])
        coupling = u.T @ matrix[:number, number:] @ v
        energy += float((coupling**2 / (e_i[:, None] - e_a)).sum())
    return energy


def doubles(field, frozen):
    """Energy and density of both spins of UMP2 over the orbitals of ROHF."""
    unrestricted = field.to_uhf()
    unrestricted.converged = False  # orbitals are not canonical: iterate
    method = mp.UMP2(unrestricted, frozen=frozen or None)
    method.conv_tol, method.conv_tol_normt, method.max_cycle = 1e-11, 1e-10, 500
    energy, _ = method.kernel()
    assert method.converged
    density = np.sum(method.make_rdm1(), axis=0)
    return float(energy), density


def main():
    """Print all cases."""
    cases = []
    for name, atoms, basis, multiplicity, frozen in CASES:
        field = rohf(atoms, basis, multiplicity)
        energy, density = doubles(field, frozen)
        cases.append({
            "name": name, "basis": basis, "multiplicity": multiplicity,
            "symbols": [a[0] for a in atoms], "coords": [a[1:] for a in atoms],
            "frozen_core": frozen, "hf": field.e_tot, "doubles": energy,
            "singles": singles(field, frozen),
            "occupations": sorted(np.linalg.eigvalsh(density).tolist(), reverse=True),
        })  # fmt: skip
    print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")


if __name__ == "__main__":
    main()
