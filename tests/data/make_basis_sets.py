"""Writes basis_sets.json: Hartree-Fock and FCI energies of atoms and molecules
in sets of the Basis Set Exchange, by PySCF 2.9.0 and basis_set_exchange 0.12.
Restricted, conv_tol 1e-12, lowest of two or three starts, instabilities followed.
Takes half an hour.

Of H to Ar, STO-3G, 6-31G and cc-pVDZ are those in src/chem/basis, as the
program has them; all others are the exchange's."""

import json
import os
import pathlib
import time

import basis_set_exchange as bse
import numpy as np
import pyscf
from pyscf import fci, gto, mcscf, scf
from pyscf.lib.exceptions import LinearDependencyError

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE / "basis_sets.json"
SETS = ["STO-3G", "3-21G", "6-31G*", "6-311++G**", "cc-pVDZ", "aug-cc-pVDZ",
        "cc-pVTZ", "def2-SVP", "def2-TZVP", "pc-1", "ANO-RCC-VDZP", "cc-pVQZ",
        "def2-QZVP"]
# above this many functions only what is asked for by LARGE
MOST = 110
# f, g and h functions on a transition metal
LARGE = {("ZnH2", "cc-pVTZ"), ("CuH", "def2-TZVP"), ("Ne", "cc-pVQZ"),
         ("H2O", "cc-pVQZ"), ("Zn", "def2-QZVP"), ("Zn", "cc-pVQZ")}
QUADRUPLE = {"cc-pVQZ", "def2-QZVP"}
BUILT_IN = {"STO-3G": "sto3g", "cc-pVDZ": "cc-pvdz"}
GUESSES = ("minao", "atom", "1e")
BOHR = 0.529177210903
FULL = {"H2", "He", "LiH", "Be"}


def tetrahedron(a, h, r):
    d = r / 3 ** 0.5
    return [[a, 0, 0, 0], [h, d, d, d], [h, d, -d, -d], [h, -d, d, -d],
            [h, -d, -d, d]]


def bent(a, h, r, angle):
    t = np.radians(angle) / 2
    return [[a, 0, 0, 0], [h, 0, r * np.sin(t), r * np.cos(t)],
            [h, 0, -r * np.sin(t), r * np.cos(t)]]


def linear(*places):
    return [[s, 0, 0, z] for s, z in places]


def pyramid(a, h, r, angle):
    # distance of the hydrogens from the axis, by the angle between bonds
    rho = 2 * r * np.sin(np.radians(angle) / 2) / 3 ** 0.5
    z = (r * r - rho * rho) ** 0.5
    return [[a, 0, 0, 0]] + [[h, rho * np.cos(t), rho * np.sin(t), z]
                             for t in np.radians([0, 120, 240])]


def waters(metal, r):
    """Two waters in one plane, oxygen towards the metal."""
    atoms = [[metal, 0, 0, 0]]
    for side in (1, -1):
        atoms.append(["O", 0, 0, side * r])
        for h in (1, -1):
            atoms.append(["H", 0, 0.79 * h, side * (r + 0.57)])
    return atoms


SYSTEMS = {  # name: charge, multiplicity, atoms in angstrom
    **{s: (0, m, [[s, 0, 0, 0]]) for s, m in [
        ("He", 1), ("Li", 2), ("Be", 1), ("N", 4), ("Ne", 1), ("Na", 2),
        ("Mg", 1), ("P", 4), ("Ar", 1), ("K", 2), ("Ca", 1), ("Mn", 6),
        ("Zn", 1), ("As", 4), ("Kr", 1)]},
    "Cu+": (1, 1, [["Cu", 0, 0, 0]]),
    "H2": (0, 1, linear(("H", 0), ("H", 0.74))),
    "LiH": (0, 1, linear(("Li", 0), ("H", 1.6))),
    "BH": (0, 1, linear(("B", 0), ("H", 1.23))),
    "CH2": (0, 3, bent("C", "H", 1.08, 134)),
    "CH4": (0, 1, tetrahedron("C", "H", 1.09)),
    "NH3": (0, 1, pyramid("N", "H", 1.01, 106.7)),
    "H2O": (0, 1, bent("O", "H", 0.96, 104.5)),
    "HF": (0, 1, linear(("F", 0), ("H", 0.92))),
    "N2": (0, 1, linear(("N", 0), ("N", 1.1))),
    "CO": (0, 1, linear(("C", 0), ("O", 1.13))),
    "O2": (0, 3, linear(("O", 0), ("O", 1.21))),
    "LiF": (0, 1, linear(("Li", 0), ("F", 1.56))),
    "SiH4": (0, 1, tetrahedron("Si", "H", 1.48)),
    "H2S": (0, 1, bent("S", "H", 1.34, 92)),
    "HCl": (0, 1, linear(("Cl", 0), ("H", 1.27))),
    "KH": (0, 1, linear(("K", 0), ("H", 2.24))),
    "GeH4": (0, 1, tetrahedron("Ge", "H", 1.53)),
    "H2Se": (0, 1, bent("Se", "H", 1.46, 91)),
    "HBr": (0, 1, linear(("Br", 0), ("H", 1.41))),
    "CuH": (0, 1, linear(("Cu", 0), ("H", 1.46))),
    "ZnH2": (0, 1, linear(("H", -1.53), ("Zn", 0), ("H", 1.53))),
    "ScH3": (0, 1, pyramid("Sc", "H", 1.8, 115)),
    "Cu(CN)": (0, 1, linear(("Cu", 0), ("C", 1.83), ("N", 2.99))),
    "[Cu(OH2)2]+": (1, 1, waters("Cu", 1.95)),
    "[Zn(OH2)2]2+": (2, 1, waters("Zn", 1.9)),
    "[Fe(OH2)2]2+": (2, 5, waters("Fe", 2.0)),
    "FeH2": (0, 5, linear(("H", -1.65), ("Fe", 0), ("H", 1.65))),
}


def basis_of(name, symbols):
    """For gto.Mole, or None where the set lacks an element."""
    found = bse.get_basis(name)["elements"]
    out = {}
    for symbol in symbols:
        z = gto.charge(symbol)
        if str(z) not in found:
            return None
        if name in BUILT_IN and z <= 18:
            path = HERE.parents[1] / "src/chem/basis" / (BUILT_IN[name] + ".nw")
            out[symbol] = gto.basis.parse(path.read_text(), symbol)
        else:
            out[symbol] = gto.basis.parse(bse.get_basis(
                name, elements=[z], fmt="nwchem", header=False), symbol)
    return out


def cartesian(name):
    """As the exchange's files in NWChem's format say."""
    return name in ("3-21G", "6-31G*")


def solve(molecule, guess):
    method = (scf.RHF if molecule.spin == 0 else scf.ROHF)(molecule)
    method.verbose = 0
    second = method.newton()
    second.verbose, second.conv_tol, second.max_cycle = 0, 1e-12, 100
    second.conv_tol_grad = 1e-6
    density = method.get_init_guess(key=guess)
    method.max_cycle = 15
    method.kernel(density)
    second.kernel(method.mo_coeff, method.mo_occ)
    for _ in range(4):
        before = second.e_tot
        try:
            orbitals = second.stability()[0]
        except (ZeroDivisionError, LinearDependencyError):  # no rotation keeps the symmetry
            break
        if np.allclose(orbitals, second.mo_coeff):
            break
        second.kernel(orbitals, second.mo_occ)
        if second.e_tot > before - 1e-9:
            break
    # the solver calls a start that is at a minimum unconverged
    slope = second.get_grad(second.mo_coeff, second.mo_occ)
    second.converged = np.linalg.norm(slope) < 2e-6
    return second


def main():
    cases = []
    for basis in SETS:
        for name, (charge, multiplicity, atoms) in SYSTEMS.items():
            start = time.time()
            parsed = basis_of(basis, {atom[0] for atom in atoms})
            if parsed is None or (basis in QUADRUPLE and (name, basis) not in LARGE):
                continue
            places = [[a[0], *(round(float(x) / BOHR, 8) for x in a[1:])] for a in atoms]
            # the program's symmetry, in which d of one kind mix with s
            subgroup = {True: "D2h", False: "C2v"}[len(atoms) != 2
                                                   or atoms[0][0] == atoms[1][0]]
            if any(a[1] or a[2] for a in atoms):
                subgroup = None  # not linear, and Abelian or with E alone
            elif name == "Cu(CN)":
                subgroup = "C2v"
            molecule = gto.M(atom=places, unit="Bohr", basis=parsed, charge=charge,
                             spin=multiplicity - 1, cart=cartesian(basis),
                             symmetry=True, symmetry_subgroup=subgroup, verbose=0)
            if molecule.nao > MOST and (name, basis) not in LARGE:
                continue
            best = None
            for guess in GUESSES[:2 if molecule.nao > 50 else 3]:
                try:
                    found = solve(molecule, guess)
                except (RuntimeError, ValueError, IndexError) as error:
                    print(name, basis, guess, error)
                    continue
                if found.converged and (best is None or found.e_tot < best.e_tot):
                    best = found
            case = {"system": name, "basis": basis, "functions": molecule.nao,
                    "hf": best.e_tot if best else None}
            if best and name in FULL and 1 < best.mo_coeff.shape[1] <= 32:
                solver = mcscf.CASCI(best, best.mo_coeff.shape[1],
                                     molecule.nelectron)
                solver.verbose = 0
                solver.fcisolver = fci.direct_spin0.FCI(molecule)
                solver.fcisolver.conv_tol = 1e-12
                if molecule.nelectron == 2 or best.mo_coeff.shape[1] <= 20:
                    case["fci"] = solver.kernel()[0]
            cases.append(case)
            print(json.dumps(case), f"{time.time() - start:.1f} s", flush=True)
            text = {"source": f"PySCF {pyscf.__version__}, basis_set_exchange "
                              f"{bse.version()} (make_basis_sets.py)",
                    "units": "bohr, hartree",
                    "systems": {key: {"charge": c, "multiplicity": m,
                                      "symbols": [a[0] for a in at],
                                      "coords": [[round(float(x) / BOHR, 8) for x in a[1:]]
                                                 for a in at]}
                                for key, (c, m, at) in SYSTEMS.items()},
                    "cases": cases}
            OUT.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
