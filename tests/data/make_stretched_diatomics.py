"""Writes stretched_diatomics.json: restricted Hartree-Fock of diatomics from 1.2 to 12
angstrom by PySCF's second-order solver, from three starts each, following
instabilities within the point group. Takes minutes."""

import json
import os

import numpy as np
from pyscf import gto, scf

ELEMENTS = [
    ("Li", "H", 1), ("H", "F", 1), ("N", "N", 1), ("C", "O", 1),
    ("F", "F", 1), ("Li", "F", 1), ("B", "F", 1), ("Be", "O", 1),
    ("C", "C", 1), ("Na", "Cl", 1), ("H", "Cl", 1), ("Li", "Li", 1),
    ("O", "O", 3), ("N", "O", 2), ("C", "N", 2), ("O", "H", 2),
    ("N", "H", 3), ("B", "H", 1), ("Al", "O", 2), ("C", "H", 2),
    ("B", "B", 3),
]
DISTANCES = [1.2, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0]
NOTE = ("Lowest of three starts of PySCF 2.14.0 scf.RHF/ROHF .newton() with "
        "symmetry=True, stability followed (make_stretched_diatomics.py). Elements, "
        "distance in angstrom, multiplicity, basis, total energy in hartree.")


def solve(molecule, guess):
    """Energy from one start: a few cycles of DIIS, then second order."""
    method = (scf.RHF if molecule.spin == 0 else scf.ROHF)(molecule)
    method.verbose = 0
    second = method.newton()
    second.verbose, second.conv_tol, second.max_cycle = 0, 1e-11, 100
    density = method.get_init_guess(key=guess)
    method.max_cycle = 12
    method.kernel(density)
    second.kernel(method.mo_coeff, method.mo_occ)
    for _ in range(6):
        before = second.e_tot
        orbitals = second.stability()[0]
        if np.allclose(orbitals, second.mo_coeff):
            break
        second.kernel(orbitals, second.mo_occ)
        if second.e_tot > before - 1e-8:
            break
    return second.e_tot


def main():
    points = []
    for basis in ("sto-3g", "6-31g"):
        for a, b, multiplicity in ELEMENTS:
            for distance in DISTANCES:
                molecule = gto.M(atom=f"{a} 0 0 0; {b} 0 0 {distance}",
                                 basis=basis, spin=multiplicity - 1,
                                 symmetry=True, verbose=0)
                energies = []
                for guess in ("minao", "atom", "1e"):
                    try:
                        energies.append(solve(molecule, guess))
                    except (RuntimeError, ValueError, IndexError) as error:
                        print(a, b, distance, basis, guess, error)
                if energies:
                    points.append([a, b, distance, multiplicity, basis,
                                   round(min(energies), 9)])
    path = os.path.join(os.path.dirname(__file__), "stretched_diatomics.json")
    with open(path, "w", encoding="utf-8") as out:
        out.write('{"note": ' + json.dumps(NOTE) + ',\n"points": [\n')
        out.write(",\n".join(json.dumps(point) for point in points))
        out.write("\n]}\n")


if __name__ == "__main__":
    main()
