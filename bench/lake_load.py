#!/usr/bin/env python3
"""Time and memory of the lake under a synthetic load.

Usage: bench/lake_load.py [EXPERIMENTS ITERATIONS PARAMETERS] [options]

Writes raw results as Avro container files, as Kafka Connect leaves them, then
runs `vqe_lake normalize` and `featurize` on them and once more, when there is
nothing to add. Prints for each run wall and CPU seconds, peak memory, peak
scratch space and where the time went; then checks the row counts. With
--result FILE an HDF5 result of vqe_batch takes the place of the synthetic one.
With --spark the programs of jobs/spark do the same beside it, and every column
of the two warehouses is compared by a hash of its values.

Needs fastavro. VQE_LAKE names the program (build/release/vqe_lake). The folder
needs about four times the size of the raw results: 400 MB for 2000 x 500 x 50.
"""

import argparse
import hashlib
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    ROOT, "build", "release", "vqe_lake"
)
SCHEMA = os.path.join(ROOT, "schemas", "avro", "experiment.vqe.avsc")
TERMS = 100
TABLES = (
    "molecules",
    "ansatz_info",
    "performance_metrics",
    "vqe_results",
    "initial_parameters",
    "optimal_parameters",
    "vqe_iterations",
    "iteration_parameters",
    "hamiltonian_terms",
    "molecular_properties",
    "ml_iteration_features",
    "ml_run_summary",
)
MB = 1 << 20


def record(k, iterations, parameters, chance):
    """Experiment k: parameters wander, the energy falls towards -1.9."""
    theta = [chance.gauss(0, 0.5) for _ in range(parameters)]
    initial = list(theta)
    steps = []
    least = math.inf
    energy = None
    for n in range(1, iterations + 1):
        before = energy
        energy = -1.9 + math.exp(-n / 80) * (0.8 + 0.1 * chance.random())
        moved = None
        if n > 1:
            moved = 1 / n
            size = moved / math.sqrt(parameters)
            theta = [t + chance.choice((-size, size)) for t in theta]
        least = min(least, energy)
        steps.append(
            {
                "iteration": n,
                "parameters": theta,
                "result": energy,
                "std": 0.0,
                "energy_delta": None if before is None else energy - before,
                "parameter_delta_norm": moved,
                "cumulative_min_energy": least,
            }
        )
    return {
        "vqe_result": {
            "initial_data": {
                "backend": ("vqe_cpu_sector", "vqe_cuda_sector")[k % 2],
                "num_qubits": 12,
                "hamiltonian": [
                    {
                        "label": "".join(chance.choices("IXYZ", k=12)),
                        "coefficients": {
                            "real": chance.gauss(0, 0.1),
                            "imaginary": 0.0,
                        },
                    }
                    for _ in range(TERMS)
                ],
                "num_parameters": parameters,
                "initial_parameters": initial,
                "optimizer": "COBYLA",
                "ansatz": "OPENQASM 3.0;\n" + "h q[0];\n" * 200,
                "noise_backend": "undef",
                "default_shots": None,
                "ansatz_reps": 2,
                "init_strategy": "hf",
                "seed": k,
                "ansatz_name": "EfficientSU2",
                "exact_estimator": True,
            },
            "iteration_list": steps,
            "minimum": least,
            "optimal_parameters": theta,
            "minimization_time": 1.5,
            "nuclear_repulsion_energy": 0.7,
            "success": True,
            "nfev": iterations,
            "nit": iterations,
        },
        "molecule": {
            "molecule_data": {
                "symbols": ["H", "H"],
                "coords": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.7 + k * 1e-4]],
                "multiplicity": 1,
                "charge": 0,
                "units": "angstrom",
                "masses": None,
            }
        },
        "basis_set": ("sto3g", "6-31g", "cc-pvdz")[k % 3],
        "hamiltonian_time": 0.1,
        "mapping_time": 0.2,
        "vqe_time": 1.5,
        "total_time": 1.9,
        "molecule_id": k,
        "experiment_id": hashlib.sha256(b"%d" % k).hexdigest(),
    }


def write_raw(folder, arguments):
    import fastavro

    with open(SCHEMA, encoding="utf-8") as stream:
        schema = fastavro.parse_schema(json.load(stream))
    topic = os.path.join(folder, "experiments", "experiment.vqe", "partition=0")
    os.makedirs(topic)
    chance = random.Random(1)
    for first in range(0, arguments.experiments, arguments.batch):
        last = min(first + arguments.batch, arguments.experiments)
        name = os.path.join(topic, f"experiment.vqe+0+{first:010d}.avro")
        with open(name, "wb") as stream:
            fastavro.writer(
                stream,
                schema,
                (
                    record(k, arguments.iterations, arguments.parameters, chance)
                    for k in range(first, last)
                ),
                codec="null",
            )


def size_of(folder):
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(where, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


def measure(words, scratch):
    """Run a program; wall, CPU, peak memory, peak of scratch space."""
    most = 0
    ended = threading.Event()

    def watch():
        nonlocal most
        while not ended.wait(0.5):
            most = max(most, size_of(scratch))

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    ended.set()
    watcher.join()
    if process.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit status {process.returncode}")
    print(
        f"{words[1]:12} {wall:9.2f} {usage.ru_utime + usage.ru_stime:9.2f} "
        f"{usage.ru_maxrss / 1024:9.0f} {most / MB:9.0f}  "
        f"{said.splitlines()[0] if said else ''}",
        flush=True,
    )
    for line in said.splitlines():
        if line.startswith("  time:"):
            print(line, flush=True)


def check_counts(warehouse, arguments):
    runs, iterations, parameters = (
        arguments.experiments,
        arguments.iterations,
        arguments.parameters,
    )
    wanted = {
        "molecules": runs,
        "vqe_results": runs,
        "initial_parameters": runs * parameters,
        "vqe_iterations": runs * iterations,
        "iteration_parameters": runs * iterations * parameters,
        "hamiltonian_terms": runs * TERMS,
        "ml_iteration_features": runs * iterations,
        "ml_run_summary": runs,
    }
    sql = " UNION ALL ".join(
        f"SELECT '{name}' AS name, count(*) AS n FROM {name}" for name in wanted
    )
    found = {row["name"]: row["n"] for row in ask(warehouse, sql)}
    if found != wanted:
        sys.exit(f"row counts are {found}, not {wanted}")


def fingerprints(warehouse):
    """Rows of each table, and for each column the sum of the hashes of its
    values: equal where the columns are, whatever the order of rows. Means and
    sums of doubles are rounded, as engines add in other orders."""
    found = {}
    for table in TABLES:
        columns = ask(warehouse, f"DESCRIBE SELECT * FROM {table}")
        words = ["count(*)::VARCHAR AS count"]
        for column in columns:
            name = column["column_name"]
            value = f'"{name}"'
            if name.startswith("processing_"):
                continue  # when and by which run
            if table.startswith("ml_") and column["column_type"] == "DOUBLE":
                # nine digits
                value = f"printf('%.8e', {value})"
            words.append(f'sum(hash({value}))::VARCHAR AS "{name}"')
        found[table] = ask(warehouse, f"SELECT {', '.join(words)} FROM {table}")[0]
    return found


def ask(warehouse, sql):
    said = subprocess.run(
        [LAKE, "query", sql, "-w", warehouse, "-f", "json"],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return json.loads(said)


def values_of(warehouse, table, column):
    """Of a table of features, in the order of its keys."""
    keys = "experiment_id"
    if table == "ml_iteration_features":
        keys += ", iteration_step"
    rows = subprocess.Popen(
        [
            LAKE,
            "query",
            f'SELECT "{column}" FROM {table} ORDER BY {keys}',
            "-w",
            warehouse,
            "-f",
            "csv",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    next(rows.stdout)
    yield from rows.stdout
    if rows.wait() != 0:
        sys.exit(f"{table}.{column} cannot be read")


def rounded_apart(ours, theirs, table, column):
    """Values that two engines compute, and that differ in the digits compared:
    how many, and the largest difference. A value beside the border of two
    roundings differs there by its last digit already."""
    count = 0
    most = 0.0
    for one, other in zip(
        values_of(ours, table, column), values_of(theirs, table, column), strict=True
    ):
        if one == other:
            continue
        difference = abs(float(one) - float(other))
        if not difference <= 1e-12 * max(1.0, abs(float(one))):
            sys.exit(f"{table}.{column} differs: {one.strip()} and {other.strip()}")
        count += 1
        most = max(most, difference)
    print(
        f"{table}.{column}: {count} values in other last digits, by {most:.1e} at most"
    )


def compare(ours, theirs):
    first, second = fingerprints(ours), fingerprints(theirs)
    columns = 0
    for table in TABLES:
        for name, value in first[table].items():
            columns += 1
            other = second[table].get(name)
            if other == value:
                continue
            if other is None or not table.startswith("ml_") or name == "count":
                sys.exit(f"{table}.{name} differs: {value} and {other}")
            rounded_apart(ours, theirs, table, name)
    rows = sum(int(first[table]["count"]) for table in TABLES)
    print(f"{rows} rows in {len(TABLES)} tables, {columns} columns and counts: equal")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("experiments", nargs="?", type=int, default=2000)
    parser.add_argument("iterations", nargs="?", type=int, default=500)
    parser.add_argument("parameters", nargs="?", type=int, default=50)
    parser.add_argument("--batch", type=int, default=20, help="records a file")
    parser.add_argument("--folder", help="where to work; temporary when not given")
    parser.add_argument("--result", help="HDF5 result of vqe_batch to take instead")
    parser.add_argument("--warehouse", help="s3://bucket/prefix instead of a folder")
    parser.add_argument("--memory", default="1024", help="MB, of vqe_lake")
    parser.add_argument("--spark", action="store_true", help="Spark too")
    parser.add_argument("--keep", action="store_true", help="leave the files")
    arguments = parser.parse_args()

    folder = tempfile.mkdtemp(prefix="vqe-load-", dir=arguments.folder)
    source = arguments.result
    try:
        if source is None:
            source = os.path.join(folder, "raw")
            start = time.monotonic()
            write_raw(source, arguments)
            print(
                f"raw results: {size_of(source) / MB:.0f} MB, written in "
                f"{time.monotonic() - start:.0f} s",
                flush=True,
            )
        warehouse = arguments.warehouse or os.path.join(folder, "warehouse")
        scratch = os.path.join(folder, "scratch")
        os.mkdir(scratch)
        options = ["-w", warehouse, "--memory", arguments.memory]
        options += ["--scratch", scratch]
        print(f"{'':12} {'wall s':>9} {'CPU s':>9} {'memory MB':>9} {'scratch':>9}")
        for _ in range(2):
            measure([LAKE, "normalize", source, *options], scratch)
            measure([LAKE, "featurize", *options], scratch)
        if arguments.warehouse is None:
            print(f"tables: {size_of(warehouse) / MB:.0f} MB")
        if arguments.result is None:
            check_counts(warehouse, arguments)
        if arguments.spark:
            other = os.path.join(folder, "spark")
            submit = os.path.join(ROOT, "jobs", "spark", "submit.sh")
            for _ in range(2):
                words = ["--raw", source, "--warehouse", other]
                measure([submit, "normalize.py", *words], scratch)
                measure([submit, "featurize.py", "--warehouse", other], scratch)
            compare(warehouse, other)
    finally:
        if arguments.keep:
            print("left:", folder)
        else:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
