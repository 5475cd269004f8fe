#!/usr/bin/env python3
"""Ranks that die with experiments in hand, under an MPI whose launcher then
ends the job: what was in flight is said, by whoever can, the same command goes
on, and an experiment that has its rank die twice is set aside while its
neighbours are not; a stop that is asked for counts against nobody.
"""

import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
import harness  # noqa: E402
from harness import (  # noqa: E402
    check, children_of, journal_bytes, start, unfolded, wait_for
)

harness.h5py_or_skip()

# seconds of work each, in as many lanes
JOB = {
    "molecules": [harness.H2O],
    "seed": [1, 2, 3],
    "init": "random",
    "shots": 100,
    "references": ["hf"],
    "optimizer": {"name": "SPSA", "max_evaluations": 90, "ftol": 0},
}


def state(folder):
    done = folder.run("status", "job.json", "--json", status=None)
    return json.loads(done.stdout)


def kill_rank(process, rank):
    """kill -9 of one rank; the launcher ends the others. What was printed."""
    for pid in children_of(process.pid):
        with open(f"/proc/{pid}/environ", "rb") as stream:
            if f"OMPI_COMM_WORLD_RANK={rank}".encode() in stream.read().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
    text = unfolded(process.communicate(timeout=60)[0])
    check(process.returncode not in (0, 3), f"{process.returncode}\n{text}")
    return text


def begun(folder, output, number):
    """Have so many experiments been journaled as begun? Frames of marks."""
    found = 0
    place = folder.file(output + ".journal")
    for name in os.listdir(place) if os.path.isdir(place) else []:
        with open(os.path.join(place, name), "rb") as stream:
            data = stream.read()
        at = data.find(b"VQEJ\x04\0\0\0")
        while at >= 0:
            found += data[at + 80:at + 84] == b"\x01\0\0\0"
            at = data.find(b"VQEJ\x04\0\0\0", at + 1)
    return found >= number


def check_ranks(folder):
    """Of two ranks one dies: the other says what was in flight there."""
    folder.write("job.json", {**JOB, "output": "two.h5"})
    folder.run("job.json", "--threads", 1, "-o", "whole.h5", "--no-lake", ranks=2)
    words = ["job.json", "--threads", 1, "--lanes", 1, "--no-lake"]
    running = start(folder, 2, *words)
    wait_for(running, lambda: begun(folder, "two.h5", 2), "two to begin")
    time.sleep(0.2)
    text = kill_rank(running, 1)
    check("rank 1 has not stopped yet; in flight there: H2O sto3g UCCSD seed" in text,
          text)
    look = unfolded(folder.run("status", "job.json").stdout)
    check("1 was in flight when the last run died: H2O" in look, look)
    items = state(folder)["experiments"]
    # that of rank 0, which the launcher stopped, is not to blame
    check(sorted(item["deaths"] for item in items) == [0, 0, 1], f"{items}")
    check(sum(item["in_flight"] for item in items) == 1, f"{items}")
    done = folder.run(*words, ranks=2)
    text = unfolded(done.stderr)
    check("the last run died; 1 experiment was in flight: H2O sto3g UCCSD seed" in text
          and "(rank 1, which died)" in text, text)
    check("runs alone on a rank now" in text, text)
    harness.check_same(folder.file("whole.h5"), folder.file("two.h5"),
                       "a rank killed, and resumed")

    # rank 0 can say nothing itself; the next start does
    running = start(folder, 2, *words, "--force")
    wait_for(running, lambda: begun(folder, "two.h5", 2), "two to begin")
    time.sleep(0.2)
    kill_rank(running, 0)
    text = unfolded(folder.run(*words, "--force", ranks=2).stderr)
    check("(rank 0, which died)" in text, text)


def check_set_aside(folder):
    """Three in flight at the first death run alone: the second death is of one."""
    folder.write("job.json", {**JOB, "output": "three.h5"})
    words = ["job.json", "--threads", 1, "--lanes", 3, "--no-lake"]
    running = start(folder, 0, *words)
    wait_for(running, lambda: begun(folder, "three.h5", 3), "three to begin")
    time.sleep(0.2)
    running.kill()
    running.communicate(timeout=60)
    items = state(folder)["experiments"]
    check([item["deaths"] for item in items] == [1, 1, 1], f"{items}")

    running = start(folder, 0, *words)
    wait_for(running, lambda: begun(folder, "three.h5", 4), "one to begin")
    time.sleep(0.5)
    check(not begun(folder, "three.h5", 5), "it runs alone")
    running.kill()
    text = unfolded(running.communicate(timeout=60)[0])
    check("the last run died; 3 experiments were in flight" in text, text)
    deaths = [item["deaths"] for item in state(folder)["experiments"]]
    check(sorted(deaths) == [1, 1, 2], f"{deaths}")

    rows = folder.summary(*words, status=1)
    check(sorted(row["status"] for row in rows) == ["failed", "ok", "ok"], f"{rows}")
    row = rows[deaths.index(2)]
    check(row["status"] == "failed" and "its rank died twice" in row["reason"] and
          "--retry-set-aside" in row["reason"], f"{row}")
    # it stays there, though what else failed would run again
    again = folder.summary(*words, status=1)
    check(all(row["restored"] for row in again), f"{again}")
    look = unfolded(folder.run("status", "job.json", status=None).stdout)
    check("its rank died twice" in look, look)
    rows = folder.summary(*words, "--retry-set-aside")
    check([row["status"] for row in rows] == ["ok"] * 3, f"{rows}")
    harness.check_same(folder.file("whole.h5"), folder.file("three.h5"),
                       "set aside, and run again")


def check_stops(folder):
    """Signals end runs as often as they come, however fast the machine is."""
    optimizer = {**JOB["optimizer"], "max_evaluations": 100000}
    folder.write("job.json", {**JOB, "optimizer": optimizer, "output": "stops.h5"})
    words = ["job.json", "--threads", 1, "--lanes", 3, "--no-lake"]
    # what runs under nohup ignores it, and programs leave that so
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        running = start(folder, 0, *words)
        before = journal_bytes(folder, "stops.h5")
        wait_for(running, lambda: journal_bytes(folder, "stops.h5") > before + 300,
                 "three to begin")
        running.send_signal(number)
        text = running.communicate(timeout=60)[0]
        check(running.returncode == 3, f"{number}: {running.returncode}\n{text}")
        check("died" not in text, text)
    items = state(folder)["experiments"]
    check(not any(item["deaths"] or item["in_flight"] for item in items), f"{items}")


# what the launcher gives the others between SIGTERM and SIGKILL: not a second, in
# which a busy machine may not come to say what is lost
os.environ["OMPI_MCA_odls_base_sigkill_timeout"] = "5"
with harness.Folder() as folder:
    check_ranks(folder)
    check_set_aside(folder)
    check_stops(folder)
print("what was in flight is said, what kills twice is set aside, alone")
