#!/usr/bin/env python3
"""Several ranks on one molecule: the numbers of one rank, restart, and every
end that one rank of a team can come to without the others."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
import harness  # noqa: E402
from harness import (  # noqa: E402
    check, children_of, journal_bytes, start, wait_for
)

h5py = harness.h5py_or_skip()


def first_and_last(path):
    """First recorded energy, evaluations and best energy by experiment."""
    with h5py.File(path) as file:
        rows = file["summary"][:]
        names = rows.dtype.names
        energy = "energy" if "energy" in names else "minimum"
        found = []
        for key, group in sorted(file["experiments"].items()):
            for name, data in group.items():
                values = data[:]
                if values.dtype.names and "energy" in values.dtype.names:
                    found.append((key, name, values["energy"][0], len(values)))
        return found, sorted(float(row[energy]) for row in rows)


def rank_of(pid):
    with open(f"/proc/{pid}/environ", "rb") as stream:
        for word in stream.read().split(b"\0"):
            if word.startswith(b"OMPI_COMM_WORLD_RANK="):
                return int(word.split(b"=")[1])
    return -1


with harness.Folder() as folder:
    # every ansatz of excitations is split, a circuit runs on the first rank;
    # H2 has fewer strings than a team of four has ranks
    folder.write("job.json", {
        "molecules": [harness.H2, harness.LIH, harness.H2O],
        "ansatz": ["UCCSD", "k-UpCCGSD", "ADAPT-VQE",
                   {"name": "EfficientSU2", "reps": 1}],
        "optimizer": {"name": "L-BFGS-B", "max_evaluations": 12},
        "seed": 3,
    })
    folder.write("open.json", {
        "molecules": [dict(harness.LIH, charge=1, multiplicity=2)], "seed": 1,
        "optimizer": {"name": "L-BFGS-B", "max_evaluations": 12},
    })
    for name, count in (("job", 12), ("open", 1)):
        folder.summary(f"{name}.json", "--threads", 1, "-o", f"{name}-1.h5")
        alone = first_and_last(folder.file(f"{name}-1.h5"))
        check(len(alone[1]) == count, f"{name}: {alone}")
        for ranks, team in ((2, 2), (3, 3), (4, 4), (4, 2)):
            output = f"{name}-{ranks}-{team}.h5"
            summary = folder.summary(
                f"{name}.json", "--threads", 1, "-o", output,
                "--ranks-per-molecule", team, ranks=ranks)
            check(all(row["status"] == "ok" for row in summary), f"{summary}")
            shared = first_and_last(folder.file(output))
            check(len(alone[0]) == len(shared[0]) >= count, f"{name}: {shared}")
            for one, other in zip(alone[0], shared[0]):
                check(one[:2] == other[:2] and abs(one[2] - other[2]) < 1e-10,
                      f"{name}, {ranks} ranks, teams of {team}: {one} {other}")
            for one, other in zip(alone[1], shared[1]):
                check(abs(one - other) < 1e-8, f"{name}: {one} {other}")
        check(not os.path.exists(folder.file(f"{name}-4-2.h5.journal")),
              "journals are left")

    # the job file's own key; what does not divide
    folder.write("key.json", {"molecules": [harness.H2], "seed": 1,
                              "ranks_per_molecule": 2})
    folder.run("key.json", ranks=2)
    done = folder.run("key.json", "--force", ranks=3, status=2)
    check("3 ranks do not divide" in harness.unfolded(done.stderr), done.stderr)
    done = folder.run("key.json", "--force", status=2)
    check("1 ranks do not divide" in harness.unfolded(done.stderr), done.stderr)

    # killed: all of a team, then a rank that keeps no journal
    folder.write("long.json", {
        "molecules": [harness.LIH, harness.NH3],
        "optimizer": {"name": "COBYLA", "max_evaluations": 12000}, "seed": 1,
    })
    words = ("long.json", "--threads", 1, "--ranks-per-molecule", 2)
    whole = folder.summary(*words, "-o", "whole.h5", ranks=2)
    for victims in ((0, 1), (1,)):
        before = journal_bytes(folder, "killed.h5")
        running = start(folder, 2, *words, "-o", "killed.h5")
        wait_for(running,
                 lambda: journal_bytes(folder, "killed.h5") > before + 100000,
                 "the journal to grow")
        for pid in children_of(running.pid):
            if rank_of(pid) in victims:
                os.kill(pid, signal.SIGKILL)
        running.communicate(timeout=60)
        check(running.returncode != 0, "a killed run is no success")
    # asked to stop, on the rank that is not asked for anything else
    before = journal_bytes(folder, "killed.h5")
    running = start(folder, 2, *words, "-o", "killed.h5")
    wait_for(running,
             lambda: journal_bytes(folder, "killed.h5") > before + 100000,
             "the journal to grow")
    for pid in children_of(running.pid):
        if rank_of(pid) == 1:
            os.kill(pid, signal.SIGTERM)
    text = running.communicate(timeout=60)[0]
    check(running.returncode == 3, f"stopped: {running.returncode}\n{text}")
    again = folder.summary(*words, "-o", "killed.h5", ranks=2)
    check(len(again) == len(whole) == 2, "all experiments")
    harness.check_same(folder.file("whole.h5"), folder.file("killed.h5"),
                       "killed twice, stopped and resumed")
print("teams of 2, 3 and 4 ranks: the numbers of one; killed, stopped, resumed")
