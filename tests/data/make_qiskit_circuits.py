#!/usr/bin/env python3
"""Write qiskit_circuits.json: gates and states of Qiskit's n-local circuits.

    pip install qiskit==2.6.2
    python make_qiskit_circuits.py

Parameters are 0.1 sin(k + 1) in the order of `circuit.parameters`.
ExcitationPreserving gets X gates of the Hartree-Fock determinant in front
(alpha orbitals are the lower half of the qubits). A gate is "name q... p",
p the index of its parameter, -1 for none; Qiskit's "Interaction" is the
RXX RYY pair of ExcitationPreserving.
"""
import json
import math
import pathlib

import qiskit
from qiskit import QuantumCircuit
from qiskit.circuit.library import (
    efficient_su2,
    excitation_preserving,
    real_amplitudes,
)
from qiskit.quantum_info import Statevector

BUILDERS = {
    "EfficientSU2": efficient_su2,
    "RealAmplitudes": real_amplitudes,
    "ExcitationPreserving": excitation_preserving,
}
ENTANGLEMENTS = [
    "full", "linear", "reverse_linear", "pairwise", "circular", "sca",
]
ELECTRONS = {4: (1, 1), 6: (2, 1)}


def hartree_fock(nqubit):
    circuit = QuantumCircuit(nqubit)
    nalpha, nbeta = ELECTRONS[nqubit]
    circuit.x(range(nalpha))
    circuit.x(range(nqubit // 2, nqubit // 2 + nbeta))
    return circuit


def gate_text(circuit, instruction, parameters):
    qubits = [circuit.find_bit(q).index for q in instruction.qubits]
    params = instruction.operation.params
    index = parameters.index(params[0]) if params else -1
    return " ".join(map(str, [instruction.operation.name, *qubits, index]))


def case(name, nqubit, entanglement, reps):
    body = BUILDERS[name](nqubit, entanglement=entanglement, reps=reps)
    parameters = list(body.parameters)
    circuit = QuantumCircuit(nqubit)
    if name == "ExcitationPreserving":
        circuit = hartree_fock(nqubit)
    circuit.compose(body, inplace=True)
    values = [0.1 * math.sin(k + 1) for k in range(len(parameters))]
    bound = circuit.assign_parameters(dict(zip(parameters, values)))
    state = Statevector(bound)
    nalpha, nbeta = ELECTRONS[nqubit]
    return {
        "ansatz": name,
        "qubits": nqubit,
        "nalpha": nalpha,
        "nbeta": nbeta,
        "entanglement": entanglement,
        "reps": reps,
        "parameters": len(parameters),
        "gates": [gate_text(circuit, i, parameters) for i in circuit.data],
        "re": [float(f"{z.real:.15g}") for z in state.data],
        "im": [float(f"{z.imag:.15g}") for z in state.data],
    }


def main():
    cases = [
        case(name, nqubit, entanglement, reps)
        for name in BUILDERS
        for nqubit in ELECTRONS
        for entanglement in ENTANGLEMENTS
        for reps in (1, 2, 3)
    ]
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    path = pathlib.Path(__file__).with_name("qiskit_circuits.json")
    path.write_text(
        f'{{"source":"Qiskit {qiskit.__version__}","cases":[\n{lines}\n]}}\n'
    )


if __name__ == "__main__":
    main()
