#!/usr/bin/env python3
"""Noise from the command to every file that holds it: strengths as experiments, the
summary against the result file, a calibration, trajectories, shots, restored results."""

import json
import os

import harness
from harness import check

harness.h5py_or_skip()
import h5py  # noqa: E402

CALIBRATION = os.path.join(harness.ROOT, "jobs", "examples", "synthetic_16.json")
MODEL = {"depolarizing": [0.0005, 0.005], "readout": [0.01, 0.02], "strength": [0, 1, 2]}


def value(row, name):
    return row["properties"][name][0]


with harness.Folder() as folder:
    folder.write("job.json", {"molecules": [harness.H2], "seed": 1, "output": "r.h5",
                              "noise": [None, {**MODEL, "postselect": True, "zne": True}]})
    rows = folder.summary("job.json")
    check(len(rows) == 4 and len({row["experiment_id"] for row in rows}) == 4, "experiments")
    plain, none, one, two = rows
    check(plain["noise_energy"] is None and plain["noise_backend"] is None, "no noise")
    check(abs(none["noise_energy"] - plain["energy"]) < 1e-9, "strength 0")
    check(plain["energy"] < one["noise_energy"] < two["noise_energy"], "strengths")
    check(one["noise_backend"] == "depolarizing+readout", one["noise_backend"])
    check(value(two, "noise_fidelity") < value(one, "noise_fidelity") < 1, "fidelity")
    for row in (one, two):
        # what mitigates noise brings the energy nearer
        check(value(row, "noise_zne_energy") < row["noise_energy"], "extrapolation")
        check(value(row, "noise_kept_energy") < row["noise_energy"], "post-selection")
        check(row["noise_error"] == 0, "an error of what is exact")
    with h5py.File(folder.file("r.h5")) as file:
        for k, row in enumerate(rows[1:], 1):
            stored = file[f"experiments/{k:06d}/properties/noise_energy"]
            check(stored[0] == row["noise_energy"], "the file's energy")
            check(stored.attrs["units"] == b"hartree", "units")
            name = file["settings"]["noise_backend"][k]
            check(name == row["noise_backend"].encode(), name)
        text = json.loads(file["settings"]["noise"][2])
        check("strength" not in text and text["readout"] == [0.01, 0.02], text)
    again = folder.summary("job.json")
    check(all(row["restored"] for row in again), "restored")
    check([row["properties"] for row in again] == [row["properties"] for row in rows], "numbers")

    # trajectories, twice, against the density matrix
    folder.write("small.json", {"molecules": [harness.H2], "seed": 1})
    model = {**MODEL, "strength": 1, "method": "trajectories", "trajectories": 400}
    runs = [folder.summary("small.json", "--noise", json.dumps(model), "--output", f"{k}.h5")[0]
            for k in range(2)]
    check(runs[0]["noise_energy"] == runs[1]["noise_energy"], "seeds")
    check(runs[0]["noise_error"] > 0, "an error bar")
    check(abs(runs[0]["noise_energy"] - one["noise_energy"]) < 5 * runs[0]["noise_error"],
          "trajectories")

    # a calibration, whose path an option takes as it is
    (row,) = folder.summary("small.json", "--noise", CALIBRATION, "--output", "c.h5")
    check(row["noise_backend"] == "synthetic_16", row["noise_backend"])
    check(row["energy"] < row["noise_energy"] < row["energy"] + 0.5, row["noise_energy"])

    # shots of the job are those of the machine
    folder.write("shots.json", {"molecules": [harness.H2], "seed": 1, "shots": 2000,
                                "optimizer": {"name": "SPSA", "max_evaluations": 20}})
    (row,) = folder.summary("shots.json", "--noise", '{"readout": 0.01}')
    counts = row["properties"]["noise_counts"]
    check(sum(count for _, count in counts) == 2000, counts)
    check(0 < row["noise_error"] < 0.1, row["noise_error"])

    # a broken file is named
    folder.write("broken.json", {"backend_name": "x"})
    done = folder.run("small.json", "--noise", folder.file("broken.json"), status=None)
    check(done.returncode != 0 and "broken.json" in done.stderr
          and "BackendProperties" in done.stderr, done.stderr)
print("noise: ok")
