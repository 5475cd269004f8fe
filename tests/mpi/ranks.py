#!/usr/bin/env python3
"""The same results bit for bit at any number of ranks and of lanes, more of
either than experiments among them."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
import harness  # noqa: E402
from harness import check  # noqa: E402

harness.h5py_or_skip()

with harness.Folder() as folder:
    job = {
        "molecules": [harness.H2, harness.LIH, harness.H2O],
        "ansatz": ["UCCSD", {"name": "EfficientSU2", "reps": 1}],
        "optimizer": [
            {"name": "L-BFGS-B", "max_evaluations": 60},
            {"name": "SPSA", "max_evaluations": 20},
        ],
        "seed": 3,
    }
    folder.write("many.json", job)
    folder.write("one.json", {"molecules": [harness.LIH], "seed": 1})
    folder.write(
        "shots.json",
        {"molecules": [harness.H2], "seed": [1, 2, 3], "shots": 100,
         "optimizer": {"name": "COBYLA", "max_evaluations": 15}},
    )
    for name, count in (("many", 12), ("one", 1), ("shots", 3)):
        for ranks in (1, 2, 4):
            summary = folder.summary(
                f"{name}.json", "--threads", 1, "--output", f"{name}-{ranks}.h5",
                ranks=ranks,
            )
            check(len(summary) == count, f"{name}: {len(summary)} experiments")
            check(all(row["status"] == "ok" for row in summary), f"{name}: {summary}")
            harness.check_same(
                folder.file(f"{name}-1.h5"), folder.file(f"{name}-{ranks}.h5"),
                f"{name}.json at 1 and {ranks} ranks",
            )
        # beside each other on threads of one rank, and of two
        for ranks, threads, lanes in ((1, 1, 4), (1, 2, 3), (2, 1, 16), (0, 2, 1)):
            output = f"{name}-{ranks}-{threads}-{lanes}.h5"
            folder.summary(
                f"{name}.json", "--threads", threads, "--lanes", lanes,
                "--output", output, ranks=ranks,
            )
            harness.check_same(
                folder.file(f"{name}-1.h5" if threads == 1 else f"{name}-1-2-3.h5"),
                folder.file(output), f"{name}.json with {lanes} lanes",
            )
    left = [name for name in os.listdir(folder.path) if "journal" in name]
    check(not left, f"journals are left: {left}")
print("1, 2 and 4 ranks, 1 to 16 lanes: the same bits")
