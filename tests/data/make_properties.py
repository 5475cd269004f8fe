#!/usr/bin/env python3
"""Make properties.json: densities, moments, charges and entropies by PySCF.

    pip install pyscf==2.14.0
    python3 tests/data/make_properties.py

FCI and CASCI on RHF or ROHF orbitals. Moments about the centre of nuclear
charge. Entropies by partial traces of the whole FCI vector in NumPy.
"""

import json
import os

import numpy as np
from pyscf import fci, gto, mcscf, scf
from pyscf.fci import cistring

FOLDER = os.path.dirname(os.path.abspath(__file__))

# name, atoms (angstrom), basis, charge, multiplicity, frozen orbitals, active
WATER = "O 0 0 0.1173; H 0 0.7572 -0.4692; H 0 -0.7572 -0.4692"
CASES = [
    ("H2", "H 0 0 0; H 0 0 0.9", "6-31g", 0, 1, 0, 3, 2),
    ("HeH+", "He 0 0 0.1; H 0.3 0 0.85", "sto-3g", 1, 1, 0, 2, 2),
    ("LiH", "Li 0 0 0; H 0 0 1.6", "sto-3g", 0, 1, 1, 2, 2),
    ("H2O", WATER, "sto-3g", 0, 1, 4, 3, 2),
    ("NH2", "N 0 0 0.1; H 0 0.8 -0.5; H 0 -0.8 -0.52", "sto-3g", 0, 2, 2, 4, 5),
    ("H2O d", WATER, "cc-pvdz", 0, 1, 4, 3, 2),
]


def front_sign(bits, first):
    """Sign of bringing these occupied modes in front of all others."""
    parity, done = 0, 0
    for mode in first:
        if bits >> mode & 1:
            parity ^= bin(bits & ((1 << mode) - 1) & ~done).count("1") & 1
        done |= 1 << mode
    return -1.0 if parity else 1.0


def dense(vector, norb, nelec):
    """The state over all 2^(2 norb) occupations, alpha low."""
    out = np.zeros(1 << (2 * norb))
    alpha = cistring.make_strings(range(norb), nelec[0])
    beta = cistring.make_strings(range(norb), nelec[1])
    for i, a in enumerate(alpha):
        for j, b in enumerate(beta):
            out[int(a) | int(b) << norb] = vector[i, j]
    return out


def entropy(state, norb, orbitals):
    modes = [p for p in orbitals] + [p + norb for p in orbitals]
    rest = [m for m in range(2 * norb) if m not in modes]
    table = np.zeros((1 << len(modes), 1 << len(rest)))
    for bits in np.flatnonzero(state):
        bits = int(bits)
        row = sum((bits >> m & 1) << k for k, m in enumerate(modes))
        column = sum((bits >> m & 1) << k for k, m in enumerate(rest))
        table[row, column] = front_sign(bits, modes) * state[bits]
    weights = np.linalg.svd(table, compute_uv=False) ** 2
    weights = weights[weights > 1e-300]
    return float(-(weights * np.log(weights)).sum())


def case(name, atoms, basis, charge, multiplicity, frozen, norb, electrons):
    mol = gto.M(
        atom=atoms, basis=basis, charge=charge, spin=multiplicity - 1, verbose=0
    )
    mf = (scf.RHF if multiplicity == 1 else scf.ROHF)(mol)
    mf.conv_tol, mf.conv_tol_grad = 1e-14, 1e-10
    mf.kernel()
    solver = mcscf.CASCI(mf, norb, electrons)
    assert solver.ncore == frozen
    solver.fcisolver = fci.direct_spin1.FCI(mol)
    solver.fcisolver.conv_tol = 1e-15
    solver.fix_spin_(ss=(multiplicity - 1) / 2 * ((multiplicity - 1) / 2 + 1))
    energy = solver.kernel()[0]
    vector = solver.ci
    nelec = solver.nelecas
    active = solver.fcisolver.make_rdm1s(vector, norb, nelec)
    core = mf.mo_coeff[:, :frozen]
    orbitals = mf.mo_coeff[:, frozen : frozen + norb]
    dm = [core @ core.T + orbitals @ d @ orbitals.T for d in active]
    overlap = mol.intor("int1e_ovlp")
    charges, xyz = mol.atom_charges(), mol.atom_coords()
    origin = charges @ xyz / charges.sum()
    with mol.with_common_orig(origin):
        position = mol.intor("int1e_r")
    total = dm[0] + dm[1]
    dipole = charges @ (xyz - origin) - np.einsum("xij,ij->x", position, total)
    assert np.allclose(
        dipole, mf.dip_moment(mol, total, unit="AU", origin=origin, verbose=0)
    )
    quadrupole = mf.quad_moment(mol, total, unit="AU", origin=origin, verbose=0)
    values, vectors = np.linalg.eigh(overlap)
    root = vectors * np.sqrt(values) @ vectors.T

    def populations(density):
        atom = np.array([label[0] for label in mol.ao_labels(fmt=None)])
        gross = np.einsum("ij,ji->i", density, overlap)
        lowdin = np.diag(root @ density @ root)
        return [
            [float(p[atom == a].sum()) for a in range(mol.natm)]
            for p in (gross, lowdin)
        ]

    assert np.allclose(charges - populations(total)[0], mf.mulliken_pop(mol, total, verbose=0)[1])
    spin = populations(dm[0] - dm[1])
    both = populations(total)
    state = dense(vector, norb, nelec)
    single = [entropy(state, norb, [p]) for p in range(norb)]
    mutual = [
        [
            (
                0.0
                if p == q
                else 0.5 * (single[p] + single[q] - entropy(state, norb, [p, q]))
            )
            for q in range(norb)
        ]
        for p in range(norb)
    ]
    return {
        "name": name,
        "symbols": [mol.atom_symbol(a) for a in range(mol.natm)],
        "coords": [[float(x) for x in part.split()[1:]] for part in atoms.split(";")],
        "basis": basis,
        "charge": charge,
        "multiplicity": multiplicity,
        "frozen_core": frozen,
        "active_space": {"electrons": electrons, "orbitals": norb},
        "energy": float(energy),
        "origin": origin.tolist(),
        "dipole": dipole.tolist(),
        "quadrupole": np.asarray(quadrupole).tolist(),
        "mulliken_charges": (charges - both[0]).tolist(),
        "lowdin_charges": (charges - both[1]).tolist(),
        "mulliken_spins": spin[0],
        "lowdin_spins": spin[1],
        "natural_occupations": np.linalg.eigvalsh(active[0] + active[1])[::-1].tolist(),
        "orbital_entropies": single,
        "mutual_information": mutual,
        "rdm1_ao_alpha": dm[0].tolist(),
        "rdm1_ao_beta": dm[1].tolist(),
    }


def main():
    cases = [case(*row) for row in CASES]
    with open(os.path.join(FOLDER, "properties.json"), "w", encoding="utf-8") as out:
        json.dump(cases, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
