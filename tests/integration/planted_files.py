#!/usr/bin/env python3
"""Files that others put where a run looks or writes: links under the names of
temporary files lead no write elsewhere; journals, spooled records and locks of
another user, and journals behind links, are refused with the remedy, as are
results of another user, whatever is his in the folder of a campaign, and outputs behind links that another user made; pipes
of others are neither read nor written, and none is waited for in the folder of
a campaign; files of molecules name no other files; an evaluation of a journal that is not what is computed there does not decide a
result; energies below what is possible are noted; what crashed writers left is
removed.

VQE_BATCH and VQE_LAKE name the programs. Without root nothing of another user
is made.
"""

import glob
import os
import shutil
import signal
import struct
import subprocess
import zlib

import harness
from harness import check, journal_bytes, start, unfolded, wait_for

h5py = harness.h5py_or_skip()

LAKE = os.path.abspath(os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"))
VICTIM = "what the user has\n"
NOBODY = 65534


def lake(folder, *arguments, status=0):
    done = subprocess.run([LAKE, *arguments], cwd=folder.path, capture_output=True,
                          text=True, timeout=300, check=False,
                          stdin=subprocess.DEVNULL, env=harness.environment())
    check(done.returncode == status,
          f"{arguments}: {done.returncode} {done.stdout} {done.stderr}")
    return unfolded(done.stdout + done.stderr)


def victim_is_whole(folder, what):
    with open(folder.file("victim"), encoding="utf-8") as file:
        check(file.read() == VICTIM, f"{what}: a planted link was written through")


def planted_links(folder):
    """Links under every name that could be guessed: that of the result, and
    with the number of the process."""
    os.mkdir(folder.file("shared"))
    folder.write("victim", VICTIM)
    names = ["r.h5.tmp", "r.h5.part", "t.json.tmp"]
    for pid in range(os.getpid(), os.getpid() + 3000):
        names += [f"{name}.{pid % 4194304}.tmp"
                  for name in ("r.h5", "s.json", "q.json", "t.txt")]
    for name in names:
        os.symlink("../victim", folder.file("shared/" + name))
    folder.run("job.json", "-q", "--no-lake", "-o", "shared/r.h5", "--summary",
               "shared/s.json", "--qcschema", "shared/q.json")
    victim_is_whole(folder, "vqe_batch")
    lake(folder, "normalize", "shared/r.h5", "--warehouse", "shared/tables",
         "--summary", "shared/s.json")
    lake(folder, "query", "SELECT 1", "--warehouse", "shared/tables",
         "-o", "shared/t.txt")
    victim_is_whole(folder, "vqe_lake")
    for name in ("r.h5", "s.json", "q.json", "t.txt"):
        path = folder.file("shared/" + name)
        check(os.path.isfile(path) and not os.path.islink(path), name)
    left = [name for name in os.listdir(folder.file("shared"))
            if not os.path.islink(folder.file("shared/" + name))]
    check(sorted(left) == ["q.json", "r.h5", "s.json", "t.txt", "tables"],
          f"left: {left}")


def left_files(folder):
    """What a killed writer left is found and removed; what another writes, and
    what is nobody's, stays."""
    ours = ["c.h5.0123456789abcdef.tmp", "c.json.00000000000000aa.tmp"]
    others = ["c.h5.backup.tmp", "other.h5.0123456789abcdef.tmp"]
    for name in ours + others:
        folder.write(name, "torn")
    folder.run("job.json", "-q", "--no-lake", "-o", "c.h5", "--summary", "c.json")
    for name in ours:
        check(not os.path.exists(folder.file(name)), f"{name} is left")
    for name in others:
        check(os.path.exists(folder.file(name)), f"{name} is gone")


def kill_one(folder, output):
    """A run that died with evaluations in its journal."""
    running = start(folder, 0, "long.json", "--threads", 1, "-q", "--no-lake", "-o",
                    output)
    wait_for(running, lambda: journal_bytes(folder, output) > 20000, "a journal")
    running.kill()
    running.communicate(timeout=60)
    os.unlink(folder.file(output + ".lock"))
    paths = glob.glob(folder.file(output + ".journal/*.vqej"))
    check(len(paths) == 1, paths)
    return paths[0]


def frames(data):
    """Start and end of each whole frame of a journal, and its type."""
    at = 0
    while at + 20 <= len(data) and data[at:at + 4] == b"VQEJ":
        kind, size = struct.unpack_from("<IQ", data, at + 4)
        if at + 20 + size > len(data):
            return
        yield at, at + 16 + size, kind
        at += 20 + size


def forge(path, choose):
    """-999 hartree as the energy of one evaluation, with a right checksum."""
    with open(path, "rb") as stream:
        data = bytearray(stream.read())
    found = [(begin, end) for begin, end, kind in frames(data) if kind == 2]
    begin, end = found[choose(len(found))]
    struct.pack_into("<d", data, begin + 16 + 64 + 12, -999.0)
    struct.pack_into("<I", data, end, zlib.crc32(data[begin + 4:end]))
    with open(path, "wb") as stream:
        stream.write(data[:found[-1][1] + 4])
    return len(found)


def forged_evaluations(folder):
    """The last one is computed again, and so is a minimum from the journal."""
    folder.run("long.json", "--threads", 1, "-q", "--no-lake", "-o", "whole.h5")
    places = {"last": lambda n: n - 1, "first": lambda n: 0,
              "middle": lambda n: n // 2}
    for place, choose in places.items():
        output = f"{place}.h5"
        path = kill_one(folder, output)
        forge(path, choose)
        done = folder.run("long.json", "--threads", 1, "-q", "--no-lake", "-o", output)
        text = unfolded(done.stdout + done.stderr)
        check("-999" in text and "starts afresh" in text and ".refused-1" in text,
              f"{place}: {text}")
        check(os.path.exists(path + ".refused-1"), f"{place}: the journal is kept")
        harness.check_same(folder.file("whole.h5"), folder.file(output), place)
    # one that holds what was computed is taken over without a word
    kill_one(folder, "good.h5")
    done = folder.run("long.json", "--threads", 1, "-q", "--no-lake", "-o", "good.h5")
    check("afresh" not in done.stderr, done.stderr)
    harness.check_same(folder.file("whole.h5"), folder.file("good.h5"), "resumed")
    check(not os.path.exists(folder.file("good.h5.journal")), "the journal goes")


def impossible_energies(folder):
    """A result that was read and lies below what is possible says so."""
    for known, code in ((True, "below_exact"), (False, "far_below_start")):
        folder.run("job.json", "-q", "--no-lake", "-o", "low.h5", "--force")
        with h5py.File(folder.file("low.h5"), "r+") as file:
            rows = file["results"][:]
            rows["minimum"] = -999.0
            if not known:
                rows["fci_energy"] = float("nan")
            file["results"][:] = rows
        row, = folder.summary("job.json", "-q", "--no-lake", "-o", "low.h5")
        check(row["restored"], "restored")
        check(any(code in str(note) for note in row["notes"]), f"{code}: {row}")


def links_and_pipes(folder):
    """Journals behind links, and pipes, that would be waited for."""
    path = kill_one(folder, "linked.h5")
    os.rename(path, folder.file("away.vqej"))
    os.symlink("../away.vqej", path)
    done = folder.run("long.json", "-q", "--no-lake", "-o", "linked.h5", status=2)
    check("symbolic link" in unfolded(done.stderr), done.stderr)
    os.unlink(path)
    os.mkfifo(path)
    done = folder.run("long.json", "-q", "--no-lake", "-o", "linked.h5", status=2,
                      timeout=60)
    check("regular file" in unfolded(done.stderr), done.stderr)


def refused_as_of_another(folder, words, named):
    done = folder.run(*words, status=2)
    text = unfolded(done.stderr)
    check("belongs to" in text and "nobody" in text and named in text,
          f"{words}: {text}")


def links_of_others(folder):
    """Nothing is written through a link that another user has made."""
    os.mkdir(folder.file("sticky"))
    folder.write("victim", VICTIM)
    for name in ("r.h5", "s.json", "q.json", "f.fci", "t.csv"):
        os.symlink("../victim", folder.file("sticky/" + name))
    os.symlink("../moved.h5", folder.file("sticky/new.h5"))
    os.symlink("..", folder.file("sticky/tables"))
    for name in os.listdir(folder.file("sticky")):
        os.chown(folder.file("sticky/" + name), NOBODY, NOBODY, follow_symlinks=False)
    job = ["job.json", "-q", "--no-lake"]
    for words in ([*job, "-o", "sticky/r.h5"], [*job, "-o", "sticky/new.h5"],
                  [*job, "-o", "fine.h5", "--summary", "sticky/s.json"],
                  [*job, "-o", "fine.h5", "--qcschema", "sticky/q.json"],
                  ["job.json", "--hamiltonian", "sticky/q.json"],
                  ["job.json", "--hamiltonian", "sticky/r.h5"],
                  ["job.json", "--fcidump", "sticky/f.fci"]):
        text = unfolded(folder.run(*words, status=2).stderr)
        check("symbolic link of another user" in text, f"{words}: {text}")
        victim_is_whole(folder, words)
    check(not glob.glob(folder.file("moved.h5*")), "written where the link leads")
    folder.run(*job, "-o", "fine.h5")
    for words in (["normalize", "fine.h5", "--warehouse", "sticky/tables"],
                  ["query", "SELECT 1", "--warehouse", "shared/tables", "-o",
                   "sticky/t.csv"]):
        text = lake(folder, *words, status=2)
        check("symbolic link of another user" in text, f"{words}: {text}")
        victim_is_whole(folder, words)


def pipes_of_others(folder):
    """A pipe that another user made is neither read nor written: the one would
    wait for ever, the other hand the results over."""
    for name in ("p.json", "p.csv", "job.json"):
        os.mkfifo(folder.file("sticky/" + name), 0o666)
        os.chown(folder.file("sticky/" + name), NOBODY, NOBODY)
    job = ["job.json", "-q", "--no-lake", "-o", "fine.h5", "--force"]
    for words in ([*job, "--summary", "sticky/p.json"],
                  [*job, "--qcschema", "sticky/p.json"],
                  ["sticky/job.json", "-q", "--no-lake"]):
        text = unfolded(folder.run(*words, status=2, timeout=60).stderr)
        check("pipe of another user" in text, f"{words}: {text}")
    for words in (["query", "SELECT 1", "--warehouse", "shared/tables", "-o",
                   "sticky/p.csv"],
                  ["normalize", "fine.h5", "--warehouse", "shared/tables",
                   "--summary", "sticky/p.json"]):
        text = lake(folder, *words, status=2)
        check("pipe of another user" in text, f"{words}: {text}")
    # a folder of a campaign is not reached through such a link
    os.mkdir(folder.file("mine"))
    folder.write("mine/part-0001.json", "mine")
    os.symlink("../mine", folder.file("sticky/campaign"))
    os.chown(folder.file("sticky/campaign"), NOBODY, NOBODY, follow_symlinks=False)
    for place in ("sticky/campaign", "sticky/campaign/"):
        text = unfolded(folder.run("generate", 1, "-o", place, status=2).stderr)
        check("symbolic link of another user" in text, text)
    check(os.listdir(folder.file("mine")) == ["part-0001.json"], "mine was changed")


def campaign_pipes(folder):
    """What stands in the folder of a campaign is not waited for, and one file
    that cannot be read leaves the others."""
    folder.run("generate", 1, "-o", "campaign", "--parts", "2", "--memory", "4")
    for name in ("part-0002.json", "tier.json", "set_aside.json"):
        path = folder.file("campaign/" + name)
        os.rename(path, folder.file("kept"))
        os.mkfifo(path)
        done = folder.run("status", "campaign", status=None, timeout=60)
        text = unfolded(done.stdout + done.stderr)
        check("experiments" in text, f"{name}: {done.returncode} {text}")
        check(name == "tier.json" or (done.returncode == 1 and name in done.stderr),
              f"{name}: {done.returncode} {text}")
        os.remove(path)
        os.rename(folder.file("kept"), path)
    os.remove(folder.file("campaign/parts.tsv"))
    os.mkfifo(folder.file("campaign/parts.tsv"))
    folder.run("generate", 1, "-o", "campaign", "--parts", "2", "--memory", "4",
               timeout=60)
    check(os.path.isfile(folder.file("campaign/parts.tsv")), "parts.tsv is a pipe")
    for content in ("{", None):
        bad = folder.file("campaign/part-0009.json")
        if content is None:
            os.remove(bad)
            os.mkdir(bad)
        else:
            folder.write("campaign/part-0009.json", content)
        done = folder.run("status", "campaign", status=1, timeout=60)
        check("part-0009.json" in unfolded(done.stderr) and
              "experiments" in done.stdout, f"{done.stdout}{done.stderr}")


def campaign_of_others(folder):
    """What another user put into the folder of a campaign is neither read for
    the campaign nor replaced or removed."""
    words = ["generate", 1, "-o", "common", "--parts", "2", "--memory", "4"]
    folder.run(*words)
    os.chmod(folder.file("common"), 0o777)
    names = sorted(os.listdir(folder.file("common")))
    check("tier.json" in names and "part-0002.json" in names, names)
    folder.run("job.json", "-q", "--no-lake", "-o", "common/part-0001.h5")
    os.mkdir(folder.file("common/part-0002.h5.journal"))
    before = contents(folder, "common")
    for name in (*names, "part-0001.h5", "part-0002.h5.journal"):
        os.chown(folder.file("common/" + name), NOBODY, NOBODY)
        refused_as_of_another(folder, words, name)
        check(contents(folder, "common") == before, f"{name}: the folder was changed")
        os.chown(folder.file("common/" + name), 0, 0)
    os.rmdir(folder.file("common/part-0002.h5.journal"))
    folder.run(*words)


def contents(folder, name):
    found = {}
    for entry in os.scandir(folder.file(name)):
        if entry.is_file():
            with open(entry.path, "rb") as stream:
                found[entry.name] = stream.read()
    return found


def molecules_name_no_files(folder):
    """The basis of a QCSchema input is a set that we have, and no path."""
    folder.write("secret", "of-the-user alone\n")
    os.mkfifo(folder.file("pipe"))
    for basis in ("secret", "pipe", folder.file("secret"), "../secret"):
        folder.write("schema.json", {
            "schema_name": "qcschema_input", "schema_version": 1, "driver": "energy",
            "model": {"method": "vqe", "basis": basis},
            "molecule": {"symbols": ["H", "H"], "geometry": [0, 0, 0, 0, 0, 1.4]},
            "keywords": {}})
        done = folder.run("schema.json", "-q", "--no-lake", "-o", "schema.h5",
                          status=None, timeout=60)
        text = unfolded(done.stdout + done.stderr)
        check(done.returncode != 0 and "comes with the program" in text and
              "of-the-user" not in text, text)
        folder.run("schema.json", "-q", "--no-lake", "-o", "schema.h5", "--basis",
                   "sto-3g", "--force", timeout=60)


def files_of_others(folder):
    """Journals, their folder, locks and spooled records of another user."""
    words = ["long.json", "-q", "--no-lake", "-o", "theirs.h5"]
    path = kill_one(folder, "theirs.h5")
    os.chown(path, NOBODY, NOBODY)
    refused_as_of_another(folder, words, "run-0000-rank-00000.vqej")
    os.chown(path, 0, 0)
    os.chown(os.path.dirname(path), NOBODY, NOBODY)
    refused_as_of_another(folder, words, "theirs.h5.journal")
    os.chown(os.path.dirname(path), 0, 0)
    shutil.rmtree(os.path.dirname(path))
    folder.write("theirs.h5.lock", "")
    os.chown(folder.file("theirs.h5.lock"), NOBODY, NOBODY)
    refused_as_of_another(folder, words, "theirs.h5.lock")
    os.unlink(folder.file("theirs.h5.lock"))

    # a result that another has put there decides nothing
    folder.run("job.json", "-q", "--no-lake", "-o", "result.h5")
    os.chown(folder.file("result.h5"), NOBODY, NOBODY)
    refused_as_of_another(folder, ["job.json", "-q", "--no-lake", "-o", "result.h5"],
                          "result.h5")
    links_of_others(folder)
    pipes_of_others(folder)
    campaign_of_others(folder)

    # two spooled records, of which one is another's: the other is taken
    folder.write("two.json", {"molecules": [harness.H2], "seed": [1, 2],
                              "init": "random"})
    nowhere = ["--kafka", "--brokers", "127.0.0.1:1", "--registry",
               "http://127.0.0.1:1"]
    folder.run("two.json", "-q", "--no-lake", *nowhere, "--spool", "spool", "-o",
               "spooled.h5", status=None, timeout=120)
    os.chown(folder.file("spool"), NOBODY, NOBODY)
    refused_as_of_another(
        folder, ["two.json", "-q", "--no-lake", *nowhere, "--spool", "spool", "--force"],
        "spool")
    os.chown(folder.file("spool"), 0, 0)
    names = sorted(glob.glob(folder.file("spool/*.vqes")))
    check(len(names) == 2, f"spooled: {names}")
    os.chown(names[0], NOBODY, NOBODY)
    text = lake(folder, "normalize", "spool", "--warehouse", "spooled", status=1)
    check("belongs to" in text and os.path.basename(names[0])[:16] in text, text)
    text = lake(folder, "query", "SELECT count(*) AS n FROM vqe_results",
                "--warehouse", "spooled", "--format", "csv")
    check(text.split()[-1] == "1", text)


with harness.Folder() as folder:
    folder.write("job.json", {"molecules": [harness.H2], "seed": 1})
    folder.write("long.json", {
        "molecules": [harness.LIH], "seed": 1,
        "ansatz": {"name": "EfficientSU2", "reps": 3},
        "optimizer": {"name": "COBYLA", "max_evaluations": 6000, "ftol": 0}})
    planted_links(folder)
    left_files(folder)
    forged_evaluations(folder)
    impossible_energies(folder)
    links_and_pipes(folder)
    campaign_pipes(folder)
    molecules_name_no_files(folder)
    said = "without files of another user, as this is not root"
    if os.geteuid() == 0:
        files_of_others(folder)
        said = "files of another user are refused"
print("planted links, journals and energies:", said)
