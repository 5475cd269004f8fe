#!/usr/bin/env python3
"""Operators, gates of two qubits and errors of ADAPT-VQE as it grows.

Usage: bench/adapt_curves.py [--program build/release/vqe_batch] [--csv FILE]

Runs LiH, H6 and BeH2 (STO-3G) with every pool, each stopped at 1, 2, 3, 5, ... operators, and prints where each pool is
first within 1.6 mHa of FCI, the goal of arXiv:2407.08696. --csv writes all points. Two minutes of one core.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile

LIMITS = [*range(1, 9), *range(10, 21, 2), 23, 26, *range(30, 51, 5), *range(60, 81, 10), 100, 120, 140, 160, 200]
POOLS = ["GSD", "QEB", "SAGSD", "OVP-CEO", "MVP-CEO", "DVG-CEO"]
ACCURACY = 1.6


def chain(*atoms):
    """Atoms on the z axis: symbols and places in angstrom."""
    return {"symbols": [symbol for symbol, _ in atoms], "coords": [[0, 0, z] for _, z in atoms]}


MOLECULES = {
    "LiH 1.5": chain(("Li", 0), ("H", 1.5)),
    "H6 1.5": chain(*[("H", 1.5 * k) for k in range(6)]),
    "BeH2 1.3": chain(("H", -1.3), ("Be", 0), ("H", 1.3)),
}


def settings():
    """Every ansatz of the job, in its order."""
    return [
        {"name": "ADAPT-VQE", "pool": pool, "tetris": tetris, "max_operators": limit, "gradient_norm": 1e-4}
        for pool in POOLS
        for tetris in (False, True)
        for limit in LIMITS
    ]


def measure(program, folder):
    """A row for each molecule, pool, growth and limit."""
    ansatze = settings()
    job = {
        "molecules": [{"name": name, **molecule} for name, molecule in MOLECULES.items()],
        "basis": "sto-3g",
        "ansatz": ansatze,
        "init": "hf",
        "seed": 1,
    }
    path = os.path.join(folder, "curves.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(job, file)
    summary = os.path.join(folder, "summary.json")
    output = os.path.join(folder, "curves.h5")
    command = [program, path, "--no-lake", "-q", "--output", output, "--summary", summary]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        sys.exit(f"{program} ended with status {done.returncode}; see above")
    with open(summary, encoding="utf-8") as file:
        found = json.load(file)
    wanted = [(name, ansatz) for name in MOLECULES for ansatz in ansatze]
    if len(found) != len(wanted):
        sys.exit(f"{len(found)} experiments in {summary}, expected {len(wanted)}")
    rows = []
    for (name, ansatz), result in zip(wanted, found):
        if result["name"] != name or result["n_parameters"] > ansatz["max_operators"]:
            sys.exit(f"{result['name']} in {summary} is not the experiment of {name}, {ansatz}")
        rows.append(
            {
                "molecule": name,
                "pool": ansatz["pool"],
                "tetris": ansatz["tetris"],
                "operators": result["n_parameters"],
                "two_qubit_gates": int(result["two_qubit_gates"]),
                "two_qubit_depth": int(result["two_qubit_depth"]),
                "error_mha": result["error_mha"],
                "s2": result["s2"],
                "evaluations": result["n_evaluations"],
                "seconds": result["seconds_vqe"],
            }
        )
    return rows


def print_table(rows):
    """The first point of each curve that is accurate, as Markdown."""
    print("| molecule | pool | operators | gates of two qubits | their depth | error, mHa | S^2 | evaluations |")
    print("|---|---|---|---|---|---|---|---|")
    seen = set()
    for row in rows:
        curve = (row["molecule"], row["pool"], row["tetris"])
        if curve in seen or row["error_mha"] > ACCURACY:
            continue
        seen.add(curve)
        pool = row["pool"] + (", tetris" if row["tetris"] else "")
        print(
            f"| {row['molecule']} | {pool} | {row['operators']} | {row['two_qubit_gates']} | {row['two_qubit_depth']} "
            f"| {row['error_mha']:.2f} | {abs(row['s2']):.0e} | {row['evaluations']} |"
        )


def main():
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/release/vqe_batch")
    parser.add_argument("--csv", help="all points, one a line")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(options.program, folder)
    print_table(rows)
    if options.csv:
        with open(options.csv, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
