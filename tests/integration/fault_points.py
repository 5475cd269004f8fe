"""Calls of the system that fail one after the other, in commands that are then
run again: what the tests of faults share. tests/faults/faults.c makes the
faults, and knows places in the code by the stack of callers.

VQE_FAULT_POINTS  places of each kind and command, drawn at random (6), each
                  failing once; 0: every place, at its first, its middle and
                  its last call
VQE_FAULT_SECONDS for each kind and command, then the rest is left out (no limit)
VQE_FAULT_SEED    of the drawing, which is printed
VQE_FAULT_SCENES  names of the commands, separated by commas (all)
"""

import concurrent.futures
import os
import random
import shutil
import subprocess
import sys
import time

import harness
from harness import check, unfolded

FAULTS = os.path.join(os.path.dirname(harness.BATCH), "tests", "libfaults.so")
POINTS = int(os.environ.get("VQE_FAULT_POINTS") or 6)
SEED = int(os.environ.get("VQE_FAULT_SEED") or random.randrange(1, 10**6))
SECONDS = float(os.environ.get("VQE_FAULT_SECONDS") or "inf")
SCENES = os.environ.get("VQE_FAULT_SCENES")

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


def find_places(base, scene, kind):
    """The numbers of the calls of each place, and of all calls."""
    folder = fresh(base, scene, f"{kind}-all")
    log = os.path.join(folder, "log")
    done = run(scene.words(folder), folder, f"{kind}:0", log)
    check(done.returncode == 0, f"{scene.name} {kind}: {done.stderr}")
    places = {}
    count = 0
    with open(log, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            count += int(words[1])
            check(len(words) == 2 + int(words[1]), f"{log}: {len(words)} words")
            for number, place in enumerate(words[2:], 1):
                places.setdefault(place, []).append(number)
    shutil.rmtree(folder)
    return places, count


def chosen(places, name):
    """Numbers of calls that fail; where all places do, each once before any
    twice."""
    draw = random.Random(f"{SEED} {name}")
    names = draw.sample(sorted(places), min(POINTS or len(places), len(places)))
    if POINTS:
        return [draw.choice(places[place]) for place in names]
    order = []
    for at in (lambda n: 0, lambda n: n // 2, lambda n: n - 1):
        order += [places[place][at(len(places[place]))] for place in names]
    return list(dict.fromkeys(order))


def one_point(base, scene, kind, number, until):
    """Returns whether the command failed, and the place that a call failed at."""
    if time.monotonic() > until:
        return False, None
    text = f"{scene.name}, {kind} {number}"
    folder = fresh(base, scene, f"{kind}-{number}")
    log = os.path.join(base, f"log-{scene.name}-{kind}-{number}")
    done = run(scene.words(folder), folder, f"{kind}:{number}", log)
    failed = done.returncode != 0
    place = None
    if os.path.exists(log):
        with open(log, encoding="utf-8") as file:
            place = file.read().split()[-1]
        os.unlink(log)
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
    return failed, place


def walk(base, scenes):
    """Every scene with each of its kinds; how many points were tried.

    A scene has: name, kinds, words(folder), prepare(base, folder), which makes
    what the command finds, and compare(base, folder, text) with what an
    undisturbed run comes to."""
    wrong = []
    tried = 0
    print(f"seed {SEED}" if POINTS else "every place", flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for scene in scenes:
            if SCENES and scene.name not in SCENES.split(","):
                continue
            for kind in scene.kinds:
                places, count = find_places(base, scene, kind)
                points = chosen(places, f"{scene.name} {kind}")
                until = time.monotonic() + SECONDS
                runs = [pool.submit(one_point, base, scene, kind, number, until)
                        for number in points]
                failed = 0
                met = []
                for number, done in zip(points, runs):
                    try:
                        ended, place = done.result()
                        failed += ended
                        met += [place] if place else []
                    except SystemExit:
                        wrong.append((scene.name, kind, number))
                        print("WRONG", wrong[-1], flush=True)
                tried += len(met)
                print(f"{scene.name:14} {kind:6} {count:6} calls, {len(places):5} places; "
                      f"failed: {len(met):5} calls, {len(set(met) & set(places)):5} places; "
                      f"{failed} ended the command", flush=True)
    check(not wrong, f"{len(wrong)} points went wrong: {wrong}")
    print(f"{tried} faults: no crash, no loss, a clear error each time")
