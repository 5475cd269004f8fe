#!/usr/bin/env python3
"""Scans: what a chemist asks of a curve in one command, against independent
programs. Geometries by the definitions of bond, angle and torsion, energies by
PySCF's FCI, equilibrium and frequency by a polynomial of NumPy's; the values
of the points in summary, result file and tables; the same on two ranks."""

import json
import math
import os
import re
import signal
import subprocess
import sys
import time

import harness
from harness import check

harness.h5py_or_skip()
import h5py  # noqa: E402
import numpy as np  # noqa: E402

CURVE = os.path.join(harness.ROOT, "tests", "data", "n2_curve.json")
LAKE = os.path.join(os.path.dirname(os.path.abspath(sys.argv[1])), "vqe_lake")
PEROXIDE = {"name": "HOOH", "symbols": ["O", "O", "H", "H"],
            "coords": [[0, 0.734, -0.053], [0, -0.734, -0.053],
                       [0.839, 0.881, 0.421], [-0.839, -0.881, 0.421]]}


def bond(r, i, j):
    return np.linalg.norm(r[j] - r[i])


def angle(r, i, j, k):
    a, b = r[i] - r[j], r[k] - r[j]
    return math.degrees(math.acos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))


def torsion(r, i, j, k, l):
    """Blondel and Karplus, J. Comput. Chem. 17, 1132 (1996), eq. 26."""
    f, g, h = r[i] - r[j], r[j] - r[k], r[l] - r[k]
    a, b = np.cross(f, g), np.cross(h, g)
    return math.degrees(math.atan2(np.cross(b, a) @ g / np.linalg.norm(g), a @ b))


def nitrogen(folder):
    """One command, without a file."""
    done = folder.run("--scan", "N2 0.9:1.5:0.05", "--seed", "1", "-q", "-w", "n2.lake",
                      "--summary", "n2.json")
    text = harness.unfolded(done.stdout)
    with open(folder.file("n2.json"), encoding="utf-8") as stream:
        rows = json.load(stream)
    check([row["scan"] for row in rows]
          == [[round(0.9 + 0.05 * k, 10)] for k in range(13)], f"{rows}")
    check(rows[4]["name"] == "N2 1.1", rows[4]["name"])
    found = re.search(r"Exact energies: equilibrium ([\d.]+) angstrom, (-[\d.]+) hartree, "
                      r"harmonic frequency (?:about )?(\d+) cm-1, ([\d.]+) hartree below its "
                      r"end at 1.5", text)
    check(found is not None, text)
    place, lowest, frequency, depth = map(float, found.groups())
    # no more digits than are right
    off = [0.5 * 10.0 ** -len(digits.split(".")[1]) for digits in
           (found[1], found[2], found[4])]
    # an independent fit, of all points
    x = np.array([row["scan"][0] for row in rows])
    y = np.array([row["energy_fci"] for row in rows])
    fit = np.polynomial.Polynomial.fit(x, y, 9)
    roots = [z.real for z in fit.deriv().roots()
             if abs(z.imag) < 1e-9 and 1.0 < z.real < 1.4]
    check(len(roots) == 1, f"{roots}")
    mass = 14.00307400443 / 2 * 1822.888486209
    wave = 219474.6313632 * math.sqrt(fit.deriv(2)(roots[0]) * 0.529177210903**2 / mass)
    check(len(found[1]) >= 5 and abs(place - roots[0]) < 1.1 * off[0], f"equilibrium {place}, {roots[0]} by NumPy")
    check(abs(lowest - fit(roots[0])) < 1.1 * off[1], f"{lowest} {fit(roots[0])}")
    check(abs(frequency - wave) < 0.01 * wave, f"{frequency} cm-1, {wave} by NumPy")
    check(abs(depth - (y[-1] - fit(roots[0]))) < 1.1 * off[2], f"{depth}")
    answer = subprocess.run(
        [LAKE, "query", "SELECT molecule_label, scan FROM vqe_results ORDER BY scan[1]",
         "-w", folder.file("n2.lake"), "-f", "json"],
        capture_output=True, text=True, check=True).stdout
    tables = json.loads(answer)
    check([row["scan"] for row in tables] == [row["scan"] for row in rows], answer)
    return place, frequency


def curve(folder):
    """The points at which PySCF's FCI of the stretched molecule is kept."""
    with open(CURVE, encoding="utf-8") as stream:
        points = json.load(stream)["points"]
    values = ",".join(str(point["distance"]) for point in points)
    rows = folder.summary("--scan", f"N2 {values}", "--seed", "1", "--no-lake", "-o",
                          "curve.h5")
    worst = max(abs(row["energy_fci"] - point["fci"])
                for row, point in zip(rows, points, strict=True))
    text = harness.unfolded(folder.run("--scan", f"N2 {values}", "--seed", "1", "--no-lake",
                                       "-o", "curve.h5", "-q").stdout)
    check(re.search(r"Exact energies: .*dissociation energy 0\.2\d* hartree \(to [23]", text), text)
    check("points are of another state" in text, text)
    check(worst < 1e-6, f"FCI of the curve differs from PySCF's by {worst}")
    return worst


def moved(folder):
    """Bonds, angles and torsions of four atoms, on two ranks as on one."""
    folder.write("grid.json", {
        "molecules": [PEROXIDE], "seed": 1, "references": ["hf"], "frozen_core": True,
        "optimizer": {"name": "L-BFGS-B", "max_evaluations": 2},
        "scan": [{"bond": [0, 1], "values": [1.3, 1.6]},
                 {"angle": [2, 0, 1], "values": [95.0, 110.0]},
                 {"torsion": [2, 0, 1, 3], "from": -120, "to": 180, "step": 150}]})
    rows = folder.summary("grid.json", "--no-lake", ranks=2)
    check(len(rows) == 12, f"{len(rows)} points")
    with h5py.File(folder.file("grid.h5")) as stored:
        names = [row.decode() for row in stored["settings"]["name"]]
        scans = [json.loads(row) for row in stored["settings"]["scan"]]
    check(scans[5]["curve"] == "HOOH" and scans[5]["at"][1]["angle"] == [2, 0, 1],
          f"{scans[5]}")
    check([row["scan"] for row in rows]
          == [[place["value"] for place in scan["at"]] for scan in scans],
          f"{scans}")
    check(names[5] == "HOOH 1.3 110 180", names[5])
    return rows


def coordinates(folder):
    """The geometries themselves, from the record of each."""
    done = folder.run("grid.json", "--no-lake", "-o", "again.h5", "-q", "--qcschema",
                      "again.json")
    check(done.returncode == 0, done.stdout)
    with open(folder.file("again.json"), encoding="utf-8") as stream:
        results = json.load(stream)
    start = np.array(PEROXIDE["coords"])
    hydrogen = bond(start, 1, 3)
    corner = angle(start, 0, 1, 3)
    seen = set()
    for row, result in zip(folder.summary("grid.json", "--no-lake"), results):
        r = np.array(result["molecule"]["geometry"]).reshape(-1, 3) * 0.52917721092
        wanted = row["scan"]
        found = (bond(r, 0, 1), angle(r, 2, 0, 1), torsion(r, 2, 0, 1, 3))
        check(abs(found[0] - wanted[0]) < 1e-8 and abs(found[1] - wanted[1]) < 1e-6
              and abs(math.remainder(found[2] - wanted[2], 360.0)) < 1e-5,
              f"{found} is not {wanted}")
        # what was not asked for has not moved
        check(abs(bond(r, 1, 3) - hydrogen) < 1e-8 and abs(angle(r, 0, 1, 3) - corner)
              < 1e-6, f"{wanted}: {bond(r, 1, 3)} {angle(r, 0, 1, 3)}")
        seen.add(tuple(wanted))
    check(len(seen) == 12, f"{seen}")


def resumed(folder):
    """More values on the same result: only they run."""
    folder.run("--scan", "H2 0.6,0.7", "--seed", "1", "-o", "h2.h5", "-q", "--no-lake")
    done = folder.run("--scan", "H2 0.6,0.7,0.8", "--seed", "1", "-o", "h2.h5", "-q",
                      "--no-lake")
    check("3 ok (2 restored)" in done.stdout, done.stdout)
    # a point that an earlier run knew as a molecule of a file
    folder.write("old.json", {"molecules": [{**harness.H2, "name": "old",
                                             "coords": [[0, 0, 0], [0, 0, 0.9]]}],
                              "seed": 1})
    folder.run("old.json", "-o", "mixed.h5", "--no-lake")
    rows = folder.summary("--scan", "H2 0.7:1.1:0.1", "--seed", "1", "-o", "mixed.h5",
                          "--no-lake")
    check([row["scan"] for row in rows] == [[0.7], [0.8], [0.9], [1.0], [1.1]]
          and rows[2]["restored"] and rows[2]["name"] == "H2 0.9", f"{rows}")


def followed(folder):
    """A curve without a jump in fewer evaluations, on any number of
    ranks the same; an interrupted one goes on."""
    folder.write("n2.json", {
        "molecules": [{"name": "N2", "symbols": ["N", "N"], "coords": [[0, 0, 0], [0, 0, 1]]}],
        "ansatz": {"name": "ADAPT-VQE", "gradient_norm": 4e-3}, "seed": 1,
        "scan": {"bond": [0, 1], "from": 0.9, "to": 2.5, "step": 0.1}, "warehouse": False})
    alone = folder.summary("n2.json", "-o", "alone.h5")
    rows = folder.summary("n2.json", "--follow", "-o", "follow.h5")
    check(len(rows) == 17 and all(0 <= row["error_mha"] < 1.0 and row["s2"] < 0.01
                                  for row in rows), f"{rows}")
    check(all((row["started_from"] is None) == (k == 0) for k, row in enumerate(rows)),
          f"{[row['started_from'] for row in rows]}")
    ids = [row["experiment_id"] for row in rows]
    check([row["started_from"] for row in rows[1:]] == ids[:-1], f"{ids}")
    check(not set(ids) & {row["experiment_id"] for row in alone}, "ids of other experiments")
    spent = sum(row["n_evaluations"] for row in rows)
    before = sum(row["n_evaluations"] for row in alone)
    check(2 * spent < before, f"{spent} evaluations, {before} without")
    # interrupted in the middle, the same command goes on to the same curve
    process = subprocess.Popen(
        harness.command(0, ["n2.json", "--follow", "-o", "cut.h5", "-t", "1"]),
        cwd=folder.path, env=harness.environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[0]
    finally:
        process.kill()
    check(process.returncode in (0, 3), said)
    again = folder.summary("n2.json", "--follow", "-o", "cut.h5")
    check([row["energy"] for row in again] == [row["energy"] for row in rows],
          "other energies after an interruption")
    # two curves on two ranks, and again: nothing is left to do
    two = ["--basis", "sto-3g,6-31g", "--active-space", "6,6", "--scan", "N2 1.1:1.7:0.1",
           "--seed", "1", "--no-lake", "--follow", "-o", "two.h5"]
    rows = folder.summary(*two, ranks=2)
    check(len(rows) == 14 and sum(row["started_from"] is not None for row in rows) >= 12,
          f"{rows}")
    once = folder.summary(*two[:-1], "one.h5")
    check([row["energy"] for row in once] == [row["energy"] for row in rows], "other energies")
    done = folder.run(*two, "-q")
    check("14 ok (14 restored)" in done.stdout, done.stdout)
    # UCCSD has its jump where nothing is followed, which is said
    text = harness.unfolded(folder.run("--scan", "N2 1.7:2.5:0.2", "--seed", "1", "--no-lake",
                                       "-o", "jump.h5", "-q").stdout)
    check("--follow starts each point from its neighbour" in text, text)
    return spent, before


with harness.Folder() as folder:
    place, frequency = nitrogen(folder)
    worst = curve(folder)
    moved(folder)
    coordinates(folder)
    resumed(folder)
    spent, before = followed(folder)
print(f"N2: {place} angstrom, {frequency:.0f} cm-1, {worst:.1e} hartree from PySCF's FCI; "
      "12 geometries of HOOH by their definitions; "
      f"N2 followed in {spent} evaluations, {before} without")
