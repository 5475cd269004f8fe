#!/usr/bin/env python3
"""Properties of final states, from the command to every file that holds them: the
summary against the result file, closed formulas of H2 in STO-3G, sums that must
hold for any state, and what an FCIDUMP leaves out."""

import json
import math
import os
import sys

import harness
from harness import check

harness.h5py_or_skip()
import h5py  # noqa: E402
import numpy as np  # noqa: E402

SMALL = {"name": "NH2", "symbols": ["N", "H", "H"], "multiplicity": 2,
         "coords": [[0, 0, 0.1], [0, 0.8, -0.5], [0, -0.8, -0.52]]}
DATA = os.path.join(harness.ROOT, "tests", "data")


def hydrogen(row):
    """The state is c |20> - s |02>: all follows from one occupation."""
    found, occupations = row["properties"], row["natural_occupations"]
    weight = occupations[0] / 2
    entropy = -weight * math.log(weight) - (1 - weight) * math.log(1 - weight)
    check(np.allclose(found["orbital_entropies"], [entropy] * 2, atol=1e-10), "entropies")
    check(abs(found["mutual_information"][0][1] - entropy) < 1e-10, "information")
    check(np.allclose(found["rdm1_alpha"], np.diag([weight, 1 - weight]), atol=1e-10), "rdm1")
    check(np.allclose(found["mulliken_charges"], 0, atol=1e-9), "charges")
    check(found["energy_variance"][0] < 1e-12, "variance")
    # two electrons: d_pppp = the occupations, d_pqpq of a pair excitation
    both = np.array(found["rdm2"]).reshape(2, 2, 2, 2)
    check(abs(both[0, 0, 0, 0] - occupations[0]) < 1e-9, "rdm2")
    check(abs(np.einsum("ppqq", both) - 2) < 1e-9, "trace of rdm2")


def radical(row, group):
    """Sums, and the same numbers in both files."""
    found, stored = row["properties"], group["properties"]
    check(set(found) == set(stored), f"{set(found) ^ set(stored)}")
    for name, values in found.items():
        check(np.array_equal(np.array(values), stored[name][:]), name)
    check(stored["dipole"].attrs["units"] == b"e bohr", "units")
    alpha, beta = stored["rdm1_alpha"][:], stored["rdm1_beta"][:]
    check(abs(np.trace(alpha) - 3) < 1e-9 and abs(np.trace(beta) - 2) < 1e-9, "traces")
    for name in ("mulliken", "lowdin"):
        check(abs(stored[name + "_charges"][:].sum()) < 1e-9, name)
        check(abs(stored[name + "_spins"][:].sum() - 1) < 1e-9, name)
    check(abs(np.trace(stored["quadrupole"][:])) < 1e-9, "trace of the quadrupole")
    # natural orbitals and their occupations give the density over functions
    orbitals = stored["natural_orbitals"][:]
    occupations = np.concatenate([[2.0] * (orbitals.shape[1] - len(row["natural_occupations"])),
                                  row["natural_occupations"]])
    density = orbitals * occupations @ orbitals.T
    check(np.allclose(density, stored["rdm1_ao_alpha"][:] + stored["rdm1_ao_beta"][:],
                      atol=1e-9), "natural orbitals")


with harness.Folder() as folder:
    folder.write("job.json", {"molecules": [harness.H2, SMALL], "seed": 1,
                              "optimizer": {"name": "L-BFGS-B", "gtol": 1e-8, "ftol": 1e-15},
                              "output": "r.h5",
                              "properties": ["rdm1", "moments", "charges", "entropies",
                                             "variance", "rdm2"]})
    rows = folder.summary("job.json")
    hydrogen(rows[0])
    folder.write("radical.json", {"molecules": [SMALL], "seed": 1, "output": "s.h5",
                                  "active_space": {"electrons": 5, "orbitals": 4}})
    (row,) = folder.summary("radical.json", "--properties", "true")
    with h5py.File(folder.file("s.h5")) as file:
        radical(row, file["experiments/000000"])
        check(file["results"]["num_properties"][0] == len(row["properties"]), "count")
    check("rdm2" not in row["properties"], "rdm2 unasked")

    # a second run takes what is there, one without properties is another
    (again,) = folder.summary("radical.json", "--properties", "true")
    check(again["restored"] and again["properties"] == row["properties"], "restored")
    (other,) = folder.summary("radical.json", "--output", "t.h5")
    check(other["properties"] is None, "properties that nobody asked for")
    check(other["experiment_id"] != row["experiment_id"], "ids")
    check(abs(other["energy"] - row["energy"]) < 1e-12, "energies")

    # two ranks share a state: the same numbers
    (split,) = folder.summary("radical.json", "--properties", "moments", "--ranks-per-molecule",
                              "2", "--output", "u.h5", ranks=2)
    check(np.allclose(split["properties"]["dipole"], row["properties"]["dipole"], atol=1e-7),
          "a split state")

    # what an FCIDUMP has not is said
    path = os.path.join(DATA, "LiH.fcidump")
    done = folder.run(path, "--properties", "true", "-q", "--output", "v.h5", "--summary",
                      "v.json")
    with open(folder.file("v.json"), encoding="utf-8") as stream:
        (row,) = json.load(stream)
    check("dipole" not in row["properties"] and "rdm1_alpha" in row["properties"], "FCIDUMP")
    check("properties_left_out" in [note["code"] for note in row["notes"]], row["notes"])
    check("properties left out" in harness.unfolded(done.stdout), done.stdout)
print("properties: ok")
