#!/usr/bin/env python3
"""vqe_lake molden: natural orbitals as a Molden file, read back by the words of the
format: the functions' order and norms, the occupations, the orbitals of the result
file; and what has none."""

import os
import subprocess

import harness
from harness import check

harness.h5py_or_skip()
import h5py  # noqa: E402
import numpy as np  # noqa: E402

JOB = {"molecules": [{"name": "NH", "symbols": ["N", "H"], "multiplicity": 3,
                      "coords": [[0, 0, 0], [0.3, 0.4, 0.9]]}],
       "basis": ["cc-pvdz", "6-31g"], "frozen_core": True, "seed": 1,
       "active_space": {"electrons": 4, "orbitals": 4}, "properties": ["rdm1"],
       "output": "r.h5"}
LETTERS = "spdfg"
LAKE = os.path.abspath(os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"))


def sections(text):
    """Lines of each [section], by its first word."""
    found, name = {}, None
    for line in text.splitlines():
        if line.startswith("["):
            name = line.split("]")[0] + "]"
            found[name] = []
        elif line.strip():
            found[name].append(line.split())
    return found


def shells(lines):
    """(l, exponents, coefficients) of each shell, and the atom of each."""
    at, out, atom = 0, [], None
    while at < len(lines):
        if len(lines[at]) == 2 and lines[at][0].isdigit():
            atom = int(lines[at][0])
            at += 1
            continue
        letter, count = lines[at][0], int(lines[at][1])
        rows = np.array([[float(word) for word in line]
                         for line in lines[at + 1:at + 1 + count]])
        out.append((atom, LETTERS.index(letter), rows[:, 0], rows[:, 1]))
        at += 1 + count
    return out


def norm(l, exponents, coefficients):
    """Of a contraction over primitives that are normalised each: overlaps of
    normalised radial parts, (2 sqrt(ab) / (a + b))^(l + 3/2)."""
    a, b = np.meshgrid(exponents, exponents)
    overlaps = (2 * np.sqrt(a * b) / (a + b)) ** (l + 1.5)
    return coefficients @ overlaps @ coefficients


def orbitals(lines):
    columns, occupations, current = [], [], None
    for words in lines:
        if "=" in words[0]:
            if words[0].startswith("Sym"):
                current = []
                columns.append(current)
            if words[0] == "Occup=":
                occupations.append(float(words[1]))
        else:
            check(int(words[0]) == len(current) + 1, "coefficients are numbered")
            current.append(float(words[1]))
    return np.array(columns).T, np.array(occupations)


def to_ours(listed):
    """Row of the file for each of our functions: m from -l to l, p as x, y, z."""
    order, first = [], 0
    for _, l, _, _ in listed:
        place = {0: 0}
        for m in range(1, l + 1):  # 0, +1, -1, +2, -2 ...
            place[m], place[-m] = 2 * m - 1, 2 * m
        ms = range(3) if l == 1 else [place[m] for m in range(-l, l + 1)]
        order += [first + k for k in ms]
        first += 2 * l + 1
    return order


def molden(folder, *words):
    return subprocess.run([LAKE, "molden", *words], capture_output=True, text=True,
                          timeout=60, cwd=folder.path, check=False)


def check_file(folder, row, group):
    name = row["basis"] + ".molden"
    done = molden(folder, "r.h5", row["experiment_id"][:12], "-o", name)
    check(done.returncode == 0, done.stderr)
    with open(folder.file(name), encoding="utf-8") as stream:
        found = sections(stream.read())
    check("[5D]" in found and "[Molden Format]" in found, f"{list(found)}")
    atoms = found["[Atoms]"]
    check([words[0] for words in atoms] == ["N", "H"], f"{atoms}")
    check(abs(float(atoms[1][5]) - 0.9 / 0.529177210903) < 1e-8, f"bohr: {atoms}")
    listed = shells(found["[GTO]"])
    for _, l, exponents, coefficients in listed:
        check(abs(norm(l, exponents, coefficients) - 1) < 1e-10, "norm of a shell")
    columns, occupations = orbitals(found["[MO]"])
    check(columns.shape[0] == sum(2 * l + 1 for _, l, _, _ in listed), "functions")
    check(abs(occupations.sum() - 8) < 1e-8 and occupations[0] == 2.0, f"{occupations}")
    stored = group["properties"]["natural_orbitals"][:]
    check(np.array_equal(columns[to_ours(listed)], stored), "orbitals")


with harness.Folder() as folder:
    folder.write("job.json", JOB)
    rows = folder.summary("job.json")
    check(len(rows) == 2, f"{len(rows)} rows")
    with h5py.File(folder.file("r.h5")) as file:
        for k, row in enumerate(rows):
            check_file(folder, row, file[f"experiments/{k:06d}"])
    several = molden(folder, "r.h5")
    check(several.returncode == 2 and "add the start of an id" in
          harness.unfolded(several.stderr), several.stderr)
    none = molden(folder, "r.h5", "ffff")
    check(none.returncode != 0 and "starts with 'ffff'" in harness.unfolded(none.stderr),
          none.stderr)
    folder.write("bare.json", {**JOB, "properties": ["moments"], "output": "s.h5"})
    folder.summary("bare.json")
    without = molden(folder, "s.h5")
    check(without.returncode != 0 and "--properties rdm1" in
          harness.unfolded(without.stderr), without.stderr)
    # a basis file is that of the run, or nothing is said
    source = os.path.join(harness.ROOT, "src", "chem", "basis", "6-31g.nw")
    with open(source, encoding="utf-8") as stream:
        text = stream.read()
    folder.write("my.nw", text)
    folder.write("file.json", {**JOB, "basis": "my.nw", "output": "t.h5"})
    folder.summary("file.json")
    same = molden(folder, "t.h5")
    check(same.returncode == 0 and "[MO]" in same.stdout, same.stderr)
    folder.write("my.nw", text + "\n# changed\n")
    changed = molden(folder, "t.h5")
    check(changed.returncode == 2 and "not that of the run any more" in
          harness.unfolded(changed.stderr), changed.stderr)
    os.remove(folder.file("my.nw"))
    gone = molden(folder, "t.h5")
    check(gone.returncode == 2 and "the basis file of the run" in
          harness.unfolded(gone.stderr), gone.stderr)
print("molden: ok")
