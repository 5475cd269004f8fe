#!/usr/bin/env python3
"""vqe_bench on the smallest workloads: its records are whole, and its energies
and gradients are those of tests/data. No time is asserted.

Usage: bench.py [VQE_BATCH]; vqe_bench is looked for beside it.
"""

import json
import math
import os
import subprocess
import sys
import tempfile

import harness

DATA = os.path.join(harness.ROOT, "tests", "data")
NUMBERS = (
    "threads repeats wall_min wall_median cpu_min cpu_median flop bytes "
    "resident_bytes peak_memory_mb"
).split()
EVALUATIONS = [
    f"{kind}/{space}/{name}"
    for kind in ("energy", "gradient", "sigma")
    for space in ("sector", "full")
    for name in ("H2", "H2O")
]
OTHERS = (
    "scf/sto-3g/H2O scf/6-31g/benzene mapping/H2 mapping/H2O vqe/H2 vqe/H2O "
    "startup/default"
).split()


def read(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as stream:
        return json.load(stream)


def run(bench, *words):
    done = subprocess.run(
        [bench, *words],
        stdout=subprocess.PIPE,
        text=True,
        env=harness.environment(),
        check=False,
    )
    assert done.returncode == 0, f"{words}: exit status {done.returncode}"
    return done.stdout


def close(found, wanted, tolerance, what):
    assert abs(found - wanted) <= tolerance, f"{what}: {found}, not {wanted}"


def check_records(records):
    machine = records[0]
    for key in ("hostname", "processor", "time", "version"):
        assert machine[key], key
    assert machine["processors"] >= 1
    by_name = {record["workload"]: record for record in records[1:]}
    for name in EVALUATIONS + OTHERS:
        record = by_name[name]
        assert record["status"] == "ok", record
        for key in NUMBERS:
            assert math.isfinite(record[key]) and record[key] >= 0, (name, key)
        assert record["repeats"] == 1 and record["wall_min"] > 0, name
        assert record["wall_min"] <= record["wall_median"], name
        assert record["peak_memory_mb"] > 1, name
    for name in EVALUATIONS:
        record = by_name[name]
        assert record["flop"] > 0 and record["bytes"] > 0, name
        assert record["roofline_share"] > 0, name
    for name in ("dgemm/1", "dgemm/all", "memory/1", "memory/all", "cache/1"):
        assert by_name["roofline/" + name]["gflops"] > 0, name
    return by_name


def check_energies(records):
    for system in read("circuits.json")["systems"]:
        name = system["molecule"]
        if name not in ("H2", "H2O"):
            continue
        norm = math.sqrt(sum(x * x for x in system["gradient"]))
        for kind in ("energy", "gradient"):
            record = records[f"{kind}/full/{name}"]
            close(record["energy"], system["e_total"], 1e-9, f"{kind} of {name}")
        close(record["gradient_norm"], norm, 1e-7, f"gradient of {name}")
    systems = {s["name"]: s for s in read("energies.json")["systems"]}
    for name in ("H2", "H2O"):
        found = records["vqe/" + name]
        assert found["converged"], name
        # variational, and better than Hartree-Fock; exact for H2
        above = found["energy"] - systems[name]["e_fci"]
        assert -1e-9 < above < (1e-7 if name == "H2" else 1.6e-3), (name, above)
        assert 0 <= found["optimizer_share"] < 1, name
    close(
        records["scf/sto-3g/H2O"]["energy"],
        systems["H2O"]["e_hf"],
        1e-8,
        "Hartree-Fock of H2O",
    )
    # PySCF 2.14.0
    close(
        records["scf/6-31g/benzene"]["energy"],
        -230.623392068,
        1e-7,
        "Hartree-Fock of benzene",
    )
    for name in ("H2", "H2O"):
        assert records["mapping/" + name]["terms"] == systems[name]["n_pauli_terms"]
        close(
            records["mapping/" + name]["one_norm"],
            systems[name]["pauli_one_norm_excl_identity"],
            1e-6,
            f"one-norm of {name}",
        )


def main():
    batch = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else harness.BATCH
    bench = os.path.join(os.path.dirname(batch), "vqe_bench")
    names = run(bench, "--list")
    for name in EVALUATIONS + OTHERS:
        assert name in names, name
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "records.jsonl")
        words = ",".join(EVALUATIONS + OTHERS)
        run(bench, "--filter", words, "--repeats", "1", "--json", path)
        with open(path, encoding="utf-8") as stream:
            records = [json.loads(line) for line in stream]
        check_energies(check_records(records))
        ratios = run(bench, "--compare", path, path).splitlines()
        ratio = next(line for line in ratios if line.startswith("vqe/H2O ")).split()
        assert ratio[1] == ratio[2] and float(ratio[3]) == 1, ratio
        circuits = os.path.join(folder, "circuits")
        run(bench, "--circuits", circuits)
        with open(
            os.path.join(circuits, "EfficientSU2-H2O.json"), encoding="utf-8"
        ) as stream:
            circuit = json.load(stream)
        assert len(circuit["terms"]) == 1086 and len(circuit["parameters"]) == 84
    done = subprocess.run(
        [bench, "--data", "/nowhere", "--filter", "energy/full/H2O", "-r", "1"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "failed: " in done.stdout, done
    print("vqe_bench: records, energies, comparison, export")


if __name__ == "__main__":
    main()
