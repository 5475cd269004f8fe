#!/usr/bin/env python3
"""Bad inputs: a message that names the input and the trouble, the exit status
that --help promises, and good molecules beside bad ones still done."""

import json
import os

import harness
from harness import H2, check

# These four atoms oscillate between states however SCF is damped; second-order
# steps converge.
STUBBORN = {
    "name": "stubborn",
    "symbols": ["C", "S", "N", "Al"],
    "coords": [[1.84, 1.15, -2.39], [-2.45, 1.25, -0.7], [-0.16, 1.8, -2.0],
               [1.39, -0.86, 0.05]],
}
N2 = {"name": "N2", "symbols": ["N", "N"], "coords": [[0, 0, 0], [0, 0, 1.1]]}

# name, job (text or object), arguments, exit status, words of the message
CASES = [
    # bad usage or input: nothing runs
    ("broken", '{"molecules": [', [], 2, ["broken.json", "line 1"]),
    ("no-molecules", {"basis": "sto-3g"}, [], 2, ["molecules"]),
    ("key", {"molecules": [H2], "ansatzz": "UCCSD"}, [], 2,
     ["key.json", "ansatzz", "ansatz"]),
    ("basis", {"molecules": [H2], "basis": "cc-pvdt"}, [], 2,
     ["basis", "cc-pvdt", "did you mean 'cc-pVDZ'", "--list-basis"]),
    ("optimizer", {"molecules": [H2], "optimizer": "BFSG"}, [], 2,
     ["optimizer", "BFSG", "BFGS", "COBYLA"]),
    ("ansatz", {"molecules": [H2], "ansatz": "UCSD"}, [], 2,
     ["ansatz", "UCSD", "UCCSD"]),
    ("shots", {"molecules": [H2], "shots": 10, "ansatz": "ADAPT-VQE"}, [], 2,
     ["shots", "ADAPT-VQE"]),
    ("nan", '{"molecules": [{"symbols": ["H", "H"], '
            '"coords": [[0, 0, 0], [0, 0, NaN]]}]}', [], 2, ["nan.json", "NaN"]),
    ("strict", {"molecules": [H2, {"symbols": ["Xx"], "coords": [[0, 0, 0]]}]},
     ["--strict"], 2, ["strict.json", "molecule 1", "Xx"]),
    ("option", {"molecules": [H2]}, ["--optimzer", "BFGS"], 2,
     ["--optimzer", "--optimizer"]),
    ("threads", {"molecules": [H2]}, ["--threads", "0"], 2, ["threads", "0"]),
    ("folder", {"molecules": [H2]}, ["-o", "no/such/folder/r.h5"], 2,
     ["no/such/folder/r.h5"]),
    ("unwritable", {"molecules": [H2]}, ["-o", "/proc/r.h5"], 2, ["/proc/r.h5"]),
    ("foreign", {"molecules": [H2]}, ["-o", "foreign.json"], 2, ["foreign.json"]),
    # one experiment fails, the others are done
    ("element", {"molecules": [H2, {"symbols": ["H", "Xx"],
                                    "coords": [[0, 0, 0], [0, 0, 1]]}]}, [], 1,
     ["molecule 1", "symbols", "Xx"]),
    ("parity", {"molecules": [H2, {**H2, "charge": 1}]}, [], 1,
     ["molecule 1", "multiplicity"]),
    ("coincident", {"molecules": [H2, {**H2, "coords": [[0, 0, 0], [0, 0, 1e-3]]}]},
     [], 1, ["molecule 1", "coords", "bohr"]),
    ("rows", {"molecules": [H2, {**H2, "coords": [[0, 0, 0]]}]}, [], 1,
     ["molecule 1", "coords"]),
    ("memory", {"molecules": [H2, N2], "basis": "6-31g", "ansatz": "EfficientSU2",
                "optimizer": {"name": "L-BFGS-B", "max_evaluations": 3},
                "references": ["hf"]}, [], 1, ["N2", "36 qubits", "MB"]),
]

with harness.Folder() as folder:
    folder.write("scf.json", {"molecules": [H2, STUBBORN],
                              "active_space": {"electrons": 2, "orbitals": 2}})
    folder.run("scf.json", "--seed", 1, "--summary", "scf.sum")
    with open(folder.file("scf.sum"), encoding="utf-8") as stream:
        check([row["status"] for row in json.load(stream)] == ["ok", "ok"],
              "scf: not all molecules converged")
    for name, job, arguments, status, words in CASES:
        folder.write(f"{name}.json", job)
        done = folder.run(f"{name}.json", "--seed", 1, "--summary", f"{name}.sum",
                          *arguments, status=status)
        for word in words:
            check(word in harness.unfolded(done.stderr),
                  f"{name}: no '{word}' in the message\n{done.stderr}")
        lines = [line for line in done.stderr.splitlines() if line]
        check(len(done.stderr) < 1200 * len(lines), f"{name}: endless message")
        check(all(len(line) <= 80 or len(line.split()) == 1 for line in lines),
              f"{name}: lines that do not fit into a window\n{done.stderr}")
        check("Sanitizer" not in done.stderr and "HDF5-DIAG" not in done.stderr,
              f"{name}: {done.stderr}")
        if status == 1:
            with open(folder.file(f"{name}.sum"), encoding="utf-8") as stream:
                summary = json.load(stream)
            check([row["status"] for row in summary] == ["ok", "failed"],
                  f"{name}: {summary}")
            check(summary[1]["reason"], f"{name}: no reason")
            check(os.path.exists(folder.file(f"{name}.h5")), f"{name}: no result")
        else:
            check(not os.path.exists(folder.file(f"{name}.h5")),
                  f"{name}: a result of nothing")
    # a coordinate that is not finite where the format can say so
    folder.write("nan.xyz", "2\n\nH 0 0 0\nH 0 0 nan\n")
    done = folder.run("nan.xyz", status=None)
    check(done.returncode in (1, 2) and "nan.xyz" in done.stderr, done.stderr)
    check(folder.run("missing.json", status=2).stderr.count("missing.json") == 1,
          "a file that is not there")
    check("JOB" in folder.run(status=2).stderr, "no arguments")
    # an old result of another program is left as it is
    with open(folder.file("foreign.json"), encoding="utf-8") as stream:
        check(json.load(stream)["molecules"], "the foreign file is as it was")
    check("Usage" in folder.run("--help").stdout, "help")
print(f"{len(CASES) + 4} bad inputs: a message and the right status")
