#!/usr/bin/env python3
"""Molecule files as other programs and people write them: energies are those
of PySCF 2.14.0 for the molecule that is meant, names are distinct, and what
has no effect is said."""

import json
import os

import harness
from harness import check

try:
    from qcelemental.models import v1 as qcschema, v2 as qcschema2
except ImportError:
    qcschema = qcschema2 = None

INPUTS = os.path.join(harness.ROOT, "tests", "data", "inputs")

# file, HF and FCI (None: not computed), multiplicity's spin S^2, basis
CASES = [
    ("o2_03.xyz", -147.6321669907, -147.7440354336, 2.0),
    ("spaces.xyz", -15.8546361429, -15.8585503905, 0.0),
    ("ext_forces.xyz", -2.8418380464, -2.8514676862, 0.0),
    ("bohr.xyz", -1.1167143251, -1.1372759436, 0.0),
    ("qm9.xyz", -39.7265968614, None, 0.0),
    ("result_v1.json", -1.1267427045, -1.1516790315, 0.0),
    ("result_v2.json", -1.1267427045, -1.1516790315, 0.0),
    ("atomicinput.json", -75.9839744728, None, 0.0),
    ("v2ai.json", -75.9839744728, None, 0.0),
]


def summary(folder, name):
    with open(folder.file(name), encoding="utf-8") as stream:
        return json.load(stream)


# ISYM of CH2's triplet in C2v: exact energies of PySCF with that wfnsym
IRREPS = {2: -38.1484786508, 3: -38.4701901067, 4: -38.0916583517}

with harness.Folder() as folder:
    for isym, exact in IRREPS.items():
        with open(os.path.join(harness.ROOT, "tests", "data",
                               "ch2_triplet.fcidump"),
                  encoding="utf-8") as stream:
            text = stream.read().replace("ISYM=1", f"ISYM={isym}")
        with open(folder.file("irrep.fcidump"), "w",
                  encoding="utf-8") as stream:
            stream.write(text)
        for option in ("--all", "--no-symmetry"):
            folder.run("irrep.fcidump", "--seed", 1, "--no-lake", "--summary",
                       "s.json", "-o", f"i{isym}{option}.h5", option)
            row = summary(folder, "s.json")[0]
            check(abs(row["energy_fci"] - exact) < 1e-8,
                  f"ISYM={isym} {option}: FCI {row}")
            check(0 <= row["error_mha"] < 1, f"ISYM={isym} {option}: {row}")
    for name, hf, fci, s2 in CASES:
        # the reference of a large one, and the energies of a small one
        limit = (["--references", "hf", "--max-evaluations", 1]
                 if fci is None else [])
        done = folder.run(os.path.join(INPUTS, name), "--seed", 1, "--no-lake",
                          "--summary", "s.json", "-o", f"{name}.h5", *limit,
                          status=None)
        check(done.returncode == 0, f"{name}: {done.stderr}")
        row = summary(folder, "s.json")[0]
        check(abs(row["energy_hf"] - hf) < 1e-7, f"{name}: HF {row}")
        if fci is not None:
            check(abs(row["energy_fci"] - fci) < 1e-7, f"{name}: FCI {row}")
            check(abs(row["s2"] - s2) < 1e-3, f"{name}: S^2 {row}")
    done = folder.run(os.path.join(INPUTS, "job_mult.json"), "--seed", 1,
                      status=1)
    for words in ("key 'mult': not known; did you mean 'multiplicity'",
                  "key 'unit': not known; did you mean 'units'"):
        check(words in harness.unfolded(done.stdout), f"job_mult: {done.stdout}")
    # ten files at once, by charge and multiplicity of options
    files = []
    for k in range(10):
        files.append(folder.file(f"m{k}.xyz"))
        folder.write(f"m{k}.xyz", f"2\nsame title\nH 0 0 0\nH 0 0 1.{k}\n")
    done = folder.run(*files, "--charge", 1, "--multiplicity", 2, "--units",
                      "bohr", "--seed", "1-2", "--no-lake", "--summary",
                      "ten.json", status=0)
    rows = summary(folder, "ten.json")
    check([row["name"] for row in rows] ==
          [f"m{k}" for k in range(10) for _ in range(2)], f"names: {rows}")
    check(sorted({row["seed"] for row in rows}) == [1, 2], f"seeds: {rows}")
    check(all(row["n_electrons"] == 1 for row in rows), f"electrons: {rows}")
    check(os.path.exists(folder.file("m0-and-9-more.h5")), "result file")
    check(len({line.split()[0] for line in done.stdout.splitlines()
               if line.startswith("m")} - {"molecule"}) == 10, done.stdout)
    # results as QCSchema, which are inputs again
    folder.write("bad.json", {"molecules": [harness.H2, {**harness.H2, "mult": 1},
                                            {**harness.LIH, "name": "LiH"}]})
    folder.run("bad.json", "--seed", 1, "--frozen-core", "true", "--qcschema",
               "r.json", "--summary", "s.json", status=1)
    results = summary(folder, "r.json")
    rows = summary(folder, "s.json")
    check([r["success"] for r in results] == [True, False, True], f"{results}")
    for result, row in zip(results, rows):
        if qcschema is not None:
            kind = (qcschema.AtomicResult if result["success"]
                    else qcschema.FailedOperation)
            kind(**result)
        check(not result["success"] or result["return_result"] == row["energy"],
              f"qcschema: {result}")
    folder.write("again.json", [results[0], results[2]])
    done = folder.run("again.json", "--seed", 1, "--summary", "a.json", status=0)
    again = summary(folder, "a.json")
    for row, first in zip(again, (rows[0], rows[2])):
        check(abs(row["energy"] - first["energy"]) < 1e-8, f"again: {row}")
    check("not read" not in harness.unfolded(done.stderr), done.stderr)
    # inputs of version 2 bring results of version 2, which are inputs again
    folder.run(os.path.join(INPUTS, "v2ai.json"), "--seed", 1, "--no-lake",
               "--qcschema", "v2.json", "--summary", "s.json", "-o", "v2.h5",
               status=0)
    result = summary(folder, "v2.json")
    row = summary(folder, "s.json")[0]
    check(result["schema_name"] == "qcschema_atomic_result" and
          result["schema_version"] == 2, f"version 2: {result}")
    check(result["return_result"] == row["energy"], f"version 2: {result}")
    if qcschema2 is not None:
        qcschema2.AtomicResult(**result)
    folder.run("v2.json", "--seed", 1, "--no-lake", "--summary", "a.json",
               "-o", "v2a.h5", status=0)
    again = summary(folder, "a.json")[0]
    check(abs(again["energy"] - row["energy"]) < 1e-8, f"again: {again}")
    check(again["basis"] == row["basis"], f"again: {again}")
print(f"{len(CASES)} files of others, and ten at once: the energies that are "
      f"meant; QCSchema out and in{'' if qcschema else ' (no QCElemental here)'}")
