#!/usr/bin/env python3
"""The OpenQASM 3 text of every ansatz, read and run by Qiskit, gives the
energies that the program recorded; circuits are Qiskit's own, gates and depths
what Qiskit counts, and all kinds of circuits one unitary.

Without Qiskit in this Python, that of tests/requirements_qasm.txt is installed
into build/venv-qiskit, checked by hash; where that cannot be done the test is skipped.
"""

import importlib.util
import os
import subprocess
import sys

import harness
from harness import check

LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"
)
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

import json  # noqa: E402

import h5py  # noqa: E402
import numpy as np  # noqa: E402
from qiskit import qasm2, qasm3  # noqa: E402
from qiskit.circuit.library import (  # noqa: E402
    efficient_su2,
    excitation_preserving,
    real_amplitudes,
)
from qiskit.quantum_info import (  # noqa: E402
    SparsePauliOp,
    Statevector,
    random_statevector,
)

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
WATER = {
    "name": "water",
    "symbols": ["O", "H", "H"],
    "coords": [[0, 0, 0.1173], [0, 0.7572, -0.4692], [0, -0.7572, -0.4692]],
}
ANSATZE = [
    "UCCSD",
    "UCCD0",
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


def counts_of(circuit):
    """What Qiskit counts of a program."""
    pairs = sum(1 for gate in circuit.data if gate.operation.num_qubits == 2)
    wide = sum(count for name, count in circuit.count_ops().items()
               if name in ("cx", "cz", "cp"))
    check(pairs == wide, f"gates on two qubits: {circuit.count_ops()}")
    return {
        "one_qubit_gates": circuit.size() - pairs,
        "two_qubit_gates": pairs,
        "depth": circuit.depth(),
        "two_qubit_depth": circuit.depth(lambda gate: gate.operation.num_qubits == 2),
    }


def check_counts(circuit, results, summary, title):
    """Result file and summary hold them; each rotation takes 100 T gates."""
    counts = counts_of(circuit)
    operations = circuit.count_ops()
    rotations = sum(operations.get(name, 0) for name in ("ry", "rz", "p"))
    counts["t_count"] = 100 * (rotations + 3 * operations.get("cp", 0))
    for key, count in counts.items():
        check(results[key] == count, f"{title}: {key} {results[key]}, by Qiskit {count}")
    for key in (*counts, "measurement_groups", "chemical_accuracy_shots"):
        check(summary[key] == results[key], f"{title}: {key} of the summary")
    check(results["circuit_parameters"] == len(circuit.parameters), f"{title}: parameters")


def check_circuits(folder, job, index, title):
    """All kinds of circuits are one unitary up to a phase, on a state without
    any symmetry and random parameters. Returns gates on two qubits by kind."""
    pairs = {}
    states = {}
    for kind in ("plain", "gadgets", "compact"):
        text = folder.run(job, "--qasm", index, "--circuits", kind).stdout
        circuit = qasm3.loads(text)
        pairs[kind] = counts_of(circuit)["two_qubit_gates"]
        names = sorted(parameter.name for parameter in circuit.parameters)
        values = np.random.default_rng(index).normal(size=len(names))
        bound = circuit.assign_parameters(dict(zip(names, values)))
        start = random_statevector(2**circuit.num_qubits, seed=index)
        states[kind] = start.evolve(bound).data
    for kind in ("gadgets", "compact"):
        overlap = np.vdot(states["plain"], states[kind])
        check(
            np.abs(states["plain"] * overlap / abs(overlap) - states[kind]).max() < 1e-10,
            f"{title}: {kind} is another unitary than plain",
        )
        check(pairs[kind] <= pairs["plain"], f"{title}: {pairs}")
    return pairs


def check_bound(folder, job, index, file, title):
    """OpenQASM 2 and 3 with the initial parameters are the same state."""
    initial = file[f"experiments/{index:06d}/initial_parameters"][:]
    text = folder.run(job, "--qasm", index, "--qasm-version", 2).stdout
    old = Statevector(qasm2.loads(text))
    text = folder.run(job, "--qasm", index, "--bind").stdout
    check_same_state(Statevector(qasm3.loads(text)), old, f"{title}, OpenQASM 2")
    circuit = qasm3.loads(folder.run(job, "--qasm", index).stdout)
    check_same_state(state_of(circuit, initial), old, f"{title}, bound")


def check_optimal(path, identity, circuit, optimal, title):
    """`vqe_lake qasm` puts the optimal parameters in, in OpenQASM 2 as well."""
    expected = state_of(circuit, optimal)
    for version, loads in ((2, qasm2.loads), (3, qasm3.loads)):
        words = [LAKE, "qasm", path, identity, "--bind", "--qasm-version", str(version)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"{title}: {done.stderr}")
        found = Statevector(loads(done.stdout))
        check_same_state(expected, found, f"{title}, OpenQASM {version}")


def check_experiment(folder, file, index, summary, job):
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
        printed = folder.run(job, "--qasm", index).stdout
        check(printed == text, f"{title}: --qasm prints what the result holds")
    circuit = qasm3.loads(text)
    check_counts(circuit, results, summary, title)
    if name != "ADAPT-VQE":
        check_circuits(folder, job, index, title)
        check_bound(folder, job, index, file, title)
    optimal = group["optimal_parameters"][:]
    check_optimal(file.filename, settings["experiment_id"].decode(), circuit, optimal, title)
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


def check_job(folder, job, output):
    """Every experiment of a job."""
    folder.run(job, "--quiet", "--output", output, "--summary", "s.json", status=None)
    with open(folder.file("s.json"), encoding="utf-8") as stream:
        summaries = json.load(stream)
    with h5py.File(folder.file(output)) as result:
        count = len(result["settings"])
        check(count == len(summaries), f"{count} experiments")
        for row in range(count):
            check_experiment(folder, result, row, summaries[row], job)
    return count


def check_goals(folder):
    """Gates on two qubits of known circuits: H2, and LiH of 2 electrons in 5
    orbitals, whose 616 gates Qiskit's optimization level 3 brings to 470."""
    for job, index, most in (("job.json", 0, (48, 34, 13)), ("lih.json", 0, (616, 470, 120))):
        pairs = check_circuits(folder, job, index, job)
        for kind, limit in zip(("plain", "gadgets", "compact"), most):
            check(pairs[kind] <= limit, f"{job}: {pairs}")
        check(pairs["plain"] == most[0], f"{job}: {pairs}")
        print(f"{job}: gates on two qubits {pairs}")


def check_shots(folder):
    """As many shots as the summary says give a standard error of 1.6 mHa."""
    folder.write(
        "exact.json", {"molecules": MOLECULES[:1], "seed": 5, "init": "hf",
                       "optimizer": {"name": "COBYLA", "max_evaluations": 1}}
    )
    folder.run("exact.json", "--quiet", "--summary", "s.json", status=None)
    with open(folder.file("s.json"), encoding="utf-8") as stream:
        exact = json.load(stream)[0]
    shots = exact["chemical_accuracy_shots"] // exact["measurement_groups"]
    folder.run("exact.json", "--quiet", "--shots", shots, "--summary", "s.json", status=None)
    with open(folder.file("s.json"), encoding="utf-8") as stream:
        sampled = json.load(stream)[0]
    error = sampled["energy_std"]
    check(abs(error / 1.6e-3 - 1.0) < 0.1, f"{shots} shots a group: {error} hartree")
    print(f"{shots} shots in each of {exact['measurement_groups']} groups: {error:.2e} hartree")


with harness.Folder() as scratch:
    settings = {
        "ansatz": ANSATZE,
        "init": "random",
        "seed": 3,
        "optimizer": {"name": "L-BFGS-B", "max_evaluations": 3},
    }
    scratch.write("job.json", {"molecules": MOLECULES, **settings})
    found = check_job(scratch, "job.json", "r.h5")
    check(found == len(MOLECULES) * len(ANSATZE), f"{found} experiments")
    for name, molecule, space in (
        ("lih.json", harness.LIH, {"electrons": 2, "orbitals": 5}),
        ("water.json", WATER, {"electrons": 4, "orbitals": 4}),
    ):
        scratch.write(name, {"molecules": [molecule], "active_space": space, **settings})
        check_job(scratch, name, name.replace("json", "h5"))
    check_goals(scratch)
    check_shots(scratch)
    # a circuit that grows: rows are padded by zeros, which are no gates
    scratch.write(
        "adapt.json",
        {
            "molecules": MOLECULES,
            "ansatz": [
                {"name": "ADAPT-VQE", "max_operators": 6},
                {"name": "ADAPT-VQE", "pool": "QEB", "max_operators": 6},
                {"name": "ADAPT-VQE", "pool": "SAGSD", "max_operators": 6},
                {"name": "ADAPT-VQE", "pool": "DVG-CEO", "max_operators": 9, "tetris": True},
            ],
            "seed": 3,
        },
    )
    found = check_job(scratch, "adapt.json", "g.h5")
    check(found == 4 * len(MOLECULES), f"{found} experiments")
print("passed")
