#!/usr/bin/env python3
"""A machine that gives less than is hoped for: a full disk, little memory, an output that
nobody reads, files that others have open, journals of other versions or with
damage."""

import fcntl
import glob
import os
import re
import signal
import struct
import subprocess

import harness
from harness import check, unfolded

h5py = harness.h5py_or_skip()
LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake")
FAULTS = os.path.join(os.path.dirname(harness.BATCH), "tests", "libfaults.so")


def screen_full(folder, words):
    """What cannot be printed is exit status 1, whatever was to be printed."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, cwd=folder.path,
                              env=harness.environment(), timeout=120, check=False)
    check(done.returncode == 1, f"{words} > /dev/full: {done.returncode}")
    check("standard output" in unfolded(done.stderr), f"{words}: {done.stderr}")


def screens(folder):
    folder.run("h2.json", "-q", "-o", "h2.h5")
    place = folder.file("h2.warehouse")
    batch = [["--help"], ["--version"], ["--man"], ["--completion", "bash"],
             ["h2.json", "--dry-run"], ["h2.json", "--qasm", "0"],
             ["h2.json", "-q", "--no-lake", "-o", "h2.h5"]]
    lake = [["--help"], ["--version"], ["--man"], ["--completion", "bash"],
            ["normalize", "h2.h5", "--warehouse", place],
            ["featurize", place], ["check", place], ["log", place],
            ["query", "SELECT 1 AS one", "--warehouse", place],
            ["expire", place, "--older-than", "2000-01-01"],
            ["compact", place], ["unlock", place],
            ["qasm", "h2.h5"]]
    for program, commands in ((harness.BATCH, batch), (LAKE, lake)):
        for words in commands:
            screen_full(folder, [program, *words])
            screen_closed(folder, [program, *words])
    # who prints nothing loses nothing; a file that is opened gets no number of
    # the screen
    quiet = ["h2.json", "-q", "--no-lake", "--summary", "closed.json", "-o", "closed.h5"]
    for words in ([harness.BATCH, "h2.json", "-q", "--no-lake", "--dry-run", "-o", "a.h5"],
                  [LAKE, "normalize", "h2.h5", "-q", "--warehouse", place],
                  [LAKE, "query", "SELECT 1 AS one", "--warehouse", place, "-o", "one.txt"]):
        done = closed(folder, words)
        wanted = 1 if "--dry-run" in words else 0
        check(done.returncode == wanted, f"{words} >&-: {done.returncode} {done.stderr}")
    closed(folder, [harness.BATCH, *quiet])
    harness.check_same(folder.file("h2.h5"), folder.file("closed.h5"), "a closed output")
    return 2 * (len(batch) + len(lake))


def versions():
    """--version says what a report of a fault needs; its first line is stable."""
    with open(os.path.join(harness.ROOT, "CMakeLists.txt"), encoding="utf-8") as stream:
        version = re.search(r"project\(vqe_batch VERSION (\S+) ", stream.read()).group(1)
    for program, loaded in ((harness.BATCH, ["libmpi", "libopenblas", "libhdf5", "libcint"]),
                            (LAKE, ["libhdf5", "libcurl", "librdkafka", "libavro"])):
        text = subprocess.run([program, "--version"], capture_output=True, text=True,
                              timeout=60, check=True).stdout
        lines = text.splitlines()
        check(lines[0] == f"{os.path.basename(program)} {version}", text)
        check(re.match(r"build: \w+, \w+ \d+\.\d+", lines[1]), text)
        check(re.match(r"processor: .+, \d+ for this process", lines[2]), text)
        check(lines[3] == "libraries:", text)
        for library in loaded:
            check(any(os.path.basename(path).startswith(library) and
                      os.path.isfile(path.strip()) for path in lines[4:]),
                  f"{library}: {text}")


def closed(folder, words):
    """Run with the standard output closed."""
    return subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" >&-', *words], stderr=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL, cwd=folder.path, env=harness.environment(),
        timeout=120, check=False)


def screen_closed(folder, words):
    done = closed(folder, words)
    check(done.returncode == 1, f"{words} >&-: {done.returncode} {done.stderr}")
    check("standard output" in unfolded(done.stderr), f"{words}: {done.stderr}")


def open_elsewhere(folder):
    """A file that another program has is not called damaged."""
    folder.run("h2.json", "-q", "--no-lake", "-o", "open.h5")
    with open(folder.file("open.h5"), "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        folder.run("h2.json", "-q", "--no-lake", "-o", "open.h5")
    with h5py.File(folder.file("open.h5"), "r+"):
        done = folder.run("h2.json", "-q", "--no-lake", "-o", "open.h5", status=2)
    text = unfolded(done.stderr)
    check("open in another program" in text and "damaged" not in text, text)
    folder.run("h2.json", "-q", "--no-lake", "-o", "open.h5")
    folder.write("text.h5", "no HDF5\n")
    done = folder.run("h2.json", "-q", "--no-lake", "-o", "text.h5", status=2)
    check("damaged or no HDF5" in unfolded(done.stderr), done.stderr)


def other_journals(folder):
    """A journal of another version is kept, and nothing is written."""
    kept = {"another magic": b"VQEK\2\0\0\0some bytes of the future",
            "another frame": None, "another result": None}
    lines = []
    for name, data in kept.items():
        output = f"{name.replace(' ', '-')}.h5"
        if data is None:
            data = frame(7 if "frame" in name else 1, b"\xff" * 40)
        os.mkdir(folder.file(output + ".journal"))
        path = folder.file(output + ".journal/run-0000-rank-00000.vqej")
        with open(path, "wb") as file:
            file.write(data)
        done = folder.run("h2.json", "-q", "--no-lake", "-o", output, status=2)
        text = unfolded(done.stderr)
        check("is kept" in text and "run-0000-rank-00000.vqej" in text, text)
        with open(path, "rb") as file:
            check(file.read() == data, f"{name}: it is as it was")
        check(not os.path.exists(folder.file(output)), f"{name}: no result")
        os.unlink(path)
        folder.run("h2.json", "-q", "--no-lake", "-o", output)
        lines.append(name)
    return len(lines)


def frame(kind, payload):
    import zlib
    body = struct.pack("<IQ", kind, len(payload)) + payload
    return b"VQEJ" + body + struct.pack("<I", zlib.crc32(body))


def results_in(path):
    """(start, end) of each whole frame of a result in a journal."""
    with open(path, "rb") as file:
        data = file.read()
    at, found = 0, []
    while at + 20 <= len(data):
        kind, length = struct.unpack_from("<IQ", data, at + 4)
        end = at + 20 + length
        if end <= len(data) and kind == 1:
            found.append((at, end))
        at = end
    return found


def damaged_journals(folder):
    """One byte of the first result's frame: the other results are restored,
    and the journal stays."""
    # some tenths of a second each, so that the third is seen before the last
    folder.write("many.json", {
        "molecules": [harness.H2], "seed": list(range(1, 9)), "shots": 200,
        "optimizer": {"name": "SPSA", "max_evaluations": 2000, "ftol": 0}})
    places = (1, 4, 8, 12, 16, 700)
    for place in places:
        output = f"damaged-{place}.h5"
        path = folder.file(f"{output}.journal/run-0000-rank-00000.vqej")
        words = ("many.json", "--no-lake", "--threads", 1, "-o", output)
        running = harness.start(folder, 1, *words)
        harness.wait_for(
            running,
            lambda: os.path.exists(path) and len(results_in(path)) >= 3,
            "three results")
        for pid in harness.children_of(running.pid) or [running.pid]:
            os.kill(pid, signal.SIGKILL)
        running.communicate(timeout=60)
        found = results_in(path)
        with open(path, "r+b") as file:
            file.seek(found[0][0] + place)
            file.write(b"\xfe")
        with open(path, "rb") as file:
            damaged = file.read()
        done = folder.run("h2.json", "-q", "--no-lake", "-o", output)
        text = unfolded(done.stderr)
        check(f"damaged in bytes {found[0][0]} to {found[0][1] - 1}" in text
              and "is kept as" in text, f"byte {place}: {text}")
        with h5py.File(folder.file(output), "r") as file:
            count = len(file["experiments"])
        check(count == len(found), f"byte {place}: {count} of {len(found)}")
        kept = glob.glob(folder.file(f"{output}.journal/*"))
        check(kept == [path + ".damaged-1"], f"byte {place}: {kept}")
        with open(kept[0], "rb") as file:
            check(file.read() == damaged, f"byte {place}: it is as it was")
        done = folder.run("h2.json", "-q", "--no-lake", "-o", output)
        check("damaged" not in unfolded(done.stderr), f"byte {place}: {done.stderr}")
    return len(places)


def full_disk(folder):
    """From any write on, the disk is full: it is named, and with room again
    the same command finishes."""
    if not os.path.exists(FAULTS):
        print("a full disk: not tested, as there is no", FAULTS)
        return 0
    points = 0
    while True:
        points += 1
        os.environ.update(LD_PRELOAD=FAULTS, VQE_FAULTS=f"write:{points}+")
        done = folder.run("h2.json", "-q", "--no-lake", "-o", f"full-{points}.h5",
                          status=None)
        del os.environ["LD_PRELOAD"], os.environ["VQE_FAULTS"]
        if done.returncode == 0:
            break
        text = unfolded(done.stderr)
        check(done.returncode in (1, 2, 3), f"write {points}: {done.returncode}")
        check("No space left on device" in text, f"write {points}: {text}")
        folder.run("h2.json", "-q", "--no-lake", "-o", f"full-{points}.h5")
        harness.check_same(folder.file("h2.h5"), folder.file(f"full-{points}.h5"),
                           f"write {points}")
        check(points < 1000, "it never ends")
    check(points > 3, f"{points} writes")
    return points - 1


def side_outputs(folder):
    """What is written beside the result replaces no result and no input, and
    an output that fails leaves the file that was there."""
    with open(folder.file("h2.h5"), "rb") as stream:
        result = stream.read()
    os.symlink("h2.h5", folder.file("link.h5"))
    cases = 0
    for words in (["--summary", "h2.h5"], ["--qcschema", "./h2.h5"],
                  ["--summary", "link.h5"], ["--summary", "h2.json"],
                  ["--fcidump", "h2.h5"], ["--fcidump", "h2.json"],
                  ["--hamiltonian", "h2.h5"], ["--hamiltonian", "h2.json"],
                  ["--summary", "one", "--qcschema", "one"],
                  ["-o", "new.h5", "--summary", "new.h5"]):
        done = folder.run("h2.json", "-q", "--no-lake", *(
            words if "-o" in words else [*words, "-o", "h2.h5"]), status=2)
        check("name another file" in unfolded(done.stderr), f"{words}: {done.stderr}")
        cases += 1
    place = folder.file("h2.warehouse")
    folder.write("kept.csv", "precious")
    for words in (["query", "SELECT 1", "-w", place, "-o", folder.file("h2.h5")],
                  ["qasm", folder.file("h2.h5"), "-o", folder.file("h2.h5")],
                  ["query", "SELECT nope", "-w", place, "-o", folder.file("kept.csv")]):
        done = subprocess.run([LAKE, *words], capture_output=True, text=True, check=False)
        check(done.returncode == 2, f"{words}: {done.returncode} {done.stderr}")
        cases += 1
    with open(folder.file("h2.h5"), "rb") as stream:
        check(stream.read() == result, "a side output replaced the result")
    with open(folder.file("kept.csv"), encoding="utf-8") as stream:
        check(stream.read() == "precious", "a query that failed emptied its output")
    check(not [n for n in os.listdir(folder.path) if n.startswith("kept.csv.")],
          "a query that failed left a file aside")
    done = subprocess.run(
        [LAKE, "query", "SELECT 1 AS one", "-w", place, "-f", "csv", "-o",
         folder.file("kept.csv")], check=False)
    with open(folder.file("kept.csv"), encoding="utf-8") as stream:
        check(done.returncode == 0 and stream.read() == "one\n1\n", "query -o")
    return cases


def file_size_limit(folder):
    """A limit of file sizes is an error with a message, not a signal."""
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 4; exec {harness.BATCH} h2.json -q --no-lake -o small.h5"],
        cwd=folder.path, env=harness.environment(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False)
    check(done.returncode in (1, 2), f"ulimit -f: {done.returncode} {done.stderr}")
    check("File too large" in unfolded(done.stderr), f"ulimit -f: {done.stderr}")
    folder.run("h2.json", "-q", "--no-lake", "-o", "small.h5")
    harness.check_same(folder.file("h2.h5"), folder.file("small.h5"), "ulimit -f")


def little_memory(folder):
    """Limits of address space and data, from none to enough: each run ends, and
    what is refused names the limit and what raises it."""
    ends = {}
    for option in ("-v", "-d"):
        for megabytes in (*range(250, 650, 50), 800, 1000, 1500):
            env = harness.environment()
            env.pop("OPENBLAS_NUM_THREADS", None)
            done = subprocess.run(
                ["bash", "-c", f"ulimit {option} {megabytes * 1024}; exec {harness.BATCH}"
                 " h2.json -q --force -o little.h5"],
                cwd=folder.path, env=env, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=60, check=False)
            text = f"ulimit {option} {megabytes} MB: {done.returncode} {done.stderr}"
            words = unfolded(done.stderr)
            check(done.returncode in (0, 1, 2), text)
            if done.returncode != 0:
                check(f"(ulimit {option})" in words and "raise it to" in words, text)
            if done.returncode == 1:
                check("the results are safe" in words, text)
            ends.setdefault((option, done.returncode), []).append(megabytes)
    for option in ("-v", "-d"):
        check((option, 2) in ends and (option, 0) in ends, ends)
        check(1500 in ends[option, 0], ends)
    folder.run("h2.json", "-q", "--no-lake", "--force", "-o", "little.h5")
    for words in (["check", "little.warehouse"], ["normalize", "little.h5"]):
        done = subprocess.run(
            ["bash", "-c", f"ulimit -v 250000; exec {LAKE} {' '.join(words)}"],
            cwd=folder.path, env=harness.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False)
        check(done.returncode == 1 and "(ulimit -v)" in unfolded(done.stderr),
              f"{words}: {done.returncode} {done.stderr}")
    return sum(len(found) for found in ends.values())


versions()
with harness.Folder() as folder:
    folder.write("h2.json", {"molecules": [harness.H2], "seed": 1})
    print(screens(folder), "commands whose output cannot be printed: status 1")
    print(side_outputs(folder), "outputs that would replace a result or input: refused")
    file_size_limit(folder)
    print(little_memory(folder), "limits of memory: named, no run hangs")
    open_elsewhere(folder)
    print(other_journals(folder), "journals of other versions: kept")
    print(damaged_journals(folder), "damaged journals: read on and kept")
    print("full disk at each of", full_disk(folder), "writes: named, nothing lost")
