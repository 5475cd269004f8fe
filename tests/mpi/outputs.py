#!/usr/bin/env python3
"""An output has one run at a time, and no result is lost to another.

VQE_TEST_ROUNDS: how often two runs begin together (14).
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
import harness  # noqa: E402
from harness import check, command, start, unfolded, wait_for  # noqa: E402

h5py = harness.h5py_or_skip()
ROUNDS = int(os.environ.get("VQE_TEST_ROUNDS") or 14)
FAULTS = os.path.join(os.path.dirname(harness.BATCH), "tests", "libfaults.so")


def names(path):
    with h5py.File(path) as file:
        return sorted(name.decode() for name in file["summary"]["name"])


def job(name, seeds, evaluations=4000):
    """Names are no part of an experiment: seeds keep them apart."""
    first = 10 * ord(name[0])
    return {
        "molecules": [{**harness.LIH, "name": name}],
        "ansatz": {"name": "k-UpCCGSD", "reps": 1},
        "optimizer": {"name": "SPSA", "max_evaluations": evaluations, "ftol": 0},
        "seed": list(range(first, first + seeds)),
    }


@contextlib.contextmanager
def preloaded(what):
    """Programs started inside have that fault."""
    os.environ.update(LD_PRELOAD=FAULTS, VQE_FAULTS=what)
    try:
        yield
    finally:
        del os.environ["LD_PRELOAD"], os.environ["VQE_FAULTS"]


def two_at_once(folder, number, ranks):
    """Both are run until they are well: nothing of either is lost."""
    output = f"two-{number}.h5"
    jobs = [("A.json", ["A"] * 2), ("B.json", ["B"] * 3)]
    runs = []
    for name, _ in jobs:
        runs.append(start(folder, ranks, name, "-q", "--no-lake", "--threads", 1,
                          "-o", output))
        time.sleep(0.02 * (number % 4))
    good, refused = [], []
    for (name, own), run in zip(jobs, runs):
        text = unfolded(run.communicate(timeout=120)[0])
        if run.returncode == 0:
            good += own
            continue
        check(run.returncode == 2, f"round {number}: {run.returncode}\n{text}")
        check("is in use by a run of" in text and "process" in text, text)
        refused.append(name)
    check(good, f"round {number}: both are refused")
    check(names(folder.file(output)) == sorted(good), f"round {number}: {good}")
    for name in refused:
        folder.run(name, "-q", "--no-lake", "-o", output, ranks=ranks)
    check(names(folder.file(output)) == ["A"] * 2 + ["B"] * 3, f"round {number}")
    left = [name for name in os.listdir(folder.path)
            if name.startswith(output + ".")]
    check(left == [], f"round {number} leaves {left}")
    return len(refused)


def killed_owner(folder, output):
    """kill -9: the next run goes on at once, from its journal."""
    running = start(folder, 0, "long.json", "-q", "--no-lake", "-o", output)
    wait_for(running, lambda: harness.journal_bytes(folder, output) > 100000,
             "the journal to grow")
    done = folder.run("B.json", "-q", "--no-lake", "-o", output, status=2)
    check(f"process {running.pid}" in unfolded(done.stderr), done.stderr)
    check(harness.journal_bytes(folder, output) > 100000,
          "the journal of the first stays")
    running.kill()
    running.communicate(timeout=60)
    check(os.path.exists(folder.file(output + ".lock")), "the lock is left")
    began = time.monotonic()
    folder.run("B.json", "-q", "--no-lake", "-o", output)
    check(time.monotonic() - began < 20, "it waits for nobody")
    check(names(folder.file(output)) == ["B"] * 3, "after a kill")


def changed_meanwhile(folder):
    """What others put in the place of the result is not lost."""
    folder.run("B.json", "-q", "--no-lake", "-o", "b.h5")
    running = start(folder, 0, "A.json", "-q", "--no-lake", "--threads", 1, "-o",
                    "ab.h5")
    wait_for(running, lambda: harness.journal_bytes(folder, "ab.h5") > 0,
             "a result")
    shutil.copy(folder.file("b.h5"), folder.file("ab.h5"))
    running.communicate(timeout=120)
    check(running.returncode == 0, "a copy of a result is taken in")
    check(names(folder.file("ab.h5")) == ["A"] * 2 + ["B"] * 3, "both")

    running = start(folder, 0, "A.json", "-q", "--no-lake", "--threads", 1, "-o",
                    "own.h5")
    wait_for(running, lambda: harness.journal_bytes(folder, "own.h5") > 0,
             "a result")
    folder.write("own.h5", "my thesis\n")
    text = unfolded(running.communicate(timeout=120)[0])
    check(running.returncode == 1, f"{running.returncode} {text}")
    check("own.h5.journal" in text, text)
    with open(folder.file("own.h5"), encoding="utf-8") as file:
        check(file.read() == "my thesis\n", "a foreign file stays")
    folder.run("A.json", "-q", "--no-lake", "-o", "own.h5", status=2)
    os.unlink(folder.file("own.h5"))
    rows = folder.summary("A.json", "-q", "--no-lake", "-o", "own.h5")
    check(all(row["restored"] for row in rows), "from the journals")


def links(folder):
    """A symbolic link is written through, and locks as its file does."""
    os.makedirs(folder.file("disk"), exist_ok=True)
    os.symlink("disk/real.h5", folder.file("link.h5"))
    folder.run("A.json", "-q", "--no-lake", "-o", "link.h5")
    check(os.path.islink(folder.file("link.h5")), "the link stays")
    check(names(folder.file("disk/real.h5")) == ["A"] * 2, "behind the link")
    running = start(folder, 0, "long.json", "-q", "--no-lake", "-o", "link.h5")
    wait_for(running, lambda: os.path.exists(folder.file("disk/real.h5.lock")),
             "start")
    folder.run("B.json", "-q", "--no-lake", "-o", "disk/real.h5", status=2)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    folder.run("B.json", "-q", "--no-lake", "-o", "link.h5")
    check(os.path.islink(folder.file("link.h5")), "the link stays")
    check(names(folder.file("disk/real.h5")).count("B") == 3, "through it")
    os.symlink("round.h5", folder.file("round.h5"))
    done = folder.run("A.json", "-q", "--no-lake", "-o", "round.h5", status=2)
    check("leads to itself" in unfolded(done.stderr), done.stderr)
    os.symlink("disk/s.json", folder.file("s.json"))
    folder.run("A.json", "-q", "--no-lake", "-o", "link.h5", "--summary", "s.json")
    check(os.path.islink(folder.file("s.json")), "other files as well")
    done = folder.run("A.json", "-q", "--no-lake", "-o", "link.h5", "--summary",
                      "/dev/stdout")
    check('"experiment_id"' in done.stdout, done.stdout)


def hard_links(folder):
    """A file of two names is refused: the new one would have one of them."""
    folder.run("A.json", "-q", "--no-lake", "-o", "first.h5")
    os.link(folder.file("first.h5"), folder.file("second.h5"))
    for output in ("first.h5", "second.h5"):
        done = folder.run("B.json", "-q", "--no-lake", "-o", output, status=2)
        check("hard links" in unfolded(done.stderr) and output in done.stderr,
              done.stderr)
        check(names(folder.file(output)) == ["A"] * 2, output)
    os.unlink(folder.file("second.h5"))
    folder.run("B.json", "-q", "--no-lake", "-o", "first.h5")
    check(names(folder.file("first.h5")).count("B") == 3, "one name again")


def remedies(folder):
    """What is said to help where an output cannot be made."""
    open(folder.file("file"), "w", encoding="utf-8").close()
    open(folder.file("v.h5.journal"), "w", encoding="utf-8").close()
    cases = {"n" * 253: "shorter name", "n" * 245 + ".h5": "shorter name",
             "none/a.h5": "make its folder", "file/a.h5": "a file stands",
             "v.h5": "move that file away", "x.h5": "move it away", "y.h5": "move it away"}
    for output, words in cases.items():
        done = folder.run("A.json", "-q", "--no-lake", "-o", output, status=2)
        check(words in unfolded(done.stderr), f"{output}: {done.stderr}")


def as_nobody(folder, *arguments):
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
         *command(0, arguments)],
        cwd=folder.path, env={**harness.environment(), "TMPDIR": folder.path},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        check=False)
    check(done.returncode == 2, f"{done.returncode} {done.stdout} {done.stderr}")
    return unfolded(done.stderr)


def folders_of_others(folder):
    """A journal or a lock that cannot be opened is an error, not a crash."""
    os.makedirs(folder.file("x.h5.journal"))
    os.makedirs(folder.file("x.h5.journal/run-0000-rank-00000.vqej"))
    done = folder.run("A.json", "-q", "--no-lake", "-o", "x.h5", status=2)
    check("run-0000-rank-00000.vqej" in unfolded(done.stderr), done.stderr)
    os.makedirs(folder.file("y.h5.lock"))
    done = folder.run("A.json", "-q", "--no-lake", "-o", "y.h5", status=2)
    check("y.h5.lock" in unfolded(done.stderr), done.stderr)
    remedies(folder)
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return "without those of another user"
    os.chmod(folder.path, 0o777)
    os.makedirs(folder.file("z.h5.journal"), 0o755)
    text = as_nobody(folder, "A.json", "-q", "--no-lake", "-o", "z.h5")
    check("z.h5.journal" in text and "belongs to root" in text, text)
    os.rmdir(folder.file("z.h5.journal"))
    running = start(folder, 0, "long.json", "-q", "--no-lake", "-o", "z.h5")
    wait_for(running, lambda: os.path.exists(folder.file("z.h5.lock")), "start")
    text = as_nobody(folder, "A.json", "-q", "--no-lake", "-o", "z.h5")
    # whose it is and what to do; the rest of the lock is the owner's to read
    check("belongs to a run of root" in text and "z.h5.lock" in text and
          "name another output" in text, text)
    check(str(running.pid) not in text, text)
    running.kill()
    running.communicate(timeout=60)
    return "and those of another user"


with harness.Folder() as folder:
    folder.write("A.json", job("A", 2))
    folder.write("B.json", job("B", 3))
    folder.write("long.json", job("long", 4, 2000000))
    refusals = sum(two_at_once(folder, k, 0 if k % 2 else 2)
                   for k in range(ROUNDS))
    check(refusals > 0, "no two runs met")
    print(f"{ROUNDS} rounds of two runs on one output: {refusals} refused")
    killed_owner(folder, "killed.h5")
    changed_meanwhile(folder)
    links(folder)
    hard_links(folder)
    print("crashes, changes and links lose nothing;", folders_of_others(folder))
    if not os.path.exists(FAULTS):
        print("without locks: not tested, as there is no", FAULTS)
    else:
        with preloaded("nolock"):
            refusals = sum(two_at_once(folder, 1000 + k, 0 if k % 2 else 2)
                           for k in range(max(2, ROUNDS // 2)))
            check(refusals > 0, "no two runs met")
            killed_owner(folder, "unlocked.h5")
        print(f"the same where no file can be locked: {refusals} refused")
