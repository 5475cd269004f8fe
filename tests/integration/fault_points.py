"""Calls of the system that fail one after the other, in commands that are then
run again: what the tests of faults share. tests/faults/faults.c makes the
faults.

VQE_FAULT_POINTS  points of each kind and command, spread evenly over all (6);
                  0 tries every one
"""

import concurrent.futures
import os
import shutil
import subprocess
import sys

import harness
from harness import check, unfolded

FAULTS = os.path.join(os.path.dirname(harness.BATCH), "tests", "libfaults.so")
POINTS = int(os.environ.get("VQE_FAULT_POINTS") or 6)

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


def fresh(base, scene, number):
    folder = os.path.join(base, f"at-{scene.name}-{number}")
    os.mkdir(folder)
    scene.prepare(base, folder)
    return folder


def count_points(base, scene, kind):
    folder = fresh(base, scene, f"{kind}-all")
    log = os.path.join(folder, "log")
    done = run(scene.words(folder), folder, f"{kind}:0", log)
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
    done = run(scene.words(folder), folder, f"{kind}:{number}")
    failed = done.returncode != 0
    words = unfolded(done.stderr)
    check(0 <= done.returncode <= 3, f"{text}: crashed, {done.returncode}: {words}")
    check("Sanitizer" not in words, f"{text}: {words}")
    if failed:
        program = os.path.basename(scene.words(folder)[0])
        # an experiment that fails says why in the table
        check((f"{program}:" in words and len(words) > 20) or
              "no memory" in unfolded(done.stdout),
              f"{text}: no clear error: '{words}' {done.stdout}")
        again = run(scene.words(folder), folder)
        check(again.returncode == 0,
              f"{text}: not mended by running again: {again.returncode} "
              f"{again.stdout}{again.stderr}\nafter: {words}")
    scene.compare(base, folder, text)
    shutil.rmtree(folder)
    return failed


def walk(base, scenes):
    """Every scene with each of its kinds; how many points were tried.

    A scene has: name, kinds, words(folder), prepare(base, folder), which makes
    what the command finds, and compare(base, folder, text) with what an
    undisturbed run comes to."""
    wrong = []
    tried = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for scene in scenes:
            for kind in scene.kinds:
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
                print(f"{scene.name:14} {kind:6} {len(points):5} of {count:6} points, "
                      f"{failed} ended the command", flush=True)
    check(not wrong, f"{len(wrong)} points went wrong: {sorted(set(wrong))}")
    print(f"{tried} faults: no crash, no loss, a clear error each time")
