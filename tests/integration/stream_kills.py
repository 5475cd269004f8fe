#!/usr/bin/env python3
"""Random kills of vqe_lake ingest on a real Kafka and registry: after each the
tables are checked and ingest runs on, until it comes to its end unharmed. The
tables must equal those of an undisturbed run, each key once.

    stream_kills.py [vqe_batch] [--kills N] [--seed S]

prints the seed and what became of each kill. The programs:
stream_services.py. Exit status 77: no Java or package.
Services: kafka.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time

import harness
from harness import check

try:
    from stream_services import (
        LAKE,
        TABLES,
        Services,
        lake,
        publish,
        rows_of,
        settings_of,
    )
except ImportError as lacking:
    print(f"skipped: this Python has no {lacking.name}")
    sys.exit(harness.SKIPPED)

COUNT = 24
KEYS = {
    "molecules": "experiment_id, molecule_id",
    "ansatz_info": "experiment_id, molecule_id",
    "performance_metrics": "experiment_id, molecule_id, basis_set",
    "vqe_results": "experiment_id, molecule_id, basis_set",
    "initial_parameters": "parameter_id",
    "optimal_parameters": "parameter_id",
    "vqe_iterations": "iteration_id",
    "iteration_parameters": "parameter_id",
    "hamiltonian_terms": "term_id",
    "molecular_properties": "property_id",
}


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?")
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    if given.seed is None:
        given.seed = random.SystemRandom().randrange(1 << 31)
    return given


def start(services, folder, *words):
    return subprocess.Popen(
        [LAKE, "ingest", "--topic", "kills", *words],
        cwd=folder.path,
        env=settings_of(services),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def check_keys(services, folder, warehouse):
    for table, key in KEYS.items():
        query = (
            f"SELECT count(*), count(DISTINCT ({key})) FROM {table}"
        )
        words = ("query", query, "-w", warehouse, "--format", "csv")
        rows, keys = lake(services, folder, *words).split()[-1].split(",")
        # has rows of experiments that ask for properties
        filled = rows != "0" or table == "molecular_properties"
        check(rows == keys and filled, f"{table}: {rows} rows, {keys} keys")


def kill_once(services, folder, place, length, draw):
    """Ingest into `place`, killed at random; whether it was, and when."""
    process = start(services, folder, *place)
    moment = draw.uniform(0.0, 1.1 * length)
    try:
        process.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate(timeout=120)
    return process.returncode == -signal.SIGKILL, moment


def finish(services, folder, place):
    process = start(services, folder, *place)
    out, err = process.communicate(timeout=300)
    check(process.returncode == 0, f"after a kill: {process.returncode} {out}{err}")
    return out.strip()


def to_tables(services, folder, given, draw):
    """Kills on the way to tables; a new warehouse once all is in."""
    began = time.monotonic()
    words = ("-w", "whole", "--group", "whole")
    print("undisturbed:", finish(services, folder, words))
    length = time.monotonic() - began
    whole = rows_of(services, folder, "whole")
    killed, lives = 0, 0
    while killed < given.kills:
        lives += 1
        words = ("-w", f"life{lives}", "--group", f"life{lives}")
        for _ in range(draw.randrange(1, 4)):
            hit, moment = kill_once(services, folder, words, length, draw)
            killed += hit
            print(f"tables {lives}: {'killed' if hit else 'ended'}, {moment:.3f} s")
            if not hit:
                break
        print(f"tables {lives}:", finish(services, folder, words))
        check_keys(services, folder, f"life{lives}")
        out = lake(services, folder, "check", f"life{lives}", status=None)
        check(" 0 problems" in out, out)
        held = rows_of(services, folder, f"life{lives}")
        for table in TABLES:
            check(held[table] == whole[table], f"life {lives}: {table} differs")
        # all is behind the committed place
        again = finish(services, folder, words)
        check(again.startswith("0 messages"), again)
    return killed, length


def landed(folder, place):
    """Records below a place, by their keys."""
    found = {}
    for root, _, names in os.walk(folder.file(f"{place}/experiments")):
        for name in names:
            if name.startswith(".vqe-"):
                continue
            with open(os.path.join(root, name), encoding="utf-8") as file:
                found[name] = json.load(file)
    return found


def to_files(services, folder, given, draw):
    words = ("--land", "files", "--format", "json", "--group", "files")
    began = time.monotonic()
    finish(services, folder, words)
    length = time.monotonic() - began
    whole = landed(folder, "files")
    check(len(whole) == 2 * COUNT, f"{len(whole)} files")
    killed, lives = 0, 0
    while killed < max(1, given.kills // 3):
        lives += 1
        place = f"files{lives}"
        words = ("--land", place, "--format", "json", "--group", place)
        hit, moment = kill_once(services, folder, words, length, draw)
        killed += hit
        finish(services, folder, words)
        check(landed(folder, place) == whole, f"files {lives} differ")
        print(f"files {lives}: {'killed' if hit else 'ended'}, {moment:.3f} s")
    return killed


def main():
    given = parse()
    draw = random.Random(given.seed)
    print("seed", given.seed)
    services = Services()
    try:
        with harness.Folder() as folder:
            services(f"kafka_start {folder.file('kafka')}")
            services(f"registry_start {folder.file('registry')}")
            services.topics("--create --topic kills --partitions 3")
            job = {
                "molecules": [harness.H2],
                "ansatz": [{"name": "RealAmplitudes", "reps": 1}],
                "optimizer": [{"name": "COBYLA", "max_evaluations": 20}],
                "seed": list(range(1, COUNT + 1)),
                "output": "job.h5",
            }
            folder.write("job.json", job)
            folder.run("job.json", "--no-lake")
            for _ in range(2):  # each record twice
                publish(services, folder, "topic=kills", folder.file("job.h5"))
            killed, length = to_tables(services, folder, given, draw)
            print(f"{killed} kills on the way to tables ({length:.2f} s a run)")
            killed = to_files(services, folder, given, draw)
            print(f"{killed} kills on the way to files")
            services.stop()
    finally:
        services.stop()
    print(f"passed, seed {given.seed}")


main()
