#!/usr/bin/env python3
"""A run that is killed in the middle is finished by the same command, with
the results of a run that nothing happened to."""

import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
import harness  # noqa: E402
from harness import (  # noqa: E402
    check, children_of, journal_bytes, start, wait_for
)

h5py = harness.h5py_or_skip()

with harness.Folder() as folder:
    # small ones that finish first or last, and long ones to be caught in
    job = {
        "molecules": [harness.H2, harness.LIH, harness.H2O, harness.NH3],
        "optimizer": {"name": "COBYLA", "max_evaluations": 4000},
        "seed": 1,
    }
    folder.write("job.json", job)
    whole = folder.summary("job.json", "--threads", 1, "-o", "whole.h5", ranks=2)

    # three runs killed ever later, on the same output
    for kill in range(3):
        before = journal_bytes(folder, "killed.h5")
        running = start(folder, 2, "job.json", "--threads", 1, "-o", "killed.h5")
        wait_for(running,
                 lambda: journal_bytes(folder, "killed.h5") > before + 200000,
                 "the journal to grow")
        ranks = children_of(running.pid)
        check(len(ranks) == 2, f"ranks {ranks}")
        for pid in ranks:
            os.kill(pid, signal.SIGKILL)
        running.communicate(timeout=60)
        check(running.returncode != 0, "a killed run is no success")
        check(not os.path.exists(folder.file("killed.h5")), "no result yet")
        check(journal_bytes(folder, "killed.h5") > before, "the journal stays")
    again = folder.summary("job.json", "--threads", 1, "-o", "killed.h5", ranks=2)
    check(len(again) == len(whole) == 4, "all experiments")
    harness.check_same(folder.file("whole.h5"), folder.file("killed.h5"),
                       "killed three times and resumed")
    check(not os.path.exists(folder.file("killed.h5.journal")),
          "the journal goes when the result is there")

    # killed with one experiment in hand in each of three lanes
    folder.write("lanes.json", {
        "molecules": [harness.LIH],
        "seed": [1, 2, 3],
        "init": "random",
        "shots": 100,
        "optimizer": {"name": "COBYLA", "max_evaluations": 2000, "ftol": 0},
    })
    lanes = ["lanes.json", "--threads", 1, "--lanes", 3, "-o"]
    folder.run(*lanes, "beside.h5")
    running = start(folder, 0, *lanes, "fallen.h5")
    wait_for(running, lambda: journal_bytes(folder, "fallen.h5") > 300000,
             "the journals of three experiments")
    running.kill()
    running.communicate(timeout=60)
    check(not os.path.exists(folder.file("fallen.h5")), "no result yet")
    folder.run(*lanes[:-2], 1, "-o", "fallen.h5")
    harness.check_same(folder.file("beside.h5"), folder.file("fallen.h5"),
                       "three lanes killed, resumed in one")

    # nobody gave seeds: what was finished or begun with drawn ones is found
    folder.write("drawn.json", {
        "molecules": [harness.LIH],
        "init": "random",
        "shots": 100,
        "optimizer": [{"name": "COBYLA", "max_evaluations": count, "ftol": 0}
                      for count in (20, 20000)],
        "output": "drawn.h5",
    })

    def seeds_by_state():
        done = folder.run("status", "drawn.json", "--json")
        return {row["state"]: row["seed"]
                for row in json.loads(done.stdout)["experiments"]}

    running = start(folder, 0, "drawn.json", "--threads", 1, "--lanes", 2)
    wait_for(running, lambda: seeds_by_state().keys() == {"done", "running"},
             "one to end and one to begin")
    seeds = seeds_by_state()
    running.kill()
    running.communicate(timeout=60)
    check(seeds.keys() == {"done", "running"}, f"{seeds}")
    # which it had begun, with or without evaluations
    left = seeds_by_state()
    check(left.pop("done") == seeds["done"], f"{seeds}, then {left}")
    check(list(left.values()) == [seeds["running"]], f"{seeds}, then {left}")
    rows = folder.summary("drawn.json")
    check([row["seed"] for row in rows] == [seeds["done"], seeds["running"]],
          f"{seeds}, then {rows}")
    check([row["restored"] for row in rows] == [True, False], f"{rows}")
    with h5py.File(folder.file("drawn.h5")) as file:
        check(len(file["settings"]) == 2, "each once")

    # an ansatz that grows is killed while it does
    folder.write("adapt.json", {
        "molecules": [harness.NH3],
        "ansatz": {"name": "ADAPT-VQE", "pool": "QEB"},
        "optimizer": {"name": "L-BFGS-B", "max_evaluations": 4000},
        "seed": 1,
    })
    folder.run("adapt.json", "--threads", 1, "-o", "grown.h5")
    running = start(folder, 0, "adapt.json", "--threads", 1, "-o", "cut.h5")
    wait_for(running, lambda: journal_bytes(folder, "cut.h5") > 100000,
             "the journal to grow")
    running.kill()
    running.communicate(timeout=60)
    folder.run("adapt.json", "--threads", 1, "-o", "cut.h5")
    harness.check_same(folder.file("grown.h5"), folder.file("cut.h5"),
                       "ADAPT-VQE killed and resumed")

    # asked to stop: status 3, then resumed
    running = start(folder, 0, "job.json", "--threads", 1, "--lanes", 4,
                    "-o", "stopped.h5")
    wait_for(running,
             lambda: journal_bytes(folder, "stopped.h5") > 200000,
             "the journal to grow")
    running.send_signal(signal.SIGTERM)
    text = running.communicate(timeout=60)[0]
    check(running.returncode == 3, f"stopped: {running.returncode}\n{text}")
    folder.run("job.json", "--threads", 1, "-o", "stopped.h5", ranks=2)
    harness.check_same(folder.file("whole.h5"), folder.file("stopped.h5"),
                       "stopped and resumed")

    # nothing left to do: results are restored, the file stays as it is
    rerun = folder.summary("job.json", "--threads", 1, "-o", "whole.h5")
    check([row["status"] for row in rerun] == ["ok"] * 4, f"{rerun}")
    check(all(row["restored"] for row in rerun), f"{rerun}")
    check([row["energy"] for row in rerun] == [row["energy"] for row in whole],
          "restored ones keep their energies")
    forced = folder.summary("job.json", "--threads", 1, "-o", "whole.h5", "--force")
    check([row["status"] for row in forced] == ["ok"] * 4, f"{forced}")
    harness.check_same(folder.file("whole.h5"), folder.file("killed.h5"), "forced")
print("killed, stopped, skipped, forced: the same bits")
