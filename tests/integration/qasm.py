#!/usr/bin/env python3
"""The OpenQASM 3 text of every ansatz, read and run by Qiskit, gives the
energies that the program recorded; circuits are Qiskit's own.

Without Qiskit in this Python, that of tests/requirements_qasm.txt is installed
into build/venv-qiskit, checked by hash; where that cannot be done the test is skipped.
"""

import importlib.util
import os
import subprocess
import sys

import harness
from harness import check

PINNED = os.path.join(harness.ROOT, "tests", "requirements_qasm.txt")
NEEDED = ["qiskit", "qiskit_qasm3_import", "h5py"]


def missing(python):
    """Whether a Python lacks what is needed."""
    if python == sys.executable:
        return any(importlib.util.find_spec(name) is None for name in NEEDED)
    code = "import " + ", ".join(NEEDED)
    done = subprocess.run([python, "-c", code], capture_output=True, check=False)
    return done.returncode != 0


def use_qiskit():
    """Go on in a Python that has Qiskit, or skip."""
    if not missing(sys.executable):
        return
    folder = os.path.join(harness.ROOT, "build", "venv-qiskit")
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(python) or missing(python):
        for words in (
            [sys.executable, "-I", "-m", "venv", folder],
            [python, "-I", "-m", "pip", "install", "--quiet", "--require-hashes",
             "--no-deps", "--only-binary=:all:", "-r", PINNED],
        ):
            try:
                done = subprocess.run(
                    words, capture_output=True, text=True, timeout=600, check=False
                )
                reason = (done.stderr or done.stdout).strip().split("\n")[-1]
            except (OSError, subprocess.TimeoutExpired) as error:
                done, reason = None, str(error)
            if done is None or done.returncode != 0:
                print(f"skipped: Qiskit cannot be installed: {reason}")
                sys.exit(harness.SKIPPED)
    if missing(python):
        print("skipped: the Qiskit that was installed does not load")
        sys.exit(harness.SKIPPED)
    sys.stdout.flush()
    os.execv(python, [python, *sys.argv])


use_qiskit()

import h5py  # noqa: E402
import numpy as np  # noqa: E402
from qiskit import qasm3  # noqa: E402
from qiskit.circuit.library import (  # noqa: E402
    efficient_su2,
    excitation_preserving,
    real_amplitudes,
)
from qiskit.quantum_info import SparsePauliOp, Statevector  # noqa: E402

MOLECULES = [
    harness.H2,
    {
        "name": "HeH+",
        "symbols": ["He", "H"],
        "coords": [[0, 0, 0], [0, 0, 0.7719]],
        "charge": 1,
    },
    {  # a doublet: UCCSD of an open shell
        "name": "H3",
        "symbols": ["H", "H", "H"],
        "coords": [[0, 0, 0], [0, 0, 0.9], [0, 0.1, 1.9]],
        "multiplicity": 2,
    },
    {
        "name": "H4",
        "symbols": ["H", "H", "H", "H"],
        "coords": [[0, 0, 0], [0, 0, 0.9], [0, 0.2, 1.9], [0, 0, 2.8]],
    },
]
ANSATZE = [
    "UCCSD",
    "k-UpCCGSD",
    {"name": "LUCJ", "entanglement": "all-to-all"},
    "EfficientSU2",
    "RealAmplitudes",
    "ExcitationPreserving",
]
QISKIT = {
    "EfficientSU2": efficient_su2,
    "RealAmplitudes": real_amplitudes,
    "ExcitationPreserving": excitation_preserving,
}


def state_of(circuit, parameters):
    names = [parameter.name for parameter in circuit.parameters]
    check(names == sorted(names), "the parameters' names sort in order")
    check(len(names) == len(parameters), f"{len(names)} parameters in the circuit")
    return Statevector(circuit.assign_parameters(dict(zip(names, parameters))))


def check_same_state(left, right, text):
    """Equal up to a global phase."""
    overlap = abs(np.vdot(left.data, right.data))
    check(abs(overlap - 1.0) < 1e-12, f"{text}: overlap {overlap}")


def check_experiment(folder, file, index):
    group = file[f"experiments/{index:06d}"]
    settings = file["settings"][index]
    results = file["results"][index]
    name = settings["ansatz_name"].decode()
    title = f"{settings['name'].decode()} {name}"
    check(results["status"] == 0, f"{title}: {results['reason']}")
    text = group["ansatz"][0].decode()
    if name == "ADAPT-VQE":
        refused = harness.unfolded(
            folder.run("adapt.json", "--qasm", index, status=2).stderr)
        check("while it runs" in refused, f"{title}: --qasm says {refused}")
    else:
        printed = folder.run("job.json", "--qasm", index).stdout
        check(printed == text, f"{title}: --qasm prints what the result holds")
    circuit = qasm3.loads(text)
    check(circuit.num_qubits == results["num_qubits"], f"{title}: qubits")
    terms = group["hamiltonian"][:]
    hamiltonian = SparsePauliOp(
        [label.decode() for label in terms["label"]], terms["coefficient"]
    )
    energies = group["evaluations"]["energy"]
    parameters = group["parameters"][:]
    check(len(energies) >= 2, f"{title}: at least two evaluations")
    check(np.ptp(energies) > 1e-6, f"{title}: the energy changes")
    for energy, values in zip(energies, parameters):
        state = state_of(circuit, values)
        expected = state.expectation_value(hamiltonian).real
        check(
            abs(energy - expected) < 1e-10,
            f"{title}: energy {energy}, by Qiskit {expected}",
        )
    if name in QISKIT:
        own = QISKIT[name](
            circuit.num_qubits,
            reps=int(settings["ansatz_reps"]),
            entanglement=settings["entanglement"].decode(),
        )
        own = own.assign_parameters(parameters[0])
        start = Statevector.from_int(0, 2**circuit.num_qubits)
        if name == "ExcitationPreserving":
            norb = int(results["num_orbitals"])
            occupied = (1 << int(results["num_alpha"])) - 1
            occupied |= ((1 << int(results["num_beta"])) - 1) << norb
            start = Statevector.from_int(occupied, 2**circuit.num_qubits)
        check_same_state(
            start.evolve(own), state_of(circuit, parameters[0]), title
        )
    print(
        f"{title}: {circuit.num_qubits} qubits, {len(circuit.parameters)} "
        f"parameters, {circuit.size()} gates, {len(energies)} energies agree"
    )


with harness.Folder() as scratch:
    scratch.write(
        "job.json",
        {
            "molecules": MOLECULES,
            "ansatz": ANSATZE,
            "init": "random",
            "seed": 3,
            "optimizer": {"name": "L-BFGS-B", "max_evaluations": 3},
        },
    )
    scratch.run("job.json", "--quiet", "--output", "r.h5", status=None)
    with h5py.File(scratch.file("r.h5")) as result:
        count = len(result["settings"])
        check(count == len(MOLECULES) * len(ANSATZE), f"{count} experiments")
        for row in range(count):
            check_experiment(scratch, result, row)
    # a circuit that grows: rows are padded by zeros, which are no gates
    scratch.write(
        "adapt.json",
        {
            "molecules": MOLECULES,
            "ansatz": [
                {"name": "ADAPT-VQE", "max_operators": 6},
                {"name": "ADAPT-VQE", "pool": "QEB", "max_operators": 6},
            ],
            "seed": 3,
        },
    )
    scratch.run("adapt.json", "--quiet", "--output", "a.h5", status=None)
    with h5py.File(scratch.file("a.h5")) as result:
        check(len(result["settings"]) == 2 * len(MOLECULES), "experiments")
        for row in range(len(result["settings"])):
            check_experiment(scratch, result, row)
print("passed")
