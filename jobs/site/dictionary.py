#!/usr/bin/env python3
"""Usage: dictionary.py [--check] [PAGE]

Writes the data dictionary, every column of every table, into PAGE
(doc/data-dictionary.md) out of schemas/iceberg; --check says whether it is as it
would be written (exit status 1: no). Meanings and units of what a record holds
are those of src/record/fields.def, which tests/lake/t-staging.c compares.
"""

import json
import os
import re
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PAGE = os.path.join(ROOT, "doc", "data-dictionary.md")
KNOWN = {"start": "start", "step": "step t", "step 10": "step 10", "end": "end"}
HEAD = """\
# Data dictionary

Made by `jobs/site/dictionary.py` out of `schemas/iceberg`; change it there. The same words are the `doc` of each
column in the tables, where PyIceberg, Spark and other readers show them.

- **Known** says when a program that watches a run could know the value: at the start, before the first evaluation; at
  step t, in the row of evaluation t; at step 10; or only at the end. A model that is to predict from the first t steps
  may use what is known at the start and at steps up to t, and nothing else. `fci_energy` is computed before the first
  evaluation where it is asked for; it is what models predict, not what they may use.
- **Null** says when a value is missing; "never" is of records of this program. Every column is optional in Iceberg. A
  number that is not finite is null, whatever the column. "A record of others" is one that another program sent.
- Energies are electronic, without the repulsion of the nuclei, where nothing else is said: [physics](physics.md).
- A table may have columns later that it lacks now, at its end; old rows are null there. Tables that exist keep the
  columns and docs that they have.
"""


def tables():
    """Definitions in the order of src/lake/tables.h."""
    with open(os.path.join(ROOT, "jobs", "cmake", "lake.cmake"), encoding="utf-8") as stream:
        names = re.search(r"set\(tables ([^)]*)\)", stream.read()).group(1).split()
    for name in names:
        with open(os.path.join(ROOT, "schemas", "iceberg", f"{name}.json"),
                  encoding="utf-8") as stream:
            yield json.load(stream)


def row(column, key):
    lacks = [word for word in ("doc", "known") if word not in column]
    if lacks:
        sys.exit(f"schemas/iceberg: column {column['name']} has no {lacks[0]}")
    if column["known"] not in KNOWN:
        sys.exit(f"schemas/iceberg: column {column['name']}: known is "
                 f"{column['known']}; use {', '.join(KNOWN)}")
    name = f"**`{column['name']}`**" if column["name"] in key else f"`{column['name']}`"
    meaning = column["doc"].replace("|", "\\|").replace("<", "\\<")
    words = [name, f"`{column['type']}`", meaning, column.get("unit", ""),
             column.get("null", "never"), KNOWN[column["known"]]]
    return "| " + " | ".join(words).replace("|  |", "| |") + " |\n"


def page():
    text = HEAD
    for table in tables():
        key = table["key"]
        parts = ", ".join(f"`{name}`" for name in table["partition"]) or "none"
        text += (f"\n## {table['name']}\n\n{table['comment']}.\n\n"
                 f"Key (in bold): {', '.join(f'`{name}`' for name in key)}. "
                 f"Partitioned by: {parts}.\n\n"
                 "| column | type | meaning | unit | null | known |\n|---|---|---|---|---|---|\n")
        text += "".join(row(column, key) for column in table["columns"])
    return text


def main():
    words = [word for word in sys.argv[1:] if word != "--check"]
    if len(words) > 1 or words and words[0].startswith("-"):
        sys.exit(__doc__)
    path = words[0] if words else PAGE
    text = page()
    if "--check" in sys.argv[1:]:
        with open(path, encoding="utf-8") as stream:
            if stream.read() != text:
                sys.exit(f"{path} is not what jobs/site/dictionary.py writes out of"
                         " schemas/iceberg; run it")
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


main()
