#!/usr/bin/env python3
"""More than 32 active orbitals: two electrons in 46 and 54 orbitals, 92 and 108
qubits, from the job file to the tables. Energies are PySCF's; the Hamiltonian's
text has the determinant's energy, and in the sector of two electrons its lowest
eigenvalue is FCI's; circuits name no qubit that is not there; sizes are said
before, terms that do not fit memory left out, and what is above 64 orbitals is
refused.
"""

import json
import os
import re
import subprocess

import harness
from harness import check

try:
    import numpy as np
except ImportError:
    print("skipped: this Python has no NumPy")
    raise SystemExit(harness.SKIPPED) from None
try:
    from qiskit import QuantumCircuit
except ImportError:
    QuantumCircuit = None  # registers and qubits are looked at all the same

LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"
)

H2 = {"name": "H2", "symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.7414]]}
BE = {"name": "Be", "symbols": ["Be"], "coords": [[0, 0, 0]]}
# PySCF 2.9.0: totally symmetric determinants by its symmetry-adapted orbitals of
# D2h, RHF to 1e-13, CASCI of all orbitals but the frozen to 1e-12
CASES = [
    (H2, "aug-cc-pvtz", 0, 92, 350, -1.13302167623793, -1.1726339309065392),
    (BE, "cc-pvqz", 1, 108, 440, -14.572968127198632, -14.618950731545864),
]


def job(folder, molecule, basis, frozen):
    return folder.write(f"{molecule['name']}.json", {
        "molecules": [molecule], "basis": basis, "frozen_core": frozen,
        "ansatz": "UCCSD", "output": f"{molecule['name']}.h5",
        "warehouse": "warehouse"})


def query(folder, sql):
    done = subprocess.run(
        [LAKE, "query", sql, "--warehouse", "warehouse", "--format", "json"],
        cwd=folder.path, capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"{sql}: {done.stderr}")
    return json.loads(done.stdout)


# ---- the Hamiltonian in the sector of one alpha and one beta electron ----


def read_terms(path):
    """(coefficient, qubits with X, qubits with Z, number of Y) of each line."""
    letter = re.compile(r"([XYZ])(\d+)")
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            number, rest = line.split(" ", 1)
            word = letter.findall(rest)
            yield (float(number), [int(q) for kind, q in word if kind != "Z"],
                   [int(q) for kind, q in word if kind != "X"],
                   sum(kind == "Y" for kind, q in word))


def signs(qubits, first, count):
    """(-1)^[k in qubits] for orbital k of a spin."""
    out = np.ones(count)
    out[[q - first for q in qubits if first <= q < first + count]] = -1.0
    return out


def sector(path, count):
    """Matrix between the states of alpha in i and beta in j."""
    matrix = np.zeros((count, count, count, count))
    every = np.arange(count)
    for coeff, x, z, ny in read_terms(path):
        ends = [[q % count for q in x if q // count == spin] for spin in (0, 1)]
        if any(len(pair) not in (0, 2) for pair in ends):
            continue  # leaves the sector
        check(ny % 2 == 0, "an odd number of Y")
        alpha, beta = (every if not pair else np.array(pair) for pair in ends)
        to_alpha, to_beta = (every if not pair else np.array(pair[::-1]) for pair in ends)
        value = coeff * (-1.0) ** (ny // 2) * np.outer(
            signs(z, 0, count)[alpha], signs(z, count, count)[beta])
        matrix[to_alpha[:, None], to_beta[None, :], alpha[:, None], beta[None, :]] += value
    return matrix.reshape(count**2, count**2)


def check_hamiltonian(folder):
    molecule, basis, frozen, qubits, _, hf, fci = CASES[0]
    done = folder.run(job(folder, molecule, basis, frozen), "--hamiltonian", "h2.txt",
                      "--output", "none.h5")
    with open(folder.file("h2.txt"), encoding="utf-8") as stream:
        count = sum(1 for _ in stream)
    check(f"{count} terms on {qubits} qubits" in harness.unfolded(done.stderr + done.stdout),
          f"{count} lines: {done.stdout}{done.stderr}")
    matrix = sector(folder.file("h2.txt"), qubits // 2)
    check(abs(matrix - matrix.T).max() < 1e-12, "the sector is not symmetric")
    check(abs(matrix[0, 0] - hf) < 1e-8, f"the determinant has {matrix[0, 0]}, PySCF {hf}")
    lowest = np.linalg.eigvalsh(matrix)[0]
    check(abs(lowest - fci) < 1e-8, f"lowest of the sector {lowest}, PySCF {fci}")
    return count


# ---- circuits ----


def check_circuit(folder, name, qubits, *options, left=0):
    text = folder.run(f"{name}.json", "--qasm", *options, "--output", "none.h5").stdout
    width = qubits - left
    check(re.search(rf"^(qubit\[{width}\] q|qreg q\[{width}\]);$", text, re.M),
          f"{name}: no register of {width} qubits")
    named = {int(q) for q in re.findall(r"q\[(\d+)\]", text.split(";", 3)[3])}
    check(max(named) == width - 1, f"{name}: qubits up to {max(named)} of {width}")
    return text


def check_by_qiskit(text, result):
    """Qiskit counts in the text of OpenQASM 2 what the result says."""
    if QuantumCircuit is None:
        return
    circuit = QuantumCircuit.from_qasm_str(text)
    for key, counted in (("n_qubits", circuit.num_qubits), ("depth", circuit.depth()),
                         ("two_qubit_gates", circuit.num_nonlocal_gates())):
        check(result[key] == counted, f"{key}: {result[key]}, Qiskit counts {counted}")


# ---- little memory ----


def check_little_memory(folder):
    """Pauli terms that do not fit are left out of a result, which needs none, and
    refused where they are asked for."""
    environment = harness.environment() | {"OPENBLAS_NUM_THREADS": "1"}
    words = ["bash", "-c", 'ulimit -v 500000; exec "$0" "$@"', harness.BATCH, "H2.json",
             "--threads", "1"]

    def limited(*options):
        return subprocess.run([*words, *options], cwd=folder.path, env=environment,
                              capture_output=True, text=True, check=False)

    limited("--output", "limited.h5", "--summary", "limited.json")
    with open(folder.file("limited.json"), encoding="utf-8") as stream:
        (result,) = json.load(stream)
    check(result["status"] == "ok", f"little memory: {result}")
    check(abs(result["energy_fci"] - CASES[0][6]) < 1e-7, f"little memory: {result}")
    check("terms_left_out" in [note["code"] for note in result["notes"]], result["notes"])
    check(result["n_pauli_terms"] is None and result["pauli_one_norm"] is None,
          f"{result['n_pauli_terms']}, {result['pauli_one_norm']}")
    done = limited("--output", "none.h5", "--hamiltonian", "limited.txt")
    # they may be made, but not the text beside them
    check(done.returncode != 0 and
          re.search("Pauli terms of 46 orbitals|terms on 92 qubits need up to",
                    harness.unfolded(done.stderr)), f"{done.returncode}: {done.stderr}")
    check(not os.path.exists(folder.file("limited.txt")), "a file of no Hamiltonian")


with harness.Folder() as folder:
    terms = {}
    for molecule, basis, frozen, qubits, amplitudes, hf, fci in CASES:
        name = molecule["name"]
        path = job(folder, molecule, basis, frozen)
        said = folder.run(path, "--dry-run").stdout
        row = next(line.split() for line in said.splitlines() if f" {name} " in line)
        check(str(qubits) in row, f"dry run: {row}")
        check(any(abs(float(word) - amplitudes) < 5e-3 * amplitudes for word in row[7:]
                  if re.fullmatch(r"[\d.e+]+", word)), f"{amplitudes} amplitudes: {row}")
        (result,) = folder.summary(path)
        check(result["status"] == "ok", f"{name}: {result}")
        check(result["n_qubits"] == qubits, f"{name}: {result['n_qubits']} qubits")
        check(abs(result["energy_hf"] - hf) < 1e-7, f"{name}: HF {result['energy_hf']}")
        check(abs(result["energy_fci"] - fci) < 1e-7, f"{name}: FCI {result['energy_fci']}")
        # two electrons: UCCSD is exact
        check(0 <= result["energy"] - result["energy_fci"] < 1e-6,
              f"{name}: {result['energy']}, exact {result['energy_fci']}")
        check(abs(result["s2"]) < 1e-5 and abs(result["n_expectation"] - 2) < 1e-8,
              f"{name}: {result['s2']}, {result['n_expectation']}")
        terms[qubits] = result["n_pauli_terms"]
        check_circuit(folder, name, qubits)
        check_by_qiskit(
            check_circuit(folder, name, qubits, "--bind", "--qasm-version", "2"), result)
        check_circuit(folder, name, qubits, "--mapping", "parity", "--taper", "number",
                      left=2)
    rows = query(folder, "SELECT length(term_label) AS width, count(*) AS terms "
                 "FROM hamiltonian_terms GROUP BY 1")
    check({row["width"]: row["terms"] for row in rows} == terms, f"{rows}, {terms}")
    check(check_hamiltonian(folder) == terms[92], f"{terms[92]} terms in the result")
    check_little_memory(folder)
    big = folder.write("big.json", {"molecules": [H2], "basis": "aug-cc-pvqz"})
    refused = folder.run(big, "--dry-run", status=None)
    check(refused.returncode != 0 or "64" in refused.stdout, "92 orbitals are taken")
    check("92 active orbitals, 64 are supported" in
          harness.unfolded(refused.stdout + refused.stderr), refused.stdout)
print(f"large_bases: PySCF's energies; terms by qubits: {terms}")
