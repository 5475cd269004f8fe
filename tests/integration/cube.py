#!/usr/bin/env python3
"""vqe_lake cube: orbitals and densities on a grid are those of PySCF's cubegen
(tests/data/cube.json), integrate to electrons, and are bounded; what has none."""

import json
import os
import subprocess

import harness
from harness import check

harness.h5py_or_skip()
import h5py  # noqa: E402
import numpy as np  # noqa: E402

DATA = os.path.join(harness.ROOT, "tests", "data", "cube.json")
LAKE = os.path.abspath(
    os.environ.get("VQE_LAKE") or os.path.join(os.path.dirname(harness.BATCH), "vqe_lake")
)


def cube(folder, *words, status=0):
    done = subprocess.run(
        [LAKE, "cube", *map(str, words)], capture_output=True, text=True, timeout=120,
        cwd=folder.path, check=False,
    )  # fmt: skip
    check(done.returncode == status, f"{words}: {done.returncode} {done.stderr}")
    return done.stdout if status == 0 else harness.unfolded(done.stderr)


def read(text):
    """Titles, corner, counts, steps, atoms and values, by the words of the format."""
    lines = text.splitlines()
    natom, *corner = lines[2].split()
    counts, steps = [], []
    for line in lines[3:6]:
        count, *step = line.split()
        counts.append(int(count))
        steps.append([float(x) for x in step])
    natom = int(natom)
    atoms = [[float(x) for x in line.split()] for line in lines[6:6 + natom]]
    values = np.array([float(x) for line in lines[6 + natom:] for x in line.split()])
    check(values.size == np.prod(counts), f"{values.size} values of {counts}")
    check(all(len(line.split()) <= 6 for line in lines[6 + natom:]), "six in a line")
    return lines[:2], np.array([float(x) for x in corner]), counts, np.array(steps), atoms, values


def with_peer(folder):
    """Two electrons and a frozen core: UCCSD is exact."""
    with open(DATA, encoding="utf-8") as stream:
        peer = json.load(stream)
    worst = 0.0
    for which, wanted in peer["states"].items():
        multiplicity, basis = which.split()
        name = f"lih{multiplicity}{basis[0]}"
        folder.write(name + ".json", {
            "molecules": [{"name": name, "symbols": ["Li", "H"],
                           "coords": [[0, 0, 0], [0, 0, peer["length"]]],
                           "multiplicity": int(multiplicity)}],
            "basis": basis, "frozen_core": True, "properties": ["rdm1"], "seed": 1,
            "optimizer": {"name": "L-BFGS-B", "gtol": 1e-9, "ftol": 1e-15}})  # fmt: skip
        row = folder.summary(name + ".json", "--no-lake")[0]
        check(abs(row["energy"] - wanted["energy"]) < 1e-8,
              f"{row['energy']} is not PySCF's {wanted['energy']}")
        for words, key in ((["--density"], "density"),
                           (["--spin-density"], "spin_density"),
                           (["--orbital", 2], "orbital_2")):  # fmt: skip
            if multiplicity == "3" and key == "orbital_2":
                continue  # of the triplet two have the occupation 1
            text = cube(folder, name + ".h5", *words, "--spacing", peer["spacing"],
                        "--margin", peer["margin"])  # fmt: skip
            titles, corner, counts, steps, atoms, values = read(text)
            check(titles[0] == name and "bohr" in titles[1], f"{titles}")
            check(counts == wanted["counts"], f"{counts} {wanted['counts']}")
            check(np.abs(corner - wanted["corner"]).max() < 1e-7, f"{corner}")
            check(np.array_equal(steps, peer["spacing"] * np.eye(3)), f"{steps}")
            check([atom[0] for atom in atoms] == [3, 1], f"{atoms}")
            found = values[::peer["every"]]
            listed = np.array(wanted[key])
            if key == "orbital_2":
                occupation = float(titles[1].split("occupation ")[1].split(",")[0])
                check(abs(occupation - wanted["occupation_2"]) < 2e-6, titles[1])
                found = found * np.sign(found @ listed)
            check(np.abs(listed).max() > (0.0 if (multiplicity, key) == ("1", "spin_density")
                                          else 0.01) - 1e-12, "values to compare with")
            worst = max(worst, np.abs(found - listed).max())
    check(worst < 1e-6, f"values differ from PySCF's by {worst}")
    return worst


def integrals(folder):
    """The sum over a fine grid is the number of electrons, of alpha less beta
    ones, and the norm of an orbital: H2+ and triplet H2, without the cusps of
    heavy atoms."""
    folder.write("h2.json", {
        "molecules": [{"name": "ion", "symbols": ["H", "H"], "charge": 1, "multiplicity": 2,
                       "coords": [[0, 0, 0], [0.3, 0.5, 0.8]]},
                      {"name": "triplet", "symbols": ["H", "H"], "multiplicity": 3,
                       "coords": [[0, 0, 0], [0.3, 0.5, 0.8]]}],
        "basis": "6-31g(d)", "properties": ["rdm1"], "seed": 1})  # fmt: skip
    rows = folder.summary("h2.json", "--no-lake")
    within = 2e-4
    for row, electrons, spins in zip(rows, (1, 2), (1, 2), strict=True):
        name = row["name"]
        for words, whole in ((["--density"], electrons), (["--spin-density"], spins)):
            _, _, _, steps, _, values = read(
                cube(folder, "h2.h5", row["experiment_id"][:12], *words, "--margin", 8))
            total = values.sum() * steps[0, 0] ** 3
            check(abs(total - whole) < within, f"{name} {words}: {total} of {whole}")
        _, _, _, steps, _, values = read(cube(
            folder, "h2.h5", row["experiment_id"], "--orbital", 1, "--margin", 8))
        norm = (values**2).sum() * steps[0, 0] ** 3
        check(abs(norm - 1) < within, f"{name}: norm {norm}")


def refused(folder):
    """Sizes, numbers and results that have none."""
    for words, said in (
        ([], "say one of --orbital N, --density and --spin-density"),
        (["--density", "--orbital", 1], "say one of"),
        (["--orbital", 99], "has natural orbitals 1 to 19"),
        (["--density", "--spacing", 0.001], "more than 8000000 points"),
        (["--density", "--spacing", 0], "--spacing: '0' is not a length"),
        (["--density", "--spacing", "nan"], "is not a length"),
        (["--density", "--margin", "-1"], "--margin: '-1' is not a length"),
        (["--density", "--margin", "2x"], "is not a length"),
        (["--density", "--margin", 1000, "--spacing", 0.1], "a larger --spacing"),
    ):
        message = cube(folder, "lih1c.h5", *words, status=2)
        check(said in message, f"{words}: {message}")
    check("starts with 'ffff'" in cube(folder, "lih1c.h5", "ffff", "--density", status=2),
          "an id that is not there")  # fmt: skip
    folder.write("bare.json", {"molecules": [harness.H2], "seed": 1})
    folder.summary("bare.json", "--no-lake")
    check("holds no densities: run it with --properties rdm1"
          in cube(folder, "bare.h5", "--density", status=2), "without densities")  # fmt: skip
    with h5py.File(folder.file("lih1c.h5"), "r+") as file:
        group = file["experiments/000000/properties"]
        beta = group["rdm1_ao_beta"][:]
        del group["rdm1_ao_beta"]
        group["rdm1_ao_beta"] = beta[:3, :3]
    done = subprocess.run([LAKE, "cube", "lih1c.h5", "--density"], capture_output=True, text=True,
                          cwd=folder.path, check=False)  # fmt: skip
    check(done.returncode in (1, 2) and "Traceback" not in done.stderr, "a damaged file")


with harness.Folder() as folder:
    worst = with_peer(folder)
    integrals(folder)
    refused(folder)
print(f"cube: largest difference from PySCF's cubegen {worst:.1e}; sums are electrons")
