#!/usr/bin/env python3
"""Write qiskit_mappings.json: what Qiskit Nature makes of Hamiltonians.

    pip install qiskit==2.6.2 qiskit-nature==0.8.0
    VQE_BATCH=build/release/vqe_batch python make_qiskit_mappings.py

The molecules are those of energies.json. Of each, the integrals that the
program writes as an FCIDUMP are mapped by JordanWignerMapper, ParityMapper,
BravyiKitaevMapper and TernaryTreeMapper; "number" is the two-qubit reduction
of ParityMapper(num_particles), "all" TaperedQubitMapper in the sector of the
Hartree-Fock determinant. Terms below 1e-10 hartree are left out, as rounding of
the integrals must not count; Qiskit Nature itself drops products of ladder
operators below 1e-8 on the way, which a unit 2^20 times smaller than a hartree
prevents (NH3, whose geometry has a symmetry to eight digits, would lack 40
terms). Operators of H2 and HeH+ come from the FCIDUMPs of
this folder and are kept whole.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import qiskit
import qiskit_nature
from qiskit.quantum_info import Z2Symmetries
from qiskit_nature.second_q.hamiltonians import ElectronicEnergy
from qiskit_nature.second_q.mappers import (
    BravyiKitaevMapper,
    JordanWignerMapper,
    ParityMapper,
    TernaryTreeMapper,
)
from qiskit_nature.second_q.operators import MajoranaOp

HERE = pathlib.Path(__file__).parent
BATCH = os.environ.get("VQE_BATCH", "build/release/vqe_batch")
SMALLEST = 1e-10
UNIT = 2.0**-20  # hartree
MAPPERS = {
    "jordan_wigner": JordanWignerMapper(),
    "parity": ParityMapper(),
    "bravyi_kitaev": BravyiKitaevMapper(),
}
# what takes Qiskit Nature minutes
MOST_QUBITS = 22
MOST_TAPERED = 20
MOST_TREE = 14


def read_fcidump(path):
    head, body = path.read_text().split("&END")
    head = head.replace("&FCI", "").replace("\n", "")
    values = dict(
        word.split("=") for word in head.split(",") if "=" in word and "ORBSYM" not in word
    )
    values = {key.strip(): int(value) for key, value in values.items()}
    norb, nelec, ms2 = values["NORB"], values["NELEC"], values["MS2"]
    h1 = np.zeros((norb, norb))
    h2 = np.zeros((norb,) * 4)
    core = 0.0
    for line in body.split("\n"):
        words = line.split()
        if len(words) != 5:
            continue
        value = float(words[0])
        p, q, r, s = (int(word) - 1 for word in words[1:])
        if r >= 0:
            for a, b in ((p, q), (q, p)):
                for c, d in ((r, s), (s, r)):
                    h2[a, b, c, d] = h2[c, d, a, b] = value
        elif q >= 0:
            h1[p, q] = h1[q, p] = value
        elif p < 0:
            core = value
    # what is forbidden by symmetry is noise
    h1[abs(h1) < SMALLEST] = 0
    h2[abs(h2) < SMALLEST] = 0
    return h1, h2, core, ((nelec + ms2) // 2, (nelec - ms2) // 2)


def fermionic(h1, h2):
    energy = ElectronicEnergy.from_raw_integrals(h1 / UNIT, h2 / UNIT)
    return energy.second_q_op().simplify(atol=0)


def clean(op):
    """In hartree."""
    op = (op * UNIT).simplify(atol=0)
    return op[abs(op.coeffs) > SMALLEST]


def tapered(op, norb, particles, name):
    """In the sector of Hartree-Fock, whose state the generators' images give."""
    symmetries = Z2Symmetries.find_z2_symmetries(op)
    occupied = np.zeros(2 * norb, int)
    occupied[: particles[0]] = 1
    occupied[norb : norb + particles[1]] = 1
    state = encoding(name, 2 * norb) @ occupied % 2
    values = []
    for generator in symmetries.symmetries:
        if generator.x.any():
            raise SystemExit(f"a generator of another kind: {generator}")
        values.append(-1 if (generator.z & state.astype(bool)).sum() % 2 else 1)
    symmetries.tapering_values = values
    return clean(symmetries.taper(op / UNIT))


def encoding(name, n):
    """Matrix over GF(2) from occupations to qubits."""
    if name == "jordan_wigner":
        return np.eye(n, dtype=int)
    if name == "parity":
        return np.tril(np.ones((n, n), dtype=int))
    out = np.array([[1]])
    while len(out) < n:  # Seeley, Richard, Love, eq. 30
        size = len(out)
        corner = np.zeros((size, size), int)
        corner[-1] = 1
        out = np.block([[out, np.zeros((size, size), int)], [corner, out]])
    return out[:n, :n]


def summary_of(op):
    """Counts and norm; neither depends on signs of orbitals."""
    identity = [not (p.x.any() or p.z.any()) for p in op.paulis]
    norm = float(np.abs(op.coeffs[~np.array(identity)]).sum())
    return {"qubits": op.num_qubits, "terms": len(op), "one_norm": float(f"{norm:.12g}")}


def case(path, whole):
    h1, h2, core, particles = read_fcidump(path)
    norb = len(h1)
    fermions = fermionic(h1, h2)
    out = {}
    for name, mapper in MAPPERS.items():
        op = clean(mapper.map(fermions))
        out[name] = {"none": summary_of(op)}
        if whole:
            terms = [[label, float(c.real)] for label, c in op.to_list()]
            out[name]["operator"] = sorted(terms)
        if 2 * norb <= MOST_TAPERED:
            out[name]["all"] = summary_of(tapered(op, norb, particles, name))
    if 2 * norb > MOST_TAPERED:
        return out
    reduced = clean(ParityMapper(num_particles=particles).map(fermions))
    out["parity"]["number"] = summary_of(reduced)
    if whole:
        terms = [[label, float(c.real)] for label, c in reduced.to_list()]
        out["parity"]["reduced"] = sorted(terms)
    if 2 * norb <= MOST_TREE:
        majorana = MajoranaOp.from_fermionic_op(fermions).index_order().simplify(atol=0)
        out["ternary_tree"] = {"none": summary_of(clean(TernaryTreeMapper().map(majorana)))}
    return out


def write(cases):
    text = {
        "qiskit": qiskit.__version__,
        "qiskit_nature": qiskit_nature.__version__,
        "smallest": SMALLEST,
        "systems": cases,
    }
    (HERE / "qiskit_mappings.json").write_text(json.dumps(text, indent=1) + "\n")


def main():
    cases = {}
    for name in ("H2", "HeH+"):
        cases[name + ".fcidump"] = case(HERE / f"{name}.fcidump", True)
    systems = json.loads((HERE / "energies.json").read_text())["systems"]
    for system in systems:
        if system["n_qubits"] > MOST_QUBITS:
            continue
        with tempfile.TemporaryDirectory() as folder:
            dump = pathlib.Path(folder, "x.fcidump")
            molecule = {
                "symbols": [atom[0] for atom in system["geometry"]],
                "coords": [atom[1:] for atom in system["geometry"]],
                "units": system["units"],
                "charge": system["charge"],
                "multiplicity": system["multiplicity"],
            }
            given = pathlib.Path(folder, "x.json")
            given.write_text(json.dumps(molecule))
            subprocess.run(
                [BATCH, str(given), "--basis", system["basis"], "--frozen-core",
                 str(system["frozen_core_orbitals"]), "--fcidump", str(dump)],
                check=True,
            )
            cases[system["name"]] = case(dump, False)
        print(system["name"], cases[system["name"]], file=sys.stderr, flush=True)
        write(cases)
    write(cases)


if __name__ == "__main__":
    main()
