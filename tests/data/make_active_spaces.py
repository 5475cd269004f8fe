#!/usr/bin/env python3
"""Make active_spaces.json: active spaces by PySCF's AVAS and MP2, their CASCI energies.

    pip install pyscf==2.14.0
    python3 tests/data/make_active_spaces.py >active_spaces.json

Spaces of a rule that PySCF lacks (pi, valence) are AVAS of the same minimal
functions, with the threshold that gives the number of orbitals of the rule.
"""

import json
import math

import numpy as np
from pyscf import gto, mcscf, mp, scf
from pyscf.mcscf import avas


def ring(count, radius, symbol):
    """Atoms on a circle in the plane xy."""
    angles = [2 * math.pi * k / count for k in range(count)]
    return [[symbol, radius * math.cos(a), radius * math.sin(a), 0.0] for a in angles]


BENZENE = ring(6, 1.39, "C") + ring(6, 1.39 + 1.09, "H")
BUTADIENE = [
    ["C", 0.6090, 0.4030, 0.0],
    ["C", -0.6090, -0.4030, 0.0],
    ["C", 1.8310, -0.1410, 0.0],
    ["C", -1.8310, 0.1410, 0.0],
    ["H", 0.4860, 1.4840, 0.0],
    ["H", -0.4860, -1.4840, 0.0],
    ["H", 1.9790, -1.2190, 0.0],
    ["H", -1.9790, 1.2190, 0.0],
    ["H", 2.7260, 0.4740, 0.0],
    ["H", -2.7260, -0.4740, 0.0],
]
FORMALDEHYDE = [
    ["C", 0.0, 0.0, 0.0],
    ["O", 1.205, 0.0, 0.0],
    ["H", -0.587, 0.937, 0.0],
    ["H", -0.587, -0.937, 0.0],
]
N2 = [["N", 0.0, 0.0, 0.0], ["N", 0.0, 0.0, 1.1]]
WATER = [["O", 0.0, 0.0, 0.1173], ["H", 0.0, 0.7572, -0.4692], ["H", 0.0, -0.7572, -0.4692]]
CO = [["C", 0.0, 0.0, 0.0], ["O", 0.0, 0.0, 1.128]]
NH = [["N", 0.0, 0.0, 0.0], ["H", 0.0, 0.0, 1.04]]
O2 = [["O", 0.0, 0.0, 0.0], ["O", 0.0, 0.0, 1.21]]
METHYL = [
    ["C", 0.0, 0.0, 0.0],
    ["H", 1.08, 0.0, 0.0],
    ["H", -0.54, 0.9353, 0.0],
    ["H", -0.54, -0.9353, 0.0],
]
ALLYL = [
    ["C", 0.0, 0.0, 0.43],
    ["C", 0.0, 1.22, -0.2],
    ["C", 0.0, -1.22, -0.2],
    ["H", 0.0, 0.0, 1.52],
    ["H", 0.0, 1.29, -1.28],
    ["H", 0.0, -1.29, -1.28],
    ["H", 0.0, 2.15, 0.35],
    ["H", 0.0, -2.15, 0.35],
]

# name, atoms, basis, rule, labels of AVAS, threshold, core orbitals, multiplicity
BY_SHELLS = [
    ("benzene", BENZENE, "sto-3g", "pi", ["C 2pz"], 0.2, 0, 1),
    ("butadiene", BUTADIENE, "6-31g", "pi", ["C 2pz"], 0.2, 0, 1),
    ("formaldehyde", FORMALDEHYDE, "cc-pvdz", "pi", ["C 2pz", "O 2pz"], 0.2, 0, 1),
    ("N2", N2, "6-31g", "pi", ["N 2px", "N 2py"], 0.2, 0, 1),
    ("water", WATER, "6-31g", "valence", ["O 2s", "O 2p", "H 1s"], 0.2, 1, 1),
    ("CO", CO, "sto-3g", "valence", ["2s", "2p"], 0.0001, 2, 1),
    ("N2", N2, "cc-pvdz", {"avas": ["N 2p"]}, ["N 2p"], 0.2, 0, 1),
    (
        "N2",
        N2,
        "6-31g",
        {"avas": {"shells": ["N 2s", "N 2p"], "threshold": 0.3}},
        ["N 2s", "N 2p"],
        0.3,
        0,
        1,
    ),
    (
        "formaldehyde",
        FORMALDEHYDE,
        "6-31g",
        {"avas": {"shells": ["O 2p"]}},
        ["O 2p"],
        0.2,
        0,
        1,
    ),
    (
        "formaldehyde",
        FORMALDEHYDE,
        "cc-pvdz",
        {"avas": {"shells": ["0 C 2p", "1 O 2p"], "threshold": 0.5}},
        ["C 2p", "O 2p"],
        0.5,
        0,
        1,
    ),
    (
        "butadiene",
        BUTADIENE,
        "sto-3g",
        {"avas": {"shells": ["C 2p"], "threshold": 0.95}},
        ["C 2p"],
        0.95,
        0,
        1,
    ),
    ("NH", NH, "6-31g", {"avas": ["N 2p", "H 1s"]}, ["N 2p", "H 1s"], 0.2, 0, 3),
]

# name, atoms, basis, rule, multiplicity, frozen orbitals, lowest and highest
# occupation, or the size
BY_OPEN_OCCUPATION = [
    ("NH", NH, "6-31g", {"natural": 0.015}, 3, 0, 0.015, 1.985),
    ("O2", O2, "cc-pvdz", {"natural": {"min": 0.03, "max": 1.97}}, 3, 2, 0.03, 1.97),
    ("methyl", METHYL, "cc-pvdz", {"auto": 7}, 2, 1, None, 7),
    ("allyl", ALLYL, "sto-3g", {"auto": {"electrons": 3, "orbitals": 3}}, 2, 0, 1, 3),
]

# name, atoms, basis, rule, frozen orbitals, lowest and highest occupation
BY_OCCUPATION = [
    ("water", WATER, "6-31g", {"natural": 0.015}, 0, 0.015, 1.985),
    ("N2", N2, "cc-pvdz", {"natural": {"min": 0.03, "max": 1.97}}, 2, 0.03, 1.97),
    ("formaldehyde", FORMALDEHYDE, "6-31g", {"natural": 0.02}, 2, 0.02, 1.98),
    ("butadiene", BUTADIENE, "sto-3g", {"auto": 4}, 0, None, 4),
    ("benzene", BENZENE, "sto-3g", {"auto": {"electrons": 4, "orbitals": 4}}, 0, None, 4),
    ("water", WATER, "cc-pvdz", {"auto": {"electrons": 4, "orbitals": 6}}, 1, (2, 4), 6),
]


def mean_field(atoms, basis, multiplicity):
    """RHF or ROHF, tightly converged."""
    molecule = gto.M(
        atom=atoms, basis=basis, spin=multiplicity - 1, verbose=0, symmetry=False
    )
    field = scf.ROHF(molecule) if multiplicity > 1 else scf.RHF(molecule)
    field.conv_tol = 1e-13
    field.conv_tol_grad = 1e-8
    field.kernel()
    assert field.converged
    return field


def casci(field, orbitals, electrons, coefficients):
    """Energy of the exact state in the space."""
    space = mcscf.CASCI(field, orbitals, electrons)
    space.fcisolver.conv_tol = 1e-12
    return space.kernel(coefficients)[0]


def entry(name, atoms, basis, rule, field, orbitals, electrons, energy):
    """What is common to all cases."""
    return {
        "name": name,
        "symbols": [a[0] for a in atoms],
        "coords": [a[1:] for a in atoms],
        "multiplicity": field.mol.spin + 1,
        "basis": basis,
        "rule": rule,
        "orbitals": int(orbitals),
        "electrons": int(electrons),
        "hf": field.e_tot,
        "casci": float(energy),
    }


def by_shells(name, atoms, basis, rule, labels, threshold, ncore, multiplicity):
    """AVAS; singly occupied orbitals stay as they are."""
    field = mean_field(atoms, basis, multiplicity)
    option = 3 if multiplicity > 1 else 2
    orbitals, electrons, coefficients = avas.avas(
        field, labels, threshold=threshold, ncore=ncore, openshell_option=option
    )
    energy = casci(field, orbitals, electrons, coefficients)
    found = entry(name, atoms, basis, rule, field, orbitals, electrons, energy)
    found["frozen_core"] = 0
    return found


def by_open_occupation(name, atoms, basis, rule, multiplicity, frozen, low, high):
    """The same of an open shell by UMP2 on the orbitals of ROHF: those that are
    occupied once are taken, others by the density among doubly occupied and
    among empty ones."""
    field = mean_field(atoms, basis, multiplicity)
    beta, alpha = (int((field.mo_occ > least).sum()) for least in (1, 0))
    unrestricted = field.to_uhf()
    unrestricted.converged = False  # orbitals are not canonical: iterate
    method = mp.UMP2(unrestricted, frozen=frozen or None)
    method.conv_tol, method.conv_tol_normt, method.max_cycle = 1e-11, 1e-10, 500
    method.kernel()
    assert method.converged
    density = np.sum(method.make_rdm1(), axis=0)
    assert abs(density[:beta, alpha:]).max() < 1e-12
    filled, u = np.linalg.eigh(-density[:beta, :beta])
    empty, v = np.linalg.eigh(-density[alpha:, alpha:])
    filled, empty = -filled, -empty
    if isinstance(low, float):
        pairs = int((filled <= high).sum())
        others = int((empty >= low).sum())
    else:
        ranked = sorted(
            [(2 - n, 0) for n in filled] + [(n, 1) for n in empty], reverse=True
        )
        ranked = ranked[: high - (alpha - beta)]
        pairs = sum(1 for _, kind in ranked if kind == 0) if low is None else low
        others = high - (alpha - beta) - pairs
    coefficients = np.hstack([
        field.mo_coeff[:, :beta] @ u, field.mo_coeff[:, beta:alpha],
        field.mo_coeff[:, alpha:] @ v,
    ])  # fmt: skip
    orbitals = pairs + others + alpha - beta
    electrons = (pairs + alpha - beta, pairs)
    energy = casci(field, orbitals, electrons, coefficients)
    found = entry(name, atoms, basis, rule, field, orbitals, sum(electrons), energy)
    found["frozen_core"] = frozen
    return found


def by_occupation(name, atoms, basis, rule, frozen, low, high):
    """MP2 natural orbitals; energies of the exact state in those chosen."""
    field = mean_field(atoms, basis, 1)
    occupied = field.mol.nelectron // 2
    density = mp.MP2(field, frozen=frozen or None).run().make_rdm1()
    filled, u = np.linalg.eigh(-density[:occupied, :occupied])
    empty, v = np.linalg.eigh(-density[occupied:, occupied:])
    filled, empty = -filled, -empty
    assert abs(density[:occupied, occupied:]).max() < 1e-12
    if isinstance(low, tuple):
        pairs, others = low
    elif low is None:
        ranked = sorted(
            [(2 - n, 0) for n in filled] + [(n, 1) for n in empty], reverse=True
        )
        pairs = sum(1 for _, kind in ranked[:high] if kind == 0)
        others = high - pairs
    else:
        pairs = int((filled <= high).sum())
        others = int((empty >= low).sum())
    coefficients = np.hstack(
        [field.mo_coeff[:, :occupied] @ u, field.mo_coeff[:, occupied:] @ v]
    )
    energy = casci(field, pairs + others, 2 * pairs, coefficients)
    found = entry(name, atoms, basis, rule, field, pairs + others, 2 * pairs, energy)
    found["frozen_core"] = frozen
    found["occupations"] = sorted(
        (float(n) for n in np.concatenate([filled, empty])), reverse=True
    )
    return found


def main():
    """Print all cases."""
    cases = [by_shells(*case) for case in BY_SHELLS]
    cases += [by_occupation(*case) for case in BY_OCCUPATION]
    cases += [by_open_occupation(*case) for case in BY_OPEN_OCCUPATION]
    print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")


if __name__ == "__main__":
    main()
