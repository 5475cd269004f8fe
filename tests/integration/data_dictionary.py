#!/usr/bin/env python3
"""The data dictionary is that of the tables: PyIceberg shows for each column of the
tables of a job what schemas/iceberg says of it, with its unit and when it is known;
what is never null has no null in them; a page or a definition that has drifted is
found. Tables made by a version that wrote no docs get rows as ever, and no new
schema.
"""

import glob
import json
import os
import re
import subprocess
import sys

import harness
from harness import check

try:
    from pyiceberg.table import StaticTable
except ImportError:
    print("skipped: this Python has no pyiceberg")
    sys.exit(harness.SKIPPED)

SCHEMAS = os.path.join(harness.ROOT, "schemas", "iceberg")
SCRIPT = os.path.join(harness.ROOT, "jobs", "site", "dictionary.py")
LAKE = os.path.join(os.path.dirname(harness.BATCH), "vqe_lake")
KNOWN = {"start": "known at the start", "step": "known at step t",
         "step 10": "known at step 10", "end": "known only at the end"}
UNITS = {"hartree/rad", "hartree", "rad", "s", "e", "u", "electrons", "rows", "e bohr"}


def definitions():
    for path in sorted(glob.glob(f"{SCHEMAS}/*.json")):
        with open(path, encoding="utf-8") as stream:
            yield json.load(stream)


def newest(warehouse, name):
    folder = os.path.join(warehouse, "quantum_features", name, "metadata")
    with open(os.path.join(folder, "version-hint.text"), encoding="utf-8") as stream:
        return os.path.join(folder, f"v{stream.read().strip()}.metadata.json")


def check_docs(warehouse):
    count = 0
    for definition in definitions():
        name = definition["name"]
        table = StaticTable.from_metadata(newest(warehouse, name))
        rows = table.scan().to_arrow()
        columns = {column["name"]: column for column in definition["columns"]}
        fields = table.schema().fields
        check([field.name for field in fields] == list(columns), f"{name}: columns")
        for field in fields:
            column = columns[field.name]
            unit = column.get("unit")
            check(unit is None or unit in UNITS, f"{name}.{field.name}: unit {unit}")
            wanted = "; ".join([column["doc"]] + ([unit] if unit else [])
                               + [KNOWN[column["known"]]])
            check(field.doc == wanted, f"{name}.{field.name}: {field.doc!r}, not {wanted!r}")
            nulls = rows.column(field.name).null_count
            check("null" in column or nulls == 0, f"{name}.{field.name}: {nulls} nulls")
            count += 1
        check(name == "processing_metadata" or rows.num_rows > 0, f"{name}: no rows")
    return count


def strip_docs(warehouse):
    """The tables as versions before wrote them."""
    for definition in definitions():
        path = newest(warehouse, definition["name"])
        with open(path, encoding="utf-8") as stream:
            metadata = json.load(stream)
        for schema in metadata["schemas"]:
            for field in schema["fields"]:
                del field["doc"]
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(metadata, stream)


def check_old(folder):
    warehouse = folder.file("h2.warehouse")
    strip_docs(warehouse)
    folder.run("h2.json", "--seed", "3", "--output", "more.h5", "--warehouse",
               "h2.warehouse")
    for definition in definitions():
        name = definition["name"]
        table = StaticTable.from_metadata(newest(warehouse, name))
        check(len(table.schemas()) == 1, f"{name}: {len(table.schemas())} schemas")
        check(all(field.doc is None for field in table.schema().fields),
              f"{name}: docs in a table that had none")
        if name == "vqe_results":
            check(table.scan().to_arrow().num_rows == 3, "rows of both runs")
    done = subprocess.run([LAKE, "check", warehouse], capture_output=True, text=True,
                          timeout=120, check=False)
    check(done.returncode == 0, done.stdout + done.stderr)


def check_drift(folder):
    page = os.path.join(harness.ROOT, "doc", "data-dictionary.md")
    with open(page, encoding="utf-8") as stream:
        text = stream.read()
    folder.write("page.md", re.sub("hartree", "eV", text, count=1))
    for path, status in ((page, 0), (folder.file("page.md"), 1)):
        done = subprocess.run([sys.executable, SCRIPT, "--check", path], timeout=60,
                              capture_output=True, text=True, check=False)
        check(done.returncode == status, f"{path}: {done.returncode} {done.stderr}")


def main():
    with harness.Folder() as folder:
        folder.write("h2.json", {"molecules": [harness.H2], "seed": [1, 2],
                                 "properties": True,
                                 "ansatz": {"name": "EfficientSU2", "reps": 1}})
        check_drift(folder)
        folder.run("h2.json")
        count = check_docs(folder.file("h2.warehouse"))
        check(count > 200, f"{count} columns")
        check_old(folder)
    print(f"{count} columns have their doc; tables without docs go on")


main()
