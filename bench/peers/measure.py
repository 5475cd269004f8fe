#!/usr/bin/env python3
"""Time other programs on the workloads of vqe_bench.

Usage: measure.py PEER --circuits FOLDER --data FOLDER [--seconds S]

FOLDER of --circuits is what `vqe_bench --circuits` wrote: circuits, parameters
and Pauli sums; that of --data holds the FCIDUMP files. Writes one JSON object
a line: peer, version, workload under vqe_bench's name, wall_min in seconds of
the repeats that fit S (at least one), energy. A workload that a peer cannot do
is a record with a reason.
"""

import argparse
import importlib.metadata
import json
import os
import sys
import time
import warnings

import numpy as np

# basis and molecule; the last ones at PySCF's own tolerance
SCF = {"sto-3g/H2O": ("sto-3g", "H2O"), "cc-pvdz/CO2": ("cc-pvdz", "CO2")}
SCF_LARGE = ("H2O", "benzene", "naphthalene", "caffeine", "He250")


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.peer = arguments.peer
        self.package = self.peer

    def problem(self, ansatz, molecule):
        path = os.path.join(self.arguments.circuits, f"{ansatz}-{molecule}.json")
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)

    def integrals(self, molecule):
        """h1e, eri in chemists' notation (eightfold), core energy."""
        from pyscf import ao2mo
        from pyscf.tools import fcidump

        read = fcidump.read(
            os.path.join(self.arguments.data, molecule + ".fcidump"), verbose=False
        )
        norb = read["NORB"]
        return read["H1"], ao2mo.restore(8, read["H2"], norb), read["ECORE"]

    def geometry(self, molecule, file="energies.json"):
        path = os.path.join(self.arguments.data, file)
        with open(path, encoding="utf-8") as stream:
            systems = json.load(stream)["systems"]
        return next(s["geometry"] for s in systems if s["name"] == molecule)

    def say(self, workload, **more):
        version = importlib.metadata.version(self.package)
        record = {"peer": self.peer, "version": version, "workload": workload}
        print(json.dumps({**record, **more}), flush=True)

    def time(self, workload, call, energy=None, note=None):
        """call() returns the energy, or `energy` finds it in what it returns.
        The first call, which may compile, counts only where it is the only
        one. Returns the seconds, or None."""
        limit = self.arguments.seconds
        times = []
        cpu = []
        try:
            started = time.perf_counter()
            while not times or time.perf_counter() - started < limit or (
                len(times) == 1 and times[0] < 4 * limit
            ):
                before = time.perf_counter()
                cpu_before = time.process_time()
                value = call()
                times.append(time.perf_counter() - before)
                cpu.append(time.process_time() - cpu_before)
            value = energy(value) if energy is not None else value
        except Exception as error:  # what a peer cannot do is a result as well
            self.say(workload, reason=f"{type(error).__name__}: {error}"[:200])
            return None
        seconds = min(times[1:] or times)
        more = {"note": note} if note else {}
        if value is not None:
            more["energy"] = float(np.real(value))
        more["cpu_min"] = min(cpu[1:] or cpu)
        self.say(workload, wall_min=seconds, repeats=len(times), **more)
        return seconds


# ---- circuits in the full space ----


def aer(bench):
    """As a Python pipeline calls it: one estimator, one value for each term."""
    from qiskit.circuit.library import efficient_su2
    from qiskit.quantum_info import SparsePauliOp
    from qiskit.transpiler import generate_preset_pass_manager
    from qiskit_aer import AerSimulator
    from qiskit_aer.primitives import EstimatorV2

    bench.package = "qiskit-aer"
    options = {"method": "statevector", "max_parallel_threads": 1}
    passes = generate_preset_pass_manager(
        optimization_level=3, backend=AerSimulator(**options)
    )
    for molecule in ("H2O", "NH3", "N2"):
        problem = bench.problem("EfficientSU2", molecule)
        qubits = 2 * problem["norb"]
        circuit = passes.run(
            efficient_su2(qubits, reps=2, entanglement="reverse_linear")
        )
        observable = SparsePauliOp.from_list(problem["terms"]).apply_layout(
            circuit.layout
        )
        estimator = EstimatorV2(options={"backend_options": options})
        block = (circuit, observable, problem["parameters"])
        seconds = bench.time(
            "energy/full/" + molecule,
            lambda: estimator.run([block]).result()[0].data.evs,
        )
        if seconds:
            count = len(problem["parameters"]) + 1
            bench.say(
                "gradient/full/" + molecule,
                wall_min=count * seconds,
                note=f"{count} energies, as forward differences need",
            )


def qulacs(bench):
    from qulacs import Observable, ParametricQuantumCircuit, QuantumState

    for molecule in ("H2O", "NH3", "N2"):
        problem = bench.problem("EfficientSU2", molecule)
        qubits = 2 * problem["norb"]
        observable = Observable(qubits)
        for label, coefficient in problem["terms"]:
            pauli = " ".join(
                f"{letter} {k}"
                for k, letter in enumerate(reversed(label))
                if letter != "I"
            )
            observable.add_operator(coefficient, pauli)
        circuit = ParametricQuantumCircuit(qubits)
        for kind, q, k, scale in problem["gates"]:
            # its angles have the other sign
            if kind == "cx":
                circuit.add_CNOT_gate(q[0], q[1])
            elif kind == "ry":
                circuit.add_parametric_RY_gate(
                    q[0], -scale * problem["parameters"][k]
                )
            else:
                circuit.add_parametric_RZ_gate(
                    q[0], -scale * problem["parameters"][k]
                )
        state = QuantumState(qubits)

        def energy():
            state.set_zero_state()
            circuit.update_quantum_state(state)
            return observable.get_expectation_value(state)

        def gradient():
            value = energy()
            circuit.backprop(observable)
            return value

        if bench.time("energy/full/" + molecule, energy) and molecule != "N2":
            bench.time("gradient/full/" + molecule, gradient)


def lightning(bench):
    import pennylane as qml

    bench.package = "pennylane-lightning"
    for molecule in ("H2O", "NH3"):
        problem = bench.problem("EfficientSU2", molecule)
        qubits = 2 * problem["norb"]
        paulis = {"X": qml.X, "Y": qml.Y, "Z": qml.Z}
        operators = []
        for label, _ in problem["terms"]:
            letters = [
                paulis[letter](k)
                for k, letter in enumerate(reversed(label))
                if letter != "I"
            ]
            operators.append(qml.prod(*letters) if letters else qml.I(0))
        hamiltonian = qml.Hamiltonian([c for _, c in problem["terms"]], operators)
        device = qml.device("lightning.qubit", wires=qubits)

        @qml.qnode(device, diff_method="adjoint")
        def circuit(theta):
            for kind, q, k, scale in problem["gates"]:
                if kind == "cx":
                    qml.CNOT(q)
                else:
                    (qml.RY if kind == "ry" else qml.RZ)(scale * theta[k], q[0])
            return qml.expval(hamiltonian)

        theta = qml.numpy.array(problem["parameters"], requires_grad=True)
        differentiate = qml.grad(circuit)

        def gradient():
            differentiate(theta)
            return differentiate.forward

        bench.time("energy/full/" + molecule, lambda: circuit(theta))
        bench.time("gradient/full/" + molecule, gradient)


def mindquantum(bench):
    from mindquantum.core.circuit import Circuit
    from mindquantum.core.gates import RY, RZ, X
    from mindquantum.core.operators import Hamiltonian, QubitOperator
    from mindquantum.simulator import Simulator

    for molecule in ("H2O", "NH3", "N2"):
        problem = bench.problem("EfficientSU2", molecule)
        qubits = 2 * problem["norb"]
        operator = QubitOperator()
        for label, coefficient in problem["terms"]:
            pauli = " ".join(
                f"{letter}{k}"
                for k, letter in enumerate(reversed(label))
                if letter != "I"
            )
            operator += QubitOperator(pauli, coefficient)
        circuit = Circuit()
        for kind, q, k, scale in problem["gates"]:
            if kind == "cx":
                circuit += X.on(q[1], q[0])
            else:
                gate = RY if kind == "ry" else RZ
                circuit += gate({f"t{k:04d}": scale}).on(q[0])
        theta = np.array(problem["parameters"])
        names = circuit.params_name
        theta = theta[[int(name[1:]) for name in names]]
        simulator = Simulator("mqvector", qubits)

        def energy(hamiltonian):
            simulator.reset()
            simulator.apply_circuit(circuit, theta)
            return simulator.get_expectation(hamiltonian)

        def gradient(hamiltonian):
            return simulator.get_expectation_with_grad(hamiltonian, circuit)

        simulator.reset()
        termwise = Hamiltonian(operator)
        seconds = bench.time(
            "energy/full/" + molecule, lambda: energy(termwise), note="termwise"
        )
        if seconds is None or molecule == "N2":
            continue
        simulator.reset()
        both = gradient(termwise)
        bench.time(
            "gradient/full/" + molecule,
            lambda: both(theta),
            lambda value: value[0].ravel()[0],
            note="termwise",
        )
        if molecule == "H2O":  # 10 GB for NH3
            sparse = gradient(Hamiltonian(operator).sparse(qubits))
            bench.time(
                "gradient/full/" + molecule,
                lambda: sparse(theta),
                lambda value: value[0].ravel()[0],
                note="sparse matrix",
            )


# ---- the sector ----


def tencirchem(bench):
    import tencirchem as tcc
    from pyscf import ao2mo
    from tencirchem import UCC

    tcc.set_dtype("complex128")
    for molecule in ("H2O", "NH3", "N2"):
        problem = bench.problem("UCCSD", molecule)
        norb = problem["norb"]
        h1e, eri, core = bench.integrals(molecule)
        solver = UCC.from_integral(
            h1e,
            ao2mo.restore(1, eri, norb),
            problem["nalpha"] + problem["nbeta"],
            core,
            mo_coeff=np.eye(norb),
            init_method="zeros",
            run_hf=False,
            run_mp2=False,
            run_ccsd=False,
            run_fci=False,
        )
        # the same excitations in the same order; it has beta orbitals first
        solver.ex_ops = []
        solver.param_ids = []
        for kind, qubits, k, scale in problem["gates"]:
            q = [(qubit + norb) % (2 * norb) for qubit in qubits]
            if kind == "x":
                continue
            assert scale == 1.0
            solver.ex_ops.append(
                (q[1], q[0]) if kind == "single" else (q[1], q[3], q[2], q[0])
            )
            solver.param_ids.append(k)
        solver.init_guess = np.zeros(len(problem["parameters"]))
        theta = np.array(problem["parameters"])
        bench.time("energy/sector/" + molecule, lambda: solver.energy(theta))
        bench.time(
            "gradient/sector/" + molecule,
            lambda: solver.energy_and_grad(theta),
            lambda value: value[0],
        )
        bench.time("vqe/" + molecule, lambda: minimise(solver, problem))


def minimise(solver, problem):
    import scipy.optimize

    start = np.array(problem["mp2_parameters"])
    return scipy.optimize.minimize(
        solver.energy_and_grad,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"ftol": 0.0, "gtol": 1e-4},
    ).fun


def sector_vector(problem):
    """The vector of vqe_bench over all determinants, and the strings' order."""
    from pyscf.fci import cistring

    norb = problem["norb"]
    strings = np.array(cistring.make_strings(range(norb), problem["nalpha"]))
    irreps = np.zeros(len(strings), dtype=int)
    for k, irrep in enumerate(problem["irreps"]):
        irreps ^= np.where(strings >> k & 1, irrep, 0)
    vector = np.sin(1.0 + 0.37 * strings[:, None] + 0.11 * strings[None, :])
    vector[irreps[:, None] != irreps[None, :]] = 0.0
    return vector


def pyscf(bench):
    import pyscf as package
    from pyscf import fci
    from pyscf.fci import cistring

    package.lib.num_threads(1)
    for molecule in ("H2O", "NH3", "N2", "CO2"):
        problem = bench.problem("UCCSD", molecule)
        norb = problem["norb"]
        nelec = (problem["nalpha"], problem["nbeta"])
        h1e, eri, core = bench.integrals(molecule)
        vector = sector_vector(problem)
        norm = np.vdot(vector, vector)
        absorbed = fci.direct_spin1.absorb_h1e(h1e, eri, norb, nelec, 0.5)
        link = cistring.gen_linkstr_index_trilidx(range(norb), nelec[0])

        def quotient(product):
            return core + np.vdot(vector, product) / norm

        bench.time(
            "sigma/sector/" + molecule,
            lambda: fci.direct_spin1.contract_2e(
                absorbed, vector, norb, nelec, (link, link)
            ),
            quotient,
            note="direct_spin1.contract_2e, all determinants",
        )
        if molecule != "CO2":
            solver = fci.direct_spin1_symm.FCI()
            solver.conv_tol = 1e-10
            bench.time(
                "fci/" + molecule,
                lambda: solver.kernel(
                    h1e,
                    eri,
                    norb,
                    nelec,
                    orbsym=np.array(problem["irreps"]),
                    wfnsym=0,
                    ecore=core,
                ),
                lambda value: value[0],
                note="direct_spin1_symm",
            )
    for name, (basis, molecule) in SCF.items():
        geometry = [(a[0], a[1:]) for a in bench.geometry(molecule)]

        def solve():
            mol = package.gto.M(atom=geometry, basis=basis, verbose=0)
            field = package.scf.RHF(mol)
            field.conv_tol = 1e-12
            field.conv_tol_grad = 1e-9
            return field.kernel()

        bench.time("scf/" + name, solve, note="integrals and RHF")
    for molecule in SCF_LARGE:
        geometry = [
            (a[0], a[1:]) for a in bench.geometry(molecule, "scf_molecules.json")
        ]

        def solve_large():
            mol = package.gto.M(atom=geometry, basis="6-31g", verbose=0)
            return package.scf.RHF(mol).kernel()

        bench.time(
            "scf/6-31g/" + molecule, solve_large, note="its own tolerance, 1e-9"
        )


def ffsim(bench):
    import ffsim as package

    for molecule in ("H2O", "NH3", "N2", "CO2"):
        problem = bench.problem("UCCSD", molecule)
        norb = problem["norb"]
        nelec = (problem["nalpha"], problem["nbeta"])
        h1e, eri, core = bench.integrals(molecule)
        from pyscf import ao2mo

        hamiltonian = package.MolecularHamiltonian(
            one_body_tensor=h1e,
            two_body_tensor=ao2mo.restore(1, eri, norb),
            constant=core,
        )
        operator = package.linear_operator(hamiltonian, norb=norb, nelec=nelec)
        vector = sector_vector(problem).ravel().astype(complex)
        norm = np.vdot(vector, vector)
        bench.time(
            "sigma/sector/" + molecule,
            lambda: operator @ vector,
            lambda product: np.vdot(vector, product).real / norm.real,
            note="linear_operator, complex",
        )


def nature(bench):
    """Jordan-Wigner by Qiskit Nature; the one-norm stands for the energy."""
    from pyscf import ao2mo
    from qiskit_nature.second_q.hamiltonians import ElectronicEnergy
    from qiskit_nature.second_q.mappers import JordanWignerMapper

    bench.package = "qiskit-nature"
    scale = 1e4
    for molecule in ("H2O", "NH3"):
        h1e, eri, _ = bench.integrals(molecule)
        # products below 1e-8 are dropped before they are added up
        operator = ElectronicEnergy.from_raw_integrals(
            scale * h1e, scale * ao2mo.restore(1, eri, len(h1e))
        ).second_q_op()
        mapper = JordanWignerMapper()
        bench.time(
            "mapping/" + molecule,
            lambda: mapper.map(operator).simplify(atol=1e-12),
            lambda terms: sum(
                abs(c) for label, c in terms.to_list() if set(label) != {"I"}
            )
            / scale,
        )


PEERS = {
    "Qiskit Aer": aer,
    "Qulacs": qulacs,
    "Lightning": lightning,
    "MindQuantum": mindquantum,
    "TenCirChem": tencirchem,
    "PySCF": pyscf,
    "ffsim": ffsim,
    "Qiskit Nature": nature,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--circuits", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    bench = Bench(arguments)
    try:
        PEERS[arguments.peer](bench)
    except ImportError as error:
        print(
            json.dumps({"peer": arguments.peer, "reason": f"not installed: {error}"}),
            flush=True,
        )
        sys.exit(0)


if __name__ == "__main__":
    main()
