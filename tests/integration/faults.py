#!/usr/bin/env python3
"""Calls of the system fail once: memory, writes, files, syncs and the network,
one place in the code after the other, while a small thesis job runs, its results
are normalised and featurised, small files are merged, old snapshots dropped, and
tables are made in a bucket. No run crashes, each failure has a clear message, and
the same command without the fault comes to what an undisturbed run comes to.

VQE_FAULT_POINTS: fault_points.py.
"""

import os
import shutil
import subprocess
import sys

import harness
from harness import check

h5py = harness.h5py_or_skip()
import crash_tables  # noqa: E402
from crash_tables import LAKE  # noqa: E402
from fault_points import run, walk  # noqa: E402

LOCAL = ("alloc", "write", "file", "sync")
THESIS = {
    "molecules": [harness.H2, {"name": "HeH+", "symbols": ["He", "H"],
                               "coords": [[0, 0, 0], [0, 0, 0.7719]], "charge": 1}],
    "ansatz": ["UCCSD", "EfficientSU2"],
    "optimizer": {"name": "L-BFGS-B", "max_evaluations": 20},
    "seed": 1,
}


class Job:
    """The whole: experiments, result file, tables."""

    name = "job"
    kinds = LOCAL
    keeps_outside = False

    def words(self, folder):
        return [harness.BATCH, "job.json", "-q", "--threads", "1", "--lanes", "1",
                "-o", "out.h5", "--warehouse", "tables"]

    def prepare(self, base, folder):
        shutil.copy(os.path.join(base, "job.json"), folder)

    def compare(self, base, folder, text):
        with h5py.File(os.path.join(folder, "out.h5")) as file:
            said = any(note in notes for notes in file["results"]["notes"]
                       for note in (b"no_fci", b"terms_left_out"))
        if said:
            # memory that an exact energy or Pauli terms do not get costs them
            # alone
            done = run([*self.words(folder), "--force"], folder)
            check(done.returncode == 0, f"{text}: {done.stderr}")
        harness.check_same(os.path.join(base, "out.h5"),
                           os.path.join(folder, "out.h5"), text)
        mine = crash_tables.rows_of(os.path.join(folder, "tables"), False)
        wanted = crash_tables.rows_once(os.path.join(base, "tables"), False)
        check(mine == wanted, f"{text}: {mine}\nnot {wanted}")
        left = [name for name in os.listdir(folder) if name.startswith("out.h5.")]
        check(left == [], f"{text} leaves {left}")


class Tables:
    """A command on a warehouse that is made from the same result file."""

    kinds = LOCAL
    keeps_outside = False

    def __init__(self, name, words, before):
        self.name = name
        self.command = [LAKE, *words, "-t", "1"]
        self.before = before

    def words(self, folder):
        return self.command

    def prepare(self, base, folder):
        shutil.copy(os.path.join(base, "out.h5"), folder)
        if self.before is not None:
            # tables name their files by whole paths: a copy has its own
            done = run([LAKE, "relocate", f"{base}/{self.before}", "tables"], folder)
            check(done.returncode == 0, done.stderr)

    def compare(self, base, folder, text):
        mine = crash_tables.rows_of(os.path.join(folder, "tables"))
        wanted = crash_tables.rows_once(os.path.join(base, f"{self.name}.tables"))
        check(mine == wanted, f"{text}: {mine}\nnot {wanted}")
        crash_tables.check_sound(os.path.join(folder, "tables"), text)


class Bucket:
    """Tables in a bucket; each point has a prefix of its own."""

    name = "normalize (S3)"
    kinds = ("net",)
    keeps_outside = True

    def place(self, folder):
        return f"s3://bucket/{os.path.basename(folder)}"

    def words(self, folder):
        return [LAKE, "normalize", "out.h5", "-w", self.place(folder), "-t", "1"]

    def prepare(self, base, folder):
        shutil.copy(os.path.join(base, "out.h5"), folder)

    def compare(self, base, folder, text):
        mine = crash_tables.rows_of(self.place(folder))
        wanted = crash_tables.rows_once(os.path.join(base, "normalize.tables"))
        check(mine == wanted, f"{text}: {mine}\nnot {wanted}")
        crash_tables.check_sound(self.place(folder), text)


def start_store():
    """A store in memory; programs find it by the environment."""
    store = subprocess.Popen(
        [sys.executable, os.path.join(os.path.dirname(__file__), "s3_faults.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = store.stdout.readline().strip()
    os.environ.update(AWS_ACCESS_KEY_ID="GKtestkey",
                      AWS_SECRET_ACCESS_KEY="secret/of+the=test",
                      AWS_REGION="test-region", no_proxy="127.0.0.1",
                      AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}")
    return store


SCENES = [
    Job(),
    Tables("normalize", ["normalize", "out.h5", "-w", "tables"], None),
    Tables("featurize", ["featurize", "tables"], "normalize.tables"),
    Tables("compact", ["compact", "tables"], "parts.tables"),
    Tables("expire", ["expire", "tables", "--older-than", "0h", "--orphans"],
           "compact.tables"),
    Bucket(),
]


def make_base(base):
    """What an undisturbed run comes to, for each command."""
    done = run(SCENES[0].words(base), base)
    check(done.returncode == 0, done.stdout + done.stderr)

    def lake(*words):
        done = run([LAKE, *words, "-t", "1"], base)
        check(done.returncode == 0, f"{words}: {done.stdout}{done.stderr}")

    lake("normalize", "out.h5", "-w", "normalize.tables")
    lake("relocate", "normalize.tables", "featurize.tables")
    lake("featurize", "featurize.tables")
    # two commits of a table: something to merge
    with open(f"{base}/other.json", "w", encoding="utf-8") as file:
        file.write(open(f"{base}/job.json", encoding="utf-8").read()
                   .replace('"seed": 1', '"seed": 2'))
    done = run([harness.BATCH, "other.json", "-q", "--no-lake", "-o", "other.h5"], base)
    check(done.returncode == 0, done.stderr)
    lake("normalize", "out.h5", "-w", "parts.tables")
    lake("normalize", "other.h5", "-w", "parts.tables")
    lake("relocate", "parts.tables", "compact.tables")
    lake("compact", "compact.tables")
    lake("relocate", "compact.tables", "expire.tables")
    lake("expire", "expire.tables", "--older-than", "0h", "--orphans")


with harness.Folder() as folder:
    folder.write("job.json", THESIS)
    make_base(folder.path)
    store = start_store()
    try:
        walk(folder.path, SCENES)
    finally:
        store.stdin.close()
        store.wait()
