#!/usr/bin/env python3
"""Make ucj.json: energies of unitary cluster Jastrow states by ffsim.

    pip install ffsim==0.0.50
    python3 tests/data/make_ucj.py

Two kinds of entries, over the FCIDUMP files of this folder. `random`: orbital
rotations and couplings from NumPy's default_rng(seed), kept in the file, with
ffsim's energy of the product on the Hartree-Fock determinant. `mp2`: ffsim's
own double factorisation of MP2 amplitudes; only the energy is kept, for the
library factorises them itself.
"""

import json
import os

import ffsim
import numpy as np
import pyscf.tools.fcidump
import scipy.linalg

FOLDER = os.path.dirname(os.path.abspath(__file__))


def read(name):
    data = pyscf.tools.fcidump.read(os.path.join(FOLDER, f"{name}.fcidump"))
    norb = data["NORB"]
    nelec = (data["NELEC"] + data["MS2"]) // 2, (data["NELEC"] - data["MS2"]) // 2
    eri = pyscf.ao2mo.restore(1, data["H2"], norb)
    hamiltonian = ffsim.MolecularHamiltonian(data["H1"], eri, data["ECORE"])
    return hamiltonian, norb, nelec


def energy(hamiltonian, operator, norb, nelec):
    state = ffsim.hartree_fock_state(norb, nelec)
    state = ffsim.apply_unitary(state, operator, norb=norb, nelec=nelec)
    linear = ffsim.linear_operator(hamiltonian, norb=norb, nelec=nelec)
    return float(np.vdot(state, linear @ state).real)


def unitary(rng, norb):
    matrix = rng.normal(size=(norb, norb)) + 1j * rng.normal(size=(norb, norb))
    return scipy.linalg.expm(0.3 * (matrix - matrix.conj().T))


def random_entry(name, pairs, reps, seed, nelec=None):
    hamiltonian, norb, neutral = read(name)
    nelec = nelec or neutral
    rng = np.random.default_rng(seed)
    allowed = {
        "square": (
            [(p, p + 1) for p in range(norb - 1)] + [(p, p) for p in range(norb)],
            [(p, p) for p in range(norb)],
        ),
        "all-to-all": (
            [(p, q) for p in range(norb) for q in range(p, norb)],
            [(p, q) for p in range(norb) for q in range(p, norb)],
        ),
    }[pairs]
    rotations = np.stack([unitary(rng, norb) for _ in range(reps)])
    couplings = np.zeros((reps, 2, norb, norb))
    for k in range(reps):
        for spin in range(2):
            for p, q in allowed[spin]:
                value = rng.normal()
                couplings[k, spin, p, q] = couplings[k, spin, q, p] = value
    last = unitary(rng, norb)
    operator = ffsim.UCJOpSpinBalanced(
        diag_coulomb_mats=couplings,
        orbital_rotations=rotations,
        final_orbital_rotation=last,
    )
    return {
        "molecule": name,
        "nalpha": nelec[0],
        "nbeta": nelec[1],
        "pairs": pairs,
        "reps": reps,
        "rotations": [[z.real, z.imag] for z in rotations.ravel()],
        "same": couplings[:, 0].ravel().tolist(),
        "opposite": couplings[:, 1].ravel().tolist(),
        "last": [[z.real, z.imag] for z in last.ravel()],
        "energy": energy(hamiltonian, operator, norb, nelec),
    }


def fock_diagonal(hamiltonian, occupied):
    eri = hamiltonian.two_body_tensor
    field = 2 * np.einsum("ppii->pi", eri) - np.einsum("piip->pi", eri)
    return np.diag(hamiltonian.one_body_tensor) + field[:, :occupied].sum(axis=1)


def mp2_entry(name, reps):
    hamiltonian, norb, nelec = read(name)
    occupied = nelec[0]
    e = fock_diagonal(hamiltonian, occupied)
    o, v = slice(0, occupied), slice(occupied, norb)
    gap = e[o, None, None, None] + e[None, o, None, None]
    gap = gap - e[None, None, v, None] - e[None, None, None, v]
    t2 = hamiltonian.two_body_tensor[o, v, o, v].transpose(0, 2, 1, 3) / gap
    operator = ffsim.UCJOpSpinBalanced.from_t_amplitudes(t2, n_reps=reps)
    return {
        "molecule": name,
        "nalpha": nelec[0],
        "nbeta": nelec[1],
        "pairs": "all-to-all",
        "reps": reps,
        "energy": energy(hamiltonian, operator, norb, nelec),
    }


def main():
    data = {
        "random": [
            random_entry("H2", "square", 1, 1),
            random_entry("H2", "all-to-all", 2, 2),
            random_entry("LiH", "square", 2, 3),
            random_entry("LiH", "all-to-all", 1, 4),
            random_entry("LiH", "square", 1, 5, (3, 1)),
        ],
        "mp2": [
            mp2_entry("H2", 1),
            mp2_entry("H2", 2),
            mp2_entry("LiH", 1),
            mp2_entry("LiH", 2),
            mp2_entry("H2O", 2),
        ],
    }
    with open(os.path.join(FOLDER, "ucj.json"), "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")


main()
