"""Calls of the system that fail one after the other, in commands that are then
run again: what the tests of faults share. tests/faults/faults.c makes the
faults, and knows places in the code by the stack of callers.

VQE_FAULT_POINTS  places of each kind and command, drawn at random (6), each
                  failing once; 0: every place, at its first, its middle and
                  its last call
VQE_FAULT_SECONDS for each kind and command, then the rest is left out (no limit)
VQE_FAULT_SEED    of the drawing, which is printed
VQE_FAULT_SCENES  names of the commands, separated by commas (all)
VQE_FAULT_KINDS   kinds of calls, separated by commas (all)

What a point costs decides whether all of them can be tried. A worker has one
folder, which gets back what the command found by a plain copy. Where all places
are tried, a command that failed is run again and compared the first time that
it leaves what it leaves (names without their random parts, sizes by their powers
of two), and each tenth time after.
"""

import collections
import concurrent.futures
import os
import queue
import random
import re
import shutil
import subprocess
import sys
import threading
import time

import harness
from harness import check, unfolded

FAULTS = os.path.join(os.path.dirname(harness.BATCH), "tests", "libfaults.so")
POINTS = int(os.environ.get("VQE_FAULT_POINTS") or 6)
SEED = int(os.environ.get("VQE_FAULT_SEED") or random.randrange(1, 10**6))
SECONDS = float(os.environ.get("VQE_FAULT_SECONDS") or "inf")
SCENES = os.environ.get("VQE_FAULT_SCENES")
KINDS = os.environ.get("VQE_FAULT_KINDS")

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


class Room:
    """A folder that one worker uses again and again: tables name their files by
    whole paths, so that a copy elsewhere would have to be made by the program.
    Where a scene keeps something outside of its folder, under a name made of the
    folder's, each point has a new one."""

    def __init__(self, base, scene, number):
        self.scene = scene
        self.folder = fresh(base, scene, f"room-{number}")
        self.kept = self.folder + ".kept"
        shutil.copytree(self.folder, self.kept, symlinks=True)

    def restore(self, base, kind, number):
        shutil.rmtree(self.folder)
        if self.scene.keeps_outside:
            self.folder = fresh(base, self.scene, f"{kind}-{number}")
        else:
            shutil.copytree(self.kept, self.folder, symlinks=True)

    def remove(self):
        shutil.rmtree(self.folder)
        shutil.rmtree(self.kept)


# of random names: uuids, numbers of snapshots
RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{9,}")


def left_in(folder):
    """Every folder and file below one, as runs that do the same leave them."""
    found = []
    for path, folders, files in os.walk(folder):
        at = RANDOM.sub("*", os.path.relpath(path, folder))
        found += [(at, name, -1) for name in folders]
        found += [(at, RANDOM.sub("*", name),
                   os.path.getsize(os.path.join(path, name)).bit_length())
                  for name in files]
    return tuple(sorted(found))


class Seen:
    """What failing runs of a scene have left, and how often."""

    def __init__(self):
        self.times = collections.Counter()
        self.lock = threading.Lock()

    def has(self, room):
        """True where this needs no run of its own."""
        if POINTS or room.scene.keeps_outside:
            return False
        left = left_in(room.folder)
        with self.lock:
            self.times[left] += 1
            return self.times[left] % 10 != 1


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


def one_point(base, rooms, seen, kind, number, until):
    """Returns whether the command failed, whether it was run again and compared,
    and the place that a call failed at."""
    if time.monotonic() > until:
        return False, False, None
    room = rooms.get()
    try:
        return fail_once(base, room, seen, kind, number)
    except SystemExit:
        shutil.copytree(room.folder, f"{room.folder}-wrong-{kind}-{number}",
                        symlinks=True)
        raise
    finally:
        rooms.put(room)


def fail_once(base, room, seen, kind, number):
    scene = room.scene
    text = f"{scene.name}, {kind} {number}"
    log = os.path.join(base, f"log-{scene.name}-{kind}-{number}")
    room.restore(base, kind, number)
    folder = room.folder
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
    known = failed and seen.has(room)
    if failed:
        program = os.path.basename(scene.words(folder)[0])
        # an experiment that fails says why in the table
        check((f"{program}:" in words and len(words) > 20) or
              "no memory" in unfolded(done.stdout),
              f"{text}: no clear error: '{words}' {done.stdout}")
    if failed and not known:
        again = run(scene.words(folder), folder)
        check(again.returncode == 0,
              f"{text}: not mended by running again: {again.returncode} "
              f"{again.stdout}{again.stderr}\nafter: {words}")
    if not known:
        scene.compare(base, folder, text)
    return failed, not known, place


def walk(base, scenes):
    """Every scene with each of its kinds; how many points were tried.

    A scene has: name, kinds, words(folder), prepare(base, folder), which makes
    what the command finds, compare(base, folder, text) with what an undisturbed
    run comes to, and keeps_outside, whether it keeps anything elsewhere."""
    wrong = []
    tried = 0
    workers = len(os.sched_getaffinity(0))
    print(f"seed {SEED}" if POINTS else "every place", flush=True)
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for scene in scenes:
            if SCENES and scene.name not in SCENES.split(","):
                continue
            all_rooms = [Room(base, scene, number) for number in range(workers)]
            seen = Seen()
            rooms = queue.SimpleQueue()
            for room in all_rooms:
                rooms.put(room)
            for kind in scene.kinds:
                if KINDS and kind not in KINDS.split(","):
                    continue
                places, count = find_places(base, scene, kind)
                points = chosen(places, f"{scene.name} {kind}")
                until = time.monotonic() + SECONDS
                runs = [pool.submit(one_point, base, rooms, seen, kind, number, until)
                        for number in points]
                failed = 0
                compared = 0
                met = []
                for number, done in zip(points, runs):
                    try:
                        ended, again, place = done.result()
                        failed += ended
                        compared += again
                        met += [place] if place else []
                    except SystemExit:
                        wrong.append((scene.name, kind, number))
                        print("WRONG", wrong[-1], flush=True)
                tried += len(met)
                print(f"{scene.name:14} {kind:6} {count:6} calls, {len(places):5} places; "
                      f"failed: {len(met):5} calls, {len(set(met) & set(places)):5} places; "
                      f"{failed} ended the command, {compared} compared",
                      flush=True)
            for room in all_rooms:
                room.remove()
    check(not wrong, f"{len(wrong)} points went wrong: {wrong}")
    print(f"{tried} faults: no crash, no loss, a clear error each time")
