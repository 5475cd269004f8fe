#!/usr/bin/env python3
"""Makes fci_halves.json: two equal halves of two orbitals with random
integrals, coupled by their charges alone, four electrons, and the lowest
singlet by diagonalising the whole matrix of PySCF's determinants. The symmetry
that exchanges the halves is in no label, so that a start which has it, or lacks
it, never meets the other states.

    make_fci_halves.py > fci_halves.json
"""

import itertools
import json

import numpy as np
from pyscf import __version__
from pyscf.fci import cistring, direct_spin1, spin_op

COUNT = 40
NORB, NELEC = 4, (2, 2)


def halves(rng):
    """One- and two-electron integrals (pq|rs)."""
    half = rng.normal(size=(2, 2))
    factors = rng.normal(size=(4, 2, 2)) * 0.2
    factors = factors + factors.transpose(0, 2, 1)
    within = np.einsum("xpq,xrs->pqrs", factors, factors)
    one, two = np.zeros((4, 4)), np.zeros((4, 4, 4, 4))
    charge = rng.random() / 2
    for first in (0, 2):
        own = slice(first, first + 2)
        one[own, own] = half + half.T
        two[own, own, own, own] = within
        for p, q in itertools.product(range(2), range(2)):
            two[first + p, first + p, 2 - first + q, 2 - first + q] = charge
    return one, two


def lowest_singlet(one, two):
    count = cistring.num_strings(NORB, NELEC[0])
    size = count * count
    absorbed = direct_spin1.absorb_h1e(one, two, NORB, NELEC, 0.5)
    units = np.eye(size).reshape(size, count, count)
    matrix = np.array([direct_spin1.contract_2e(absorbed, v, NORB, NELEC).ravel()
                       for v in units])
    spin = np.array([spin_op.contract_ss(v, NORB, NELEC).ravel() for v in units])
    # S^2 commutes: what is no singlet is pushed away
    return float(np.linalg.eigvalsh(matrix + 1e3 * spin)[0])


def main():
    systems = []
    for seed in range(COUNT):
        one, two = halves(np.random.default_rng(seed))
        systems.append({"name": f"halves-{seed}", "one": one.tolist(),
                        "two": two.ravel().tolist(), "fci": lowest_singlet(one, two)})
    print(json.dumps({"source": f"PySCF {__version__}", "systems": systems}))


main()
