#!/usr/bin/env python3
"""Hamiltonians on qubits of 20 molecules in four mappings: whole spectra are
Jordan-Wigner's, tapered ones those of its block, energies PySCF's and FCI's,
counts of terms Qiskit Nature's; circuits have the energies of Jordan-Wigner's;
all formats hold the same; what is wrong is refused and leaves no file.

The molecules are those of energies.json, in an active space of four orbitals
where they have more than twelve qubits; counts are of the whole molecules, as
far as make_qiskit_mappings.py took them to Qiskit Nature.
"""

import json
import os
import re

import harness
from harness import check

try:
    import numpy as np
except ImportError:
    print("skipped: this Python has no NumPy")
    raise SystemExit(harness.SKIPPED) from None
h5py = harness.h5py_or_skip()

DATA = os.path.join(harness.ROOT, "tests", "data")
MAPPINGS = ["jordan_wigner", "parity", "bravyi_kitaev", "ternary_tree"]
MOST_WHOLE = 12  # qubits
ORBITALS = 4  # active where there are more


def load(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as stream:
        return json.load(stream)


# ---- operators as lists of (label, coefficient), qubit 0 rightmost ----


def masks_of(label):
    x = sum(1 << k for k, letter in enumerate(reversed(label)) if letter in "XY")
    z = sum(1 << k for k, letter in enumerate(reversed(label)) if letter in "YZ")
    return x, z


def parity_of(numbers):
    return np.bitwise_count(numbers) & 1


def symmetries(terms, width):
    """Strings of Z that commute with all terms: a null space over GF(2)."""
    rows = {}
    for label, _ in terms:
        x, _ = masks_of(label)
        while x and x.bit_length() in rows:
            x ^= rows[x.bit_length()]
        if x:
            rows[x.bit_length()] = x
    found = []
    for free in range(width):
        if free + 1 in rows:
            continue
        mask = 1 << free
        for lead in sorted(rows):
            if (rows[lead] & mask).bit_count() % 2:
                mask |= 1 << (lead - 1)
        found.append(mask)
    return found


def block(terms, states):
    """The real matrix between `states`, which the sum does not leave."""
    place = np.full(1 << len(terms[0][0]), -1)
    place[states] = np.arange(len(states))
    diagonals = {}
    for label, coefficient in terms:
        x, z = masks_of(label)
        ys = (x & z).bit_count()
        check(ys % 2 == 0, f"{label}: the matrix is not real")
        sign = 1 - 2.0 * parity_of(states & z)
        # Y = i X Z
        diagonals.setdefault(x, np.zeros(len(states)))
        diagonals[x] += coefficient * (-1) ** (ys // 2) * sign
    out = np.zeros((len(states), len(states)))
    columns = np.arange(len(states))
    for x, diagonal in diagonals.items():
        rows = place[states ^ x]
        inside = rows >= 0
        out[rows[inside], columns[inside]] += diagonal[inside]
    check(np.abs(out - out.T).max() < 1e-12, "the matrix is symmetric")
    return out


def spectrum(terms, width):
    """All eigenvalues, a sector at a time."""
    states = np.arange(1 << width)
    sector = np.zeros(1 << width, int)
    for k, mask in enumerate(symmetries(terms, width)):
        sector |= parity_of(states & mask).astype(int) << k
    values = [
        np.linalg.eigvalsh(block(terms, states[sector == s]))
        for s in np.unique(sector)
    ]
    return np.sort(np.concatenate(values))


def expectation(terms, state):
    """Of a basis state."""
    total = 0.0
    for label, coefficient in terms:
        x, z = masks_of(label)
        if x == 0:
            total += coefficient * (-1) ** (state & z).bit_count()
    return total


# ---- files ----


def read_json(folder, name):
    with open(folder.file(name), encoding="utf-8") as stream:
        return [(label, value) for label, value in json.load(stream)]


def read_text(folder, name, width):
    """As OpenFermion's QubitOperator reads it."""
    with open(folder.file(name), encoding="utf-8") as stream:
        text = stream.read()
    out = []
    for value, word in re.findall(r"(\S+) \[(.*?)\]", text):
        letters = ["I"] * width
        for factor in word.split():
            letters[width - 1 - int(factor[1:])] = factor[0]
        out.append(("".join(letters), float(value)))
    check(text.count("+\n") == len(out) - 1, "terms are added")
    return out


def read_hdf5(folder, name):
    with h5py.File(folder.file(name)) as file:
        terms = [
            (row["label"].decode(), float(row["coefficient"]))
            for row in file["hamiltonian"][:]
        ]
        attributes = dict(file.attrs)
        rows = file["symmetries"][:] if "symmetries" in file else []
        return terms, attributes, rows


def write(folder, source, mapping, taper="none", name="out.json", options=()):
    folder.run(
        source, *options, "--hamiltonian", name, "--mapping", mapping, "--taper", taper
    )


def terms_of(folder, *arguments, **settings):
    write(folder, *arguments, **settings)
    return read_json(folder, "out.json")


def near(got, wanted, tolerance, text):
    check(
        len(got) == len(wanted) and np.abs(got - wanted).max() <= tolerance,
        f"{text}: {len(got)} eigenvalues, expected {len(wanted)}, "
        f"off by {np.abs(np.subtract(got, wanted)).max() if len(got) == len(wanted) else '-'}",
    )


# ---- what is tested ----


def molecule_of(system):
    return {
        "name": system["name"],
        "symbols": [atom[0] for atom in system["geometry"]],
        "coords": [atom[1:] for atom in system["geometry"]],
        "units": system["units"],
        "charge": system["charge"],
        "multiplicity": system["multiplicity"],
    }


def options_of(system):
    """Whether it is whole, and the options that make it small."""
    options = ["--basis", system["basis"]]
    frozen = system["frozen_core_orbitals"]
    if 2 * (system["n_active_orbitals"]) <= MOST_WHOLE:
        return True, [*options, "--frozen-core", frozen]
    electrons = 4 + system["n_electrons"] % 2
    return False, [*options, "--active-space", f"{electrons},{ORBITALS}"]


def check_spectra(folder, system):
    """Returns the largest difference from Jordan-Wigner."""
    name = system["name"]
    source = folder.write(f"{name}.json", molecule_of(system))
    whole, options = options_of(system)
    folder.run(source, *options, "--fcidump", "x.fcidump")
    dump = "x.fcidump"
    write(folder, dump, "jordan_wigner", name="jw.h5")
    terms, attributes, _ = read_hdf5(folder, "jw.h5")
    os.remove(folder.file("jw.h5"))
    width = int(attributes["num_qubits"])
    orbitals = int(attributes["num_orbitals"])
    check(width == 2 * orbitals, f"{name}: {width} qubits")
    expected = spectrum(terms, width)
    # the sector of the electrons, and its lowest energy
    states = np.arange(1 << width)
    alpha = states & ((1 << orbitals) - 1)
    beta = states >> orbitals
    numbers = (np.bitwise_count(alpha) == attributes["num_alpha"]) & (
        np.bitwise_count(beta) == attributes["num_beta"]
    )
    lowest = np.linalg.eigvalsh(block(terms, states[numbers]))[0]
    if whole:
        check(
            abs(lowest - system["e_fci_lowest_in_sector"]) < 1e-7,
            f"{name}: lowest energy {lowest}, PySCF's FCI "
            f"{system['e_fci_lowest_in_sector']}",
        )
    reference = int(attributes["reference_state"].decode(), 2)
    parities = (parity_of(alpha) == attributes["num_alpha"] % 2) & (
        parity_of(beta) == attributes["num_beta"] % 2
    )
    blocks = {"none": expected, "number": None, "all": None}
    sector = np.ones(1 << width, bool)
    for mask in symmetries(terms, width):
        sector &= parity_of(states & mask) == (reference & mask).bit_count() % 2
    blocks["all"] = np.linalg.eigvalsh(block(terms, states[sector]))
    if parities.sum() <= 256:
        blocks["number"] = np.linalg.eigvalsh(block(terms, states[parities]))
    worst = 0.0
    for mapping in MAPPINGS:
        for taper, wanted in blocks.items():
            if wanted is None:
                continue
            mapped = terms_of(folder, dump, mapping, taper)
            left = len(mapped[0][0])
            text = f"{name}, {mapping}, taper {taper}"
            if taper == "none":
                check(len(mapped) == len(terms), f"{text}: {len(mapped)} terms")
            values = spectrum(mapped, left)
            near(values, wanted, 1e-10, text)
            check(np.abs(values - lowest).min() < 1e-10, f"{text}: ground state")
            worst = max(worst, np.abs(values - wanted).max())
    return worst


def check_counts(folder, systems, cases):
    """Terms and norms against those of Qiskit Nature; returns how many."""
    compared = 0
    for name, case in cases.items():
        if name.endswith(".fcidump"):
            source = os.path.join(DATA, name)
        else:
            system = systems[name]
            given = folder.write(f"{name}.json", molecule_of(system))
            source = "x.fcidump"
            folder.run(
                given, "--basis", system["basis"], "--frozen-core",
                system["frozen_core_orbitals"], "--fcidump", source,
            )
        for mapping, tapers in case.items():
            for taper in ("none", "number", "all"):
                if taper not in tapers:
                    continue
                wanted = tapers[taper]
                terms = terms_of(folder, source, mapping, taper)
                terms = [term for term in terms if abs(term[1]) > 1e-10]
                norm = sum(abs(value) for label, value in terms if label.strip("I"))
                text = f"{name}, {mapping}, taper {taper}"
                check(
                    len(terms) == wanted["terms"]
                    and len(terms[0][0]) == wanted["qubits"],
                    f"{text}: {len(terms)} terms on {len(terms[0][0])} qubits, "
                    f"Qiskit Nature: {wanted}",
                )
                check(
                    abs(norm - wanted["one_norm"]) < 1e-6,
                    f"{text}: norm {norm}, Qiskit Nature's {wanted['one_norm']}",
                )
                compared += 1
    return compared


def check_formats(folder):
    """One operator in each, and what HDF5 says beside it."""
    source = folder.write("formats.json", harness.LIH)
    energy = folder.summary(
        source, "--max-evaluations", 1, "--no-lake", "-q", "--output", "run.h5"
    )[0]
    for mapping in MAPPINGS:
        for taper, gone in (("none", 0), ("number", 2), ("all", 4)):
            for name in ("out.json", "out.txt", "out.openfermion", "out.h5"):
                write(folder, source, mapping, taper, name)
            terms, attributes, rows = read_hdf5(folder, "out.h5")
            os.remove(folder.file("out.h5"))
            width = 12 - gone
            check(read_json(folder, "out.json") == terms, "JSON holds the same")
            for name in ("out.txt", "out.openfermion"):
                check(read_text(folder, name, width) == terms, "text holds the same")
            texts = {
                "format": "vqe_batch hamiltonian", "mapping": mapping, "taper": taper,
            }
            for key, wanted in texts.items():
                check(attributes[key].decode() == wanted, f"attribute {key}")
            counts = {
                "layout_version": 1, "num_qubits": width, "num_orbitals": 6,
                "num_alpha": 2, "num_beta": 2,
            }
            for key, wanted in counts.items():
                check(attributes[key] == wanted, f"attribute {key}")
            state = int(attributes["reference_state"].decode(), 2)
            check(len(attributes["reference_state"].decode()) == width, "its qubits")
            for value in (expectation(terms, state), attributes["hf_energy"]):
                check(
                    abs(value - energy["energy_hf"]) < 1e-9,
                    f"{mapping}, {taper}: the reference state has {value}, "
                    f"Hartree-Fock {energy['energy_hf']}",
                )
            check(len(rows) == gone, f"{len(rows)} symmetries")
            for row in rows:
                label = row["generator"].decode()
                check(len(label) == 12 and set(label) <= {"I", "Z"}, label)
                check(label[11 - row["qubit"]] == "Z", "it acts on its qubit")
                check(row["eigenvalue"] in (-1, 1), "an eigenvalue")


# ---- circuits ----

# What gates that mix orbitals of different irreps, or spins, do not commute
# with.
BROKEN = {
    "UCCSD": [],
    "UCCD": [],
    "k-UpCCGSD": ["all"],
    "LUCJ": ["all"],
    "ExcitationPreserving": ["number", "all"],
}
GATES = {
    "x": np.array([[0, 1], [1, 0]]),
    "h": np.array([[1, 1], [1, -1]]) / 2**0.5,
    "s": np.diag([1, 1j]),
    "sdg": np.diag([1, -1j]),
}


def matrix_of(name, angle):
    if name in GATES:
        return GATES[name]
    c, s = np.cos(angle / 2), np.sin(angle / 2)
    return {
        "rx": np.array([[c, -1j * s], [-1j * s, c]]),
        "ry": np.array([[c, -s], [s, c]]),
        "rz": np.diag([c - 1j * s, c + 1j * s]),
        "u1": np.diag([1, np.exp(1j * angle)]),
    }[name]


def run_circuit(text):
    """The state of an OpenQASM 2 program."""
    width = int(re.search(r"qreg q\[(\d+)\]", text).group(1))
    state = np.zeros(1 << width, complex)
    state[0] = 1
    basis = np.arange(1 << width)
    for name, angle, first, second in re.findall(
        r"^(?!qreg)(\w+)(?:\((.*?)\))? q\[(\d+)\](?:, q\[(\d+)\])?;", text, re.M
    ):
        a = int(first)
        if angle.endswith("pi/2"):
            angle = -np.pi / 2 if angle[0] == "-" else np.pi / 2
        if name == "cx":
            state = state[basis ^ ((basis >> a & 1) << int(second))]
        elif name == "cz":
            state[(basis >> a & basis >> int(second) & 1) == 1] *= -1
        elif name == "cu1":
            both = (basis >> a & basis >> int(second) & 1) == 1
            state[both] *= np.exp(1j * float(angle))
        else:
            parts = state.reshape(-1, 2, 1 << a)
            gate = matrix_of(name, float(angle or 0))
            state = np.einsum("ij,kjl->kil", gate, parts).reshape(-1)
    return state


def energy_of(terms, state):
    basis = np.arange(len(state))
    total = 0.0
    for label, coefficient in terms:
        x, z = masks_of(label)
        sign = 1 - 2.0 * parity_of(basis & z)
        phase = 1j ** (x & z).bit_count()
        total += coefficient * (phase * np.vdot(state[basis ^ x], sign * state)).real
    return total


def check_circuits(folder):
    """Circuits of all mappings have the energy of Jordan-Wigner's at random
    parameters; returns how many."""
    compared = 0
    for molecule, ansatz in (
        (harness.H2, "UCCSD"), ({**harness.H2, "name": "stretched"}, "k-UpCCGSD"),
        (harness.LIH, "UCCSD"), (harness.LIH, "UCCD"), (harness.LIH, "LUCJ"),
        (harness.LIH, "ExcitationPreserving"),
    ):
        source = folder.write("circuit.json", molecule)
        options = [source, "--ansatz", ansatz, "--init", "random", "--seed", 7]
        if molecule is harness.LIH:
            options += ["--active-space", "2,3"]
        qasm = [*options, "--qasm", 0, "--qasm-version", 2]
        names = {}
        for mapping in MAPPINGS:
            for taper in ("none", "number", "all"):
                how = ["--mapping", mapping, "--taper", taper]
                if taper in BROKEN[ansatz]:
                    done = folder.run(*qasm, *how, status=2)
                    check("does not commute" in harness.unfolded(done.stderr), done)
                    continue
                text = folder.run(*qasm, *how).stdout
                folder.run(*options, *how, "--hamiltonian", "out.json")
                state = run_circuit(text)
                check(abs(np.linalg.norm(state) - 1) < 1e-10, "a unit vector")
                names[mapping, taper] = energy_of(read_json(folder, "out.json"), state)
        wanted = names["jordan_wigner", "none"]
        for (mapping, taper), got in names.items():
            check(
                abs(got - wanted) < 1e-10,
                f"{ansatz}, {mapping}, taper {taper}: {got}, Jordan-Wigner {wanted}",
            )
            compared += 1
    text = folder.run(*options, "--qasm", "--mapping", "parity").stdout
    check(text.startswith("OPENQASM 3") and "input float[64] t00000;" in text, text)
    return compared


def check_refused(folder):
    good = folder.write("good.json", harness.H2)
    two = folder.write("two.json", [harness.H2, harness.LIH])
    folder.write("there.h5", "")
    with h5py.File(folder.file("there.h5"), "w") as file:
        file["kept"] = 1
    for arguments, words in (
        ([good, "--hamiltonian", "a.json", "--mapping", "bk"], "bravyi_kitaev"),
        ([good, "--hamiltonian", "a.json", "--taper", "some"], "none, number or all"),
        ([good, "--hamiltonian", "a.dat"], ".openfermion"),
        ([good, "--hamiltonian", "json"], ".openfermion"),
        ([good, "--hamiltonian", "no/a.json"], "no"),
        ([good, "--hamiltonian", "there.h5"], "is an HDF5 file"),
        ([good, "--hamiltonian", "good.json"], "name another file"),
        ([good, "--qasm", "--mapping", "bk"], "bravyi_kitaev"),
        ([good, "--qasm", "--taper", "all", "-a", "EfficientSU2"], "acts on qubits"),
        ([good, "--mapping", "parity"], "add --hamiltonian"),
        ([good, "--taper", "all"], "add --hamiltonian"),
        ([two, "--hamiltonian", "a.json"], "several molecules"),
    ):
        done = folder.run(*arguments, status=2)
        text = harness.unfolded(done.stderr)
        check(words in text, f"{arguments}: {text}")
        check(not os.path.exists(folder.file("a.json")), "no file is left")
    with h5py.File(folder.file("there.h5")) as file:
        check("kept" in file, "the file that was there is")
    # nothing that the run reads is replaced, nor is one of two outputs left out
    with open(os.path.join(harness.ROOT, "src/chem/basis/sto3g.nw"), encoding="utf-8") as stream:
        folder.write("b.txt", stream.read())
    folder.write("mol.json", harness.H2)
    folder.write("of.json", {"molecules": ["mol.json"], "basis": "b.txt"})
    for option in ("--hamiltonian", "--fcidump", "--summary"):
        for name in ("mol.json", "b.txt"):
            with open(folder.file(name), encoding="utf-8") as stream:
                before = stream.read()
            done = folder.run("of.json", option, name, "--no-lake", status=2)
            check("also read" in harness.unfolded(done.stderr) or
                  "ends in" in harness.unfolded(done.stderr), done.stderr)
            with open(folder.file(name), encoding="utf-8") as stream:
                check(stream.read() == before, f"{option} replaced {name}")
    done = folder.run(good, "--hamiltonian", "a.json", "--qasm", status=2)
    check("give one of them" in harness.unfolded(done.stderr), done.stderr)
    # experiments of one molecule have one Hamiltonian; a file is replaced
    for _ in range(2):
        folder.run(good, "--seed", "1-3", "--hamiltonian", "a.json")
    check(len(read_json(folder, "a.json")) == 15, "terms of H2")


def main():
    systems = {one["name"]: one for one in load("energies.json")["systems"]}
    reference = load("qiskit_mappings.json")
    check(len(systems) == 20, "20 systems")
    with harness.Folder() as folder:
        check_refused(folder)
        check_formats(folder)
        circuits = check_circuits(folder)
        worst = max(check_spectra(folder, system) for system in systems.values())
        compared = check_counts(folder, systems, reference["systems"])
    print(
        f"20 molecules, {len(MAPPINGS)} mappings: spectra equal to {worst:.1e} hartree; "
        f"{compared} counts of terms are those of Qiskit Nature "
        f"{reference['qiskit_nature']}; {circuits} circuits have one energy an ansatz"
    )


if __name__ == "__main__":
    main()
