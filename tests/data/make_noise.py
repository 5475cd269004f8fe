#!/usr/bin/env python3
"""Write noise.json: energies of circuits with noise by Qiskit Aer's density matrix.

    pip install qiskit==2.6.2 qiskit-aer==0.18.2 h5py
    python make_noise.py BUILD

Runs vqe_batch and vqe_lake of the folder BUILD: the circuit at the final
parameters as OpenQASM 2 goes through Aer with the noise model of the case, and
the energy is that of the Hamiltonian in the result file. Prints how far
vqe_batch is from it, and the seconds of both, vqe_batch's with its second run
without noise. A gate is [name, qubits..., angle], a term [x mask, z mask,
coefficient]. Aer knows no errors of the measurement in expectation values: they
are put into the terms here, letter by letter.
"""
import itertools
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time

import h5py
import qiskit
import qiskit_aer
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error, thermal_relaxation_error

DEPOLARIZING = {"depolarizing": [0.001, 0.01]}
RELAXATION = {"t1_us": 90, "t2_us": 110, "gate_ns": [40, 330]}
READOUT = {"readout": [0.013, 0.029]}
CASES = [  # molecule, options, noise
    ("H2 0.74", [], DEPOLARIZING),
    ("H2 0.74", [], RELAXATION),
    ("H2 0.74", [], {**DEPOLARIZING, **RELAXATION, **READOUT}),
    ("H2 0.74", ["-a", "EfficientSU2"], {**DEPOLARIZING, **RELAXATION}),
    ("H2 0.74", ["-a", "EfficientSU2"],
     {**DEPOLARIZING, **RELAXATION, "virtual_z": False, "strength": 2.5}),
    ("LiH 1.6", ["--active-space", "2,3"], {**DEPOLARIZING, **RELAXATION}),
    ("LiH 1.6", ["--active-space", "2,4", "-a", "EfficientSU2", "--reps", "3"],
     {**DEPOLARIZING, **RELAXATION, **READOUT}),
    ("h4.xyz", [], {**DEPOLARIZING, **RELAXATION}),
    ("h4.xyz", ["-a", "LUCJ"], {**DEPOLARIZING, **RELAXATION}),
]
H4 = "4\n\nH 0 0 0\nH 0 0 0.9\nH 0 0 1.8\nH 0 0 2.7\n"
VIRTUAL = ["s", "sdg", "rz", "p", "u1"]
SINGLE = ["x", "h", "rx", "ry"]
PAIRS = ["cx", "cz", "cp", "cu1"]


def aer_model(noise):
    """Depolarising, then relaxation, after each gate that is no rotation about Z."""
    strength = noise.get("strength", 1.0)
    p = [strength * x for x in noise.get("depolarizing", [0, 0])]
    ns = [strength * x for x in noise.get("gate_ns", [0, 0])]
    t1, t2 = 1e3 * noise.get("t1_us", 1e9), 1e3 * noise.get("t2_us", 1e9)
    relax = [thermal_relaxation_error(t1, t2, t) for t in ns]
    model = NoiseModel()
    single = SINGLE + ([] if noise.get("virtual_z", True) else VIRTUAL)
    model.add_all_qubit_quantum_error(depolarizing_error(p[0], 1).compose(relax[0]), single)
    both = depolarizing_error(p[1], 2).compose(relax[1].tensor(relax[1]))
    model.add_all_qubit_quantum_error(both, PAIRS)
    model.add_basis_gates(SINGLE + VIRTUAL + PAIRS)
    return model


def read_out(terms, noise):
    """A letter is (e1 - e0) + (1 - e0 - e1) of itself when it is measured."""
    one, zero = [noise.get("strength", 1.0) * x for x in noise.get("readout", [0, 0])]
    if one == zero == 0:
        return terms
    found = {}
    for x, z, value in terms:
        bits = [q for q in range(64) if (x | z) >> q & 1]
        for lost in itertools.product([False, True], repeat=len(bits)):
            mask = sum(1 << q for q, gone in zip(bits, lost) if gone)
            factor = (zero - one) ** sum(lost) * (1 - one - zero) ** (len(bits) - sum(lost))
            key = (x & ~mask, z & ~mask)
            found[key] = found.get(key, 0.0) + factor * value
    return [(x, z, value) for (x, z), value in found.items()]


def masks(label, value):
    letters = label.decode()[::-1]
    return (sum(1 << q for q, letter in enumerate(letters) if letter in "XY"),
            sum(1 << q for q, letter in enumerate(letters) if letter in "ZY"), value)


def operator(terms, n):
    labels = []
    for x, z, _ in terms:
        labels.append("".join("IXZY"[(x >> q & 1) + 2 * (z >> q & 1)] for q in reversed(range(n))))
    return SparsePauliOp(labels, [value for _, _, value in terms])


def run(build, folder, number, molecule, options, noise):
    if molecule.endswith(".xyz"):
        (folder / molecule).write_text(H4)
        what = [folder / molecule]
    else:
        what = ["--scan", molecule]
    rows = []
    for more in ([], ["--noise", json.dumps(noise)]):
        result = folder / f"{number}-{len(more)}.h5"
        summary = folder / "summary.json"
        subprocess.run([build / "vqe_batch", *what, *options, "--seed", "1", "-q", "--output",
                        result, "--summary", summary, *more],
                       check=True, stdout=subprocess.DEVNULL, cwd=folder)
        with h5py.File(result) as file:
            rows.append(file["results"]["total_time"][0])
    (row,) = json.loads(summary.read_text())
    qasm = subprocess.run([build / "vqe_lake", "qasm", result, "--bind", "--qasm-version", "2"],
                          check=True, capture_output=True, text=True).stdout
    with h5py.File(result) as file:
        terms = [masks(*row) for row in file["experiments/000000/hamiltonian"][:].tolist()]
    return row, qasm, terms, rows[1] - rows[0]


def main(build):
    cases = []
    with tempfile.TemporaryDirectory() as name:
        for number, (molecule, options, noise) in enumerate(CASES):
            row, qasm, terms, ours = run(build, pathlib.Path(name), number, molecule, options,
                                         noise)
            circuit = qiskit.QuantumCircuit.from_qasm_str(qasm)
            n = circuit.num_qubits
            gates = [[step.operation.name, *(circuit.find_bit(q).index for q in step.qubits),
                      *(float(x) for x in step.operation.params)] for step in circuit.data]
            circuit.save_expectation_value(operator(read_out(terms, noise), n), range(n))
            circuit.save_density_matrix()
            simulator = AerSimulator(method="density_matrix", noise_model=aer_model(noise))
            took = math.inf
            for _ in range(3):
                began = time.perf_counter()
                data = simulator.run(circuit, shots=1).result()
                took = min(took, time.perf_counter() - began)
            data = data.data()
            energy = data["expectation_value"]
            purity = float(data["density_matrix"].purity().real)
            off = row["properties"]["noise_energy"][0] - row["nuclear_repulsion"] - energy
            print(f"{molecule:8} {n:2} qubits {len(gates):5} gates {row['energy']:.8f} with noise "
                  f"{energy + row['nuclear_repulsion']:.8f} off {off:9.1e} Aer {took:.4f} s ours "
                  f"{ours:.4f} s", flush=True)
            cases.append({"molecule": molecule, "ansatz": row["ansatz"], "noise": noise,
                          "qubits": n, "gates": gates, "terms": terms, "energy": energy,
                          "purity": purity})
    path = pathlib.Path(__file__).with_name("noise.json")
    rows = ",\n".join(json.dumps(case) for case in cases)
    path.write_text(f'{{"qiskit": "{qiskit.__version__}", "qiskit_aer": '
                    f'"{qiskit_aer.__version__}", "cases": [\n{rows}]}}\n')


main(pathlib.Path(sys.argv[1]).resolve())
