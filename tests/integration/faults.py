#!/usr/bin/env python3
"""Every call of the system fails once: memory, writes, files, syncs and the
network, one point after the other, while a small thesis job runs, its results
are normalised and featurised, and small files are merged. No run crashes, each
failure has a clear message, and the same command without the fault comes to
what an undisturbed run comes to.

VQE_FAULT_POINTS  points of each kind and command, spread evenly over all (6);
                  0 tries every one

tests/faults/faults.c makes the faults.
"""

import concurrent.futures
import glob
import os
import shutil
import subprocess
import sys

import harness
from harness import check, unfolded

h5py = harness.h5py_or_skip()
import crash_tables  # noqa: E402
from crash_tables import LAKE  # noqa: E402

FAULTS = os.path.join(os.path.dirname(harness.BATCH), "tests", "libfaults.so")
POINTS = int(os.environ.get("VQE_FAULT_POINTS") or 6)
KINDS = ("alloc", "write", "file", "sync")
THESIS = {
    "molecules": [harness.H2, {"name": "HeH+", "symbols": ["He", "H"],
                               "coords": [[0, 0, 0], [0, 0, 0.7719]], "charge": 1}],
    "ansatz": ["UCCSD", "EfficientSU2"],
    "optimizer": {"name": "L-BFGS-B", "max_evaluations": 20},
    "seed": 1,
}

if not os.path.exists(FAULTS):
    print("skipped: no", FAULTS)
    sys.exit(harness.SKIPPED)


def run(words, folder, fault=None, log=None):
    env = {**harness.environment(), "TMPDIR": folder, "OMP_NUM_THREADS": "1"}
    if fault is not None:
        env.update(LD_PRELOAD=FAULTS, VQE_FAULTS=fault)
    if log is not None:
        env["VQE_FAULTS_LOG"] = log
    return subprocess.run(words, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300, check=False)


class Job:
    """The whole: experiments, result file, tables."""

    name = "job"
    words = [harness.BATCH, "job.json", "-q", "--threads", "1", "--lanes", "1", "-o",
             "out.h5", "--warehouse", "tables"]

    def prepare(self, base, folder):
        shutil.copy(os.path.join(base, "job.json"), folder)

    def compare(self, base, folder, text):
        harness.check_same(os.path.join(base, "out.h5"),
                           os.path.join(folder, "out.h5"), text)
        mine = crash_tables.rows_of(os.path.join(folder, "tables"), False)
        wanted = crash_tables.rows_of(os.path.join(base, "tables"), False)
        check(mine == wanted, f"{text}: {mine}\nnot {wanted}")
        left = [name for name in os.listdir(folder) if name.startswith("out.h5.")]
        check(left == [], f"{text} leaves {left}")


class Tables:
    """A command on a warehouse that is made from the same result file."""

    def __init__(self, name, words, before):
        self.name = name
        self.words = [LAKE, *words]
        self.before = before

    def prepare(self, base, folder):
        shutil.copy(os.path.join(base, "out.h5"), folder)
        if self.before is not None:
            shutil.copytree(os.path.join(base, self.before),
                            os.path.join(folder, "tables"))

    def compare(self, base, folder, text):
        mine = crash_tables.rows_of(os.path.join(folder, "tables"))
        wanted = crash_tables.rows_of(os.path.join(base, f"{self.name}.tables"))
        check(mine == wanted, f"{text}: {mine}\nnot {wanted}")
        crash_tables.check_sound(os.path.join(folder, "tables"), text)


SCENES = [
    Job(),
    Tables("normalize", ["normalize", "out.h5", "-w", "tables", "-t", "1"], None),
    Tables("featurize", ["featurize", "tables", "-t", "1"], "normalize.tables"),
    Tables("compact", ["compact", "tables", "-t", "1"], "parts.tables"),
]


def make_base(base):
    """What an undisturbed run comes to, for each command."""
    done = run(SCENES[0].words, base)
    check(done.returncode == 0, done.stdout + done.stderr)

    def lake(*words):
        done = run([LAKE, *words, "-t", "1"], base)
        check(done.returncode == 0, f"{words}: {done.stdout}{done.stderr}")

    lake("normalize", "out.h5", "-w", "normalize.tables")
    shutil.copytree(f"{base}/normalize.tables", f"{base}/featurize.tables")
    lake("relocate", "normalize.tables", "moved.tables")
    shutil.rmtree(f"{base}/featurize.tables")
    # tables name their files by absolute paths: each stands at its own place
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


def fresh(base, scene, number):
    folder = os.path.join(base, f"at-{scene.name}-{number}")
    os.mkdir(folder)
    scene.prepare(base, folder)
    if os.path.isdir(f"{folder}/tables"):
        # a copy points at itself only after this
        shutil.rmtree(f"{folder}/tables")
        done = run([LAKE, "relocate", f"{base}/{scene.before}", "tables"], folder)
        check(done.returncode == 0, done.stderr)
    return folder


def count_points(base, scene, kind):
    folder = fresh(base, scene, f"{kind}-all")
    log = os.path.join(folder, "log")
    done = run(scene.words, folder, f"{kind}:0", log)
    check(done.returncode == 0, f"{scene.name} {kind}: {done.stderr}")
    with open(log, encoding="utf-8") as file:
        count = sum(int(line.split()[1]) for line in file)
    shutil.rmtree(folder)
    return count


def chosen(count):
    if POINTS == 0 or count <= POINTS:
        return list(range(1, count + 1))
    return sorted({1 + k * (count - 1) // (POINTS - 1) for k in range(POINTS)})


def one_point(base, scene, kind, number):
    """Returns whether the command failed."""
    text = f"{scene.name}, {kind} {number}"
    folder = fresh(base, scene, f"{kind}-{number}")
    done = run(scene.words, folder, f"{kind}:{number}")
    failed = done.returncode != 0
    words = unfolded(done.stderr)
    check(0 <= done.returncode <= 3, f"{text}: crashed, {done.returncode}: {words}")
    check("Sanitizer" not in words, f"{text}: {words}")
    if failed:
        program = os.path.basename(scene.words[0])
        check(f"{program}:" in words and len(words) > 20,
              f"{text}: no clear error: '{words}' {done.stdout}")
        again = run(scene.words, folder)
        check(again.returncode == 0,
              f"{text}: not mended by running again: {again.returncode} "
              f"{again.stdout}{again.stderr}\nafter: {words}")
    scene.compare(base, folder, text)
    shutil.rmtree(folder)
    return failed


with harness.Folder() as folder:
    folder.write("job.json", THESIS)
    base = folder.path
    make_base(base)
    wrong = []
    tried = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for scene in SCENES:
            for kind in KINDS:
                count = count_points(base, scene, kind)
                points = chosen(count)
                runs = [pool.submit(one_point, base, scene, kind, k) for k in points]
                failed = 0
                for done in runs:
                    try:
                        failed += done.result()
                    except SystemExit:
                        wrong.append((scene.name, kind))
                tried += len(points)
                print(f"{scene.name:10} {kind:6} {len(points):5} of {count:6} points, "
                      f"{failed} ended the command", flush=True)
    check(not wrong, f"{len(wrong)} points went wrong: {sorted(set(wrong))}")
    check(not glob.glob(f"{base}/at-*"), "left over")
print(f"{tried} faults: no crash, no loss, a clear error each time")
