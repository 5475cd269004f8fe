#!/usr/bin/env python3
"""`vqe_lake qasm` takes result files, files of records and ids, and nothing
else; `SHOW TABLES` lists the tables.

VQE_BATCH and VQE_LAKE name the programs.
"""

import csv
import glob
import io
import os
import subprocess

import harness
from harness import check

LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"
)
TABLES = sorted(
    os.path.splitext(os.path.basename(path))[0]
    for path in glob.glob(os.path.join(harness.ROOT, "schemas", "iceberg", "*.json"))
)
JOB = {"molecules": [harness.H2, harness.LIH], "seed": 1, "references": ["hf"]}


def lake(*words, status=0):
    env = {k: v for k, v in os.environ.items() if k != "VQE_WAREHOUSE"}
    done = subprocess.run(
        [LAKE, *words], capture_output=True, text=True, env=env, check=False
    )
    check(done.returncode == status, f"{words}: {done}")
    return done


def rows(place, sql):
    text = lake("query", sql, "-w", place, "--format", "csv").stdout
    return list(csv.reader(io.StringIO(text)))[1:]


def check_circuits(folder, place):
    result = folder.file("job.h5")
    ids = [row[0] for row in rows(place, "SELECT experiment_id FROM vqe_results")]
    for one in ids:
        stored = lake("qasm", one[:12], "-w", place).stdout
        check(stored.startswith("OPENQASM 3.0;"), f"{one}: {stored[:40]}")
        check("pragma" not in stored, f"{one}: a pragma is left")
        check(lake("qasm", result, one[:12]).stdout == stored, f"{one}: the file's")
        bound = lake("qasm", one[:12], "-w", place, "--bind").stdout
        check("input" not in bound and "t0" not in bound, f"{one}: an input is left")
        check(lake("qasm", result, one[:12], "--bind").stdout == bound, f"{one}: bound")
        old = lake("qasm", result, one[:12], "--qasm-version", "2").stdout
        check(old.startswith('OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q['), old[:60])
        check(old.split("\n")[3:] == bound.split("\n")[3:], f"{one}: OpenQASM 2")
        said = lake("qasm", result, one[:12], "--qasm-version", "4", status=2).stderr
        check("2 or 3" in said, said)
    said = harness.unfolded(lake("qasm", result, status=2).stderr)
    check(all(one[:12] in said for one in ids), f"which of two: {said}")
    said = harness.unfolded(lake("qasm", result, "ffffffffffff", status=2).stderr)
    check("no experiment" in said, said)
    folder.run("one.json", "--no-lake")
    text = lake("qasm", folder.file("one.h5")).stdout
    check(text.startswith("OPENQASM 3.0;"), text[:40])
    return text


def check_records(folder, text):
    """The same of a file of a spool; a damaged one is an error."""
    folder.run(
        *["one.json", "--no-lake", "--force", "--kafka", "--brokers"],
        *["127.0.0.1:9", "--registry", "http://127.0.0.1:9", "-q"],
        status=None,
    )
    spooled = glob.glob(folder.file("vqe_spool/*.vqes"))
    check(len(spooled) == 1, f"spooled: {spooled}")
    check(lake("qasm", spooled[0]).stdout == text, "the spool's circuit differs")
    with open(spooled[0], "rb") as stream:
        whole = stream.read()
    with open(spooled[0], "wb") as stream:
        stream.write(whole[: len(whole) // 2])
    done = lake("qasm", spooled[0], status=2)
    check(done.stdout == "" and done.stderr, f"half a record: {done}")


def check_others(folder):
    """Whatever else lies about: nothing on the standard output."""
    with open(folder.file("job.h5"), "rb") as stream:
        whole = stream.read()
    others = {
        "half.h5": whole[: len(whole) // 2],
        "program": b"\x7fELF\x02\x01\x01" + bytes(200),
        "empty": b"",
        "circuit.qasm": b"OPENQASM 3.0;\nqubit[2] q;\n",
        "list.json": b"[1, 2]",
        "object.json": b'{"a": 1}',
    }
    for name, content in others.items():
        with open(folder.file(name), "wb") as stream:
            stream.write(content)
        done = lake("qasm", folder.file(name), status=2)
        check(done.stdout == "", f"{name}: {done.stdout[:60]!r}")
        check(name in done.stderr, f"{name}: {done.stderr}")
    said = harness.unfolded(lake("qasm", folder.file("missing.h5"), status=2).stderr)
    check("neither a file" in said, said)


with harness.Folder() as folder:
    folder.write("job.json", JOB)
    folder.write("one.json", {**JOB, "molecules": [harness.H2]})
    folder.run("job.json")
    place = folder.file("job.warehouse")
    for sql in ("SHOW TABLES", "show tables;"):
        got = sorted(row[0] for row in rows(place, sql))
        check(got == TABLES, f"{sql}: {got}")
    got = rows(place, "SELECT table_name FROM information_schema.tables")
    check(sorted(row[0] for row in got) == TABLES, f"the schema: {got}")
    text = lake("query", "SHOW TABLES", "-w", place).stdout
    check(text.split() == ["name", *TABLES], f"as text: {text}")
    text = check_circuits(folder, place)
    check_records(folder, text)
    check_others(folder)
print("circuits of results, records and ids; every table listed")
