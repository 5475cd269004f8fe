#!/usr/bin/env python3
"""kill -9 at random times: of rank 0 and of another rank of a job, and of
normalize, compact and expire. The same command run again comes to what an
undisturbed run comes to: the same results, each key once, sound tables.

  kills.py [PROGRAM] [--kills N] [--seed S]

VQE_TEST_KILLS  how many (10). Kill number k draws its scene's time by seed
                S + k, which is printed for one that goes wrong.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import time

import harness
from harness import check

h5py = harness.h5py_or_skip()
import crash_tables  # noqa: E402
from crash_tables import LAKE  # noqa: E402


def job(seed):
    return {
        "molecules": [harness.H2, harness.LIH],
        "ansatz": [{"name": "RealAmplitudes", "reps": 1}, "UCCSD"],
        "optimizer": {"name": "COBYLA", "max_evaluations": 1500, "ftol": 0},
        "references": ["hf", "fci"],
        "seed": [seed, seed + 1],
    }


def start(words, folder):
    return subprocess.Popen(words, cwd=folder,
                            env={**harness.environment(), "TMPDIR": folder},
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def finish(words, folder, text):
    process = start(words, folder)
    out = process.communicate(timeout=300)[0]
    check(process.returncode == 0, f"{text}: {process.returncode}\n{out}")


def rank_of(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            for entry in stream.read().split(b"\0"):
                if entry.startswith(b"OMPI_COMM_WORLD_RANK="):
                    return int(entry.split(b"=")[1])
    except OSError:
        pass
    return None


class Ranks:
    """One rank of two; the launcher ends the other."""

    def __init__(self, rank):
        self.name = f"rank {rank}"
        self.rank = rank
        self.words = harness.command(2, ["job.json", "-q", "--threads", "1", "-o",
                                         "out.h5", "--warehouse", "tables"])

    def prepare(self, base, folder):
        shutil.copy(f"{base}/job.json", folder)

    def kill(self, process):
        for pid in harness.children_of(process.pid):
            if rank_of(pid) == self.rank:
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def compare(self, base, folder, text):
        harness.check_same(f"{base}/out.h5", f"{folder}/out.h5", text)
        mine = crash_tables.rows_of(f"{folder}/tables", False)
        wanted = crash_tables.rows_of(f"{base}/first.tables", False)
        check(mine == wanted, f"{text}: {mine}\nnot {wanted}")
        crash_tables.check_sound(f"{folder}/tables", text)


class Lake:
    """A command on tables that are made from the same results."""

    def __init__(self, name, words, before, after):
        self.name = name
        self.words = [LAKE, *words, "-t", "1"]
        self.before = before
        self.after = after

    def prepare(self, base, folder):
        shutil.copy(f"{base}/out.h5", folder)
        shutil.copy(f"{base}/other.h5", folder)
        if self.before is not None:
            finish([LAKE, "relocate", f"{base}/{self.before}", "tables"], folder,
                   "a copy")

    def kill(self, process):
        process.kill()
        return True

    def compare(self, base, folder, text):
        mine = crash_tables.rows_of(f"{folder}/tables")
        wanted = crash_tables.rows_of(f"{base}/{self.after}")
        check(mine == wanted, f"{text}: {mine}\nnot {wanted}")
        crash_tables.check_sound(f"{folder}/tables", text)


SCENES = [
    Ranks(0),
    Ranks(1),
    Lake("normalize", ["normalize", "other.h5", "-w", "tables"], "first.tables",
         "both.tables"),
    Lake("compact", ["compact", "tables"], "both.tables", "both.tables"),
    Lake("expire", ["expire", "tables", "--older-than", "2099-01-01"],
         "compact.tables", "both.tables"),
]


def make_base(folder):
    base = folder.path
    folder.write("job.json", job(1))
    folder.write("other.json", job(11))
    folder.run("job.json", "-q", "--no-lake", "-o", "out.h5", ranks=2)
    folder.run("other.json", "-q", "--no-lake", "-o", "other.h5", ranks=2)
    for words in (["normalize", "out.h5", "-w", "first.tables"],
                  ["featurize", "first.tables"],
                  ["relocate", "first.tables", "both.tables"],
                  ["normalize", "other.h5", "-w", "both.tables"],
                  ["relocate", "both.tables", "compact.tables"],
                  ["compact", "compact.tables"]):
        finish([LAKE, *words], base, " ".join(words))


def time_of(base, scene):
    folder = f"{base}/timed"
    os.mkdir(folder)
    scene.prepare(base, folder)
    began = time.monotonic()
    finish(scene.words, folder, f"{scene.name}, undisturbed")
    seconds = time.monotonic() - began
    scene.compare(base, folder, f"{scene.name}, undisturbed")
    shutil.rmtree(folder)
    return seconds


def one_kill(base, scene, seconds, seed):
    """Whether the process was hit before its end."""
    text = f"{scene.name}, seed {seed}"
    draw = random.Random(seed)
    folder = f"{base}/killed"
    os.mkdir(folder)
    scene.prepare(base, folder)
    process = start(scene.words, folder)
    time.sleep(draw.uniform(0.0, seconds))
    hit = process.poll() is None and scene.kill(process)
    process.communicate(timeout=300)
    for _ in range(draw.randrange(2)):
        # and once more while it goes on
        process = start(scene.words, folder)
        time.sleep(draw.uniform(0.0, seconds))
        if process.poll() is None:
            scene.kill(process)
        process.communicate(timeout=300)
    finish(scene.words, folder, text)
    scene.compare(base, folder, text)
    left = [name for name in os.listdir(folder) if name.startswith("out.h5.")]
    check(left == [], f"{text} leaves {left}")
    shutil.rmtree(folder)
    return hit


parser = argparse.ArgumentParser()
parser.add_argument("program", nargs="?")
parser.add_argument("--kills", type=int,
                    default=int(os.environ.get("VQE_TEST_KILLS") or 10))
parser.add_argument("--seed", type=int, default=1)
asked = parser.parse_args()

with harness.Folder() as folder:
    make_base(folder)
    seconds = [time_of(folder.path, scene) for scene in SCENES]
    hits = [0] * len(SCENES)
    seed = asked.seed
    while sum(hits) < asked.kills:
        k = sum(hits) % len(SCENES)
        hits[k] += one_kill(folder.path, SCENES[k], seconds[k], seed)
        seed += 1
        check(seed - asked.seed < 20 * asked.kills, "nothing is ever hit")
    for scene, hit in zip(SCENES, hits):
        print(f"{scene.name:10} {hit} kills")
print(f"{sum(hits)} kills, seeds {asked.seed} to {seed - 1}: results and tables as "
      "undisturbed, each key once")
