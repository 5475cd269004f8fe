#!/usr/bin/env python3
"""What runs leave beside results is for their user alone, and does not stay:
journals, spools and temporary folders have mode 700, temporary folders of
killed runs go with the next run of the same user and host, who may only read a
warehouse stops no writer of it by a lock, and a crash of a program that holds
secrets leaves no core dump.
"""

import fcntl
import glob
import os
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
import time

import harness
from harness import check

LAKE = os.path.join(os.path.dirname(harness.BATCH), "vqe_lake")
LONG = "SELECT sum(a.range * b.range) FROM range(1000000000) a, range(100000) b"
SECRETS = {"AWS_ACCESS_KEY_ID": "GK0123456789", "AWS_SECRET_ACCESS_KEY": "0123456789abcdef",
           "AWS_REGION": "garage", "AWS_CONFIG_FILE": "/dev/null",
           "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def wait_until(condition, what):
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    harness.fail(f"waited too long for {what}")


class Lake:
    """vqe_lake in the middle of its work."""

    def __init__(self, folder, words, dumps=False, **environment):
        env = {**harness.environment(), "TMPDIR": folder.file("tmp"), **environment}
        # AddressSanitizer would set the limit itself
        env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":disable_coredump=0"
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        limits = (hard, hard) if dumps else (0, hard)
        self.process = subprocess.Popen(
            [LAKE, *words], cwd=folder.path, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=lambda: self.prepare(limits))

    @staticmethod
    def prepare(limits):
        resource.setrlimit(resource.RLIMIT_CORE, limits)
        # a shell lets what it starts in the background ignore this one
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def core_limit(self):
        with open(f"/proc/{self.process.pid}/limits", encoding="utf-8") as stream:
            return re.search(r"core file size\s+(\S+)", stream.read()).group(1)

    def end(self, number):
        check(self.process.poll() is None, f"it ended: {self.process.stdout}")
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        self.process.stdout.close()


def temporary_folders(folder, name="vqe-lake-*"):
    return sorted(glob.glob(folder.file(f"tmp/{name}")))


def killed_runs(folder):
    """Folders of runs that were killed go with the next, those of others stay."""
    os.mkdir(folder.file("tmp"))
    os.chmod(folder.file("tmp"), 0o1777)
    query = ["query", "-w", "h2.warehouse"]
    left = []
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSEGV):
        lake = Lake(folder, [*query, LONG])
        wait_until(lambda: glob.glob(folder.file("tmp/vqe-lake-*/.owner")), "a folder")
        left = temporary_folders(folder)
        check(len(left) == 1 and mode(left[0]) == 0o700,
              f"after {number}: {left}, {[oct(mode(p)) for p in left]}")
        lake.end(number)
    living = Lake(folder, [*query, LONG])
    wait_until(lambda: temporary_folders(folder) != left and
               len(temporary_folders(folder)) == 1, "the folder of the next run")
    mine = temporary_folders(folder)
    # of another host; a link; what only looks alike
    other = folder.file("tmp/vqe-lake-other0")
    os.mkdir(other, 0o700)
    with open(os.path.join(other, ".owner"), "w", encoding="utf-8") as stream:
        stream.write("elsewhere")
    os.symlink(folder.path, folder.file("tmp/vqe-lake-links0"))
    os.mkdir(folder.file("tmp/vqe-lake-of-mine"))
    foreign = []
    if os.geteuid() == 0:
        foreign = [folder.file("tmp/vqe-lake-theirs")]
        os.mkdir(foreign[0], 0o700)
        with open(os.path.join(foreign[0], ".owner"), "w", encoding="utf-8") as stream:
            stream.write(socket.gethostname())
        os.chown(foreign[0], 12345, -1)
    done = subprocess.run(
        [LAKE, *query, "SELECT count(*) FROM molecules"], cwd=folder.path,
        env={**harness.environment(), "TMPDIR": folder.file("tmp")},
        capture_output=True, text=True, timeout=120, check=False)
    check(done.returncode == 0, f"a query beside another: {done.stderr}")
    expected = [other, folder.file("tmp/vqe-lake-links0"),
                folder.file("tmp/vqe-lake-of-mine"), *mine, *foreign]
    check(temporary_folders(folder) == sorted(expected),
          f"{temporary_folders(folder)}, not {sorted(expected)}")
    check(os.path.exists(folder.file("h2.h5")), "what a link points at is gone")
    living.end(signal.SIGKILL)


def beside_a_warehouse(folder):
    """The folder of a writer, beside the tables, also while others write."""
    place = folder.file("h2.warehouse")
    env = {**harness.environment(), "TMPDIR": folder.file("tmp")}
    stale = folder.file(".h2.warehouse.vqe-stale0")
    os.mkdir(stale, 0o700)
    with open(os.path.join(stale, ".owner"), "w", encoding="utf-8") as stream:
        stream.write(socket.gethostname())
    # a reader of the file of writers keeps the next from being alone
    with open(os.path.join(place, ".vqe-writers"), "rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        subprocess.run([LAKE, "normalize", "h2.h5", "-w", place], cwd=folder.path,
                       env=env, check=True, capture_output=True)
    check(not os.path.exists(stale), "the folder of a crashed writer stays")
    check(not glob.glob(folder.file(".h2.warehouse.vqe-*")), "our own folder stays")


def locks_of_readers(folder):
    """The file of writers is closed to those who may only read, and one who
    keeps it for himself is waited for no longer than --lock-wait says."""
    place = folder.file("h2.warehouse")
    writers = os.path.join(place, ".vqe-writers")
    check(mode(writers) == 0o600, f"{writers} has mode {mode(writers):o}")
    os.chmod(writers, 0o644)  # as earlier versions made it
    with open(writers, "rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        for words in (["normalize", "h2.h5", "-w", place], ["compact", place],
                      ["expire", place, "--older-than", "0d"]):
            done = subprocess.run(
                [LAKE, *words, "--lock-wait", "0.3"], cwd=folder.path, timeout=60,
                env=harness.environment(), capture_output=True, text=True, check=False)
            text = harness.unfolded(done.stderr)
            check(done.returncode == 1 and ".vqe-writers' locked" in text
                  and "try again" in text, f"{words}: {done.returncode} {text}")
    check(mode(writers) == 0o600, f"{writers} keeps mode {mode(writers):o}")


def core_dumps(folder):
    """The limit of dumps, before and after a secret was read."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if hard not in (resource.RLIM_INFINITY,) and hard < 1 << 20:
        print("skipped: dumps are off here for all")
        return
    words = ["query", LONG, "-w"]
    lake = Lake(folder, [*words, "h2.warehouse"], dumps=True)
    wait_until(lambda: temporary_folders(folder), "a folder")
    check(lake.core_limit() not in ("0", "1"), "no dumps without secrets")
    lake.end(signal.SIGKILL)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        for extra, expected in (({}, True), ({"VQE_CORE_DUMPS": "1"}, False)):
            lake = Lake(folder, [*words, "s3://bucket/warehouse"], dumps=True,
                        AWS_ENDPOINT_URL=endpoint, **SECRETS, **extra)
            asked, _ = server.accept()
            check((lake.core_limit() == "1") == expected,
                  f"the limit of dumps with secrets is {lake.core_limit()}")
            # a dump that is allowed is not made, as it would be large
            lake.end(signal.SIGSEGV if expected else signal.SIGKILL)
            asked.close()
            check(expected is False or not glob.glob(folder.file("core*")),
                  "a crash with secrets left a dump")
        for path in glob.glob(folder.file("core*")):
            os.remove(path)


def journal_and_spool(folder):
    os.umask(0o022)
    folder.write("long.json", {"molecules": [harness.LIH], "seed": list(range(200))})
    process = harness.start(folder, 0, "long.json", "--no-lake", "-q", "-t", "1",
                            "--lanes", "1")
    harness.wait_for(process, lambda: harness.journal_bytes(folder, "long.h5") > 0,
                     "the journal")
    process.kill()
    process.wait()
    lock = folder.file("long.h5.lock")
    check(mode(lock) == 0o600, f"the lock has mode {mode(lock):o}")
    journal = folder.file("long.h5.journal")
    check(mode(journal) == 0o700, f"the journal has mode {mode(journal):o}")
    subprocess.run([LAKE, "publish", "h2.h5", "--spool", "spool", "--brokers",
                    "127.0.0.1:1", "--registry", "http://127.0.0.1:1"],
                   cwd=folder.path, env=harness.environment(), capture_output=True,
                   check=False)
    spool = folder.file("spool")
    check(mode(spool) == 0o700, f"the spool has mode {mode(spool):o}")
    check(glob.glob(spool + "/*") != [], "nothing is in the spool")
    # results are there to be shared
    check(mode(folder.file("h2.h5")) == 0o644, f"{mode(folder.file('h2.h5')):o}")


def main():
    with harness.Folder() as folder:
        folder.write("h2.json", {"molecules": [harness.H2]})
        os.umask(0o022)
        folder.run("h2.json", "-q")
        journal_and_spool(folder)
        killed_runs(folder)
        beside_a_warehouse(folder)
        locks_of_readers(folder)
        core_dumps(folder)
    print("private, and gone with the next run; no dump with secrets")


if not os.path.exists(LAKE):
    print("skipped: no vqe_lake beside vqe_batch")
    sys.exit(harness.SKIPPED)
main()
