#!/usr/bin/env python3
"""No program and no library looks for libraries where others could put theirs:
every ELF file of the builds and of an installation by readelf, and planted
libraries in the current folder, plain and under mpirun. Nor does a job file
name one that librdkafka loads, nor does Open MPI find plugins there without HOME.

An empty entry of a RUNPATH is the current folder: a job folder with a
libnlopt.so.0 ran its code in whoever started vqe_batch there.
"""

import glob
import os
import re
import shutil
import stat
import subprocess
import sys

import harness
from harness import check

BUILD = os.path.dirname(harness.BATCH)
PLANT = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void run(void)
{
  const char *path = getenv("VQE_TEST_MARK");
  if (path != NULL) {
    close(open(path, O_CREAT | O_WRONLY, 0600));
  }
}
"""


def is_elf(path):
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as stream:
        return stream.read(4) == b"\x7fELF" and not path.endswith(".o")


def elf_files(folder):
    """Programs and shared libraries below `folder`, no objects."""
    return sorted(
        path
        for path in glob.glob(os.path.join(folder, "**", "*"), recursive=True)
        if "/CMakeFiles/" not in path and is_elf(path)
    )


def dynamic(path):
    """NEEDED names and entries of RPATH and RUNPATH."""
    text = subprocess.run(
        ["readelf", "-dW", path], capture_output=True, text=True, check=True
    ).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    paths = re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", text)
    return needed, [entry for one in paths for entry in one.split(":")]


def writers(path):
    """Who else may change what is found at `path`; None: nobody. A folder that
    is not there is what its nearest ancestor lets others make it."""
    path = os.path.realpath(path)
    if os.path.isdir(path):
        info = os.stat(path)
        if info.st_uid not in (0, os.getuid()):
            return f"{path} belongs to user {info.st_uid}"
        if info.st_mode & 0o022:
            return f"{path} has mode {stat.S_IMODE(info.st_mode):o}"
    else:
        while not os.path.isdir(path):
            path = os.path.dirname(path)
        if os.stat(path).st_mode & 0o002:
            return f"others may make it in {path}"
    while path != "/":
        path = os.path.dirname(path)
        mode = os.stat(path).st_mode
        if mode & 0o002 and not mode & stat.S_ISVTX:
            return f"{path} has mode {stat.S_IMODE(mode):o}"
    return None


def fault(path, entry):
    """What is wrong with an entry of a path; None: nothing."""
    if entry == "":
        return "an empty entry, which is the current folder"
    if entry.startswith("$ORIGIN"):
        entry = os.path.dirname(path) + entry[len("$ORIGIN") :]
    elif not entry.startswith("/"):
        return f"a relative entry {entry}"
    return writers(entry)


def check_file(path):
    needed, entries = dynamic(path)
    for name in needed:
        check("/" not in name, f"{path} needs a library by its path: {name}")
    for entry in entries:
        wrong = fault(path, entry)
        check(wrong is None, f"{path}: {':'.join(entries)}: {wrong}")
    return needed, entries


def check_builds():
    """Every build that is there, whichever the tiers before made."""
    count = 0
    folders = set(glob.glob(os.path.join(harness.ROOT, "build", "*", "vqe_batch")))
    for program in sorted(folders | {harness.BATCH}):
        files = elf_files(os.path.dirname(program))
        # a build of the programs alone has three
        check(len(files) > 1, f"{len(files)} ELF files in {os.path.dirname(program)}")
        for path in files:
            check_file(path)
        count += len(files)
    return count


def check_faults_are_found(folder):
    """What the test is there for, in libraries made for it."""
    open_to_all = folder.file("open")
    os.mkdir(open_to_all)
    os.chmod(open_to_all, 0o777)
    source = folder.write("empty.c", "int empty(void);\nint empty(void) { return 0; }\n")
    for entry in ("/usr/lib:", ":/usr/lib", "lib", "$ORIGIN/open", open_to_all,
                  os.path.join(open_to_all, "later")):
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-o", "faulty.so", source, f"-Wl,-rpath,{entry}"],
            cwd=folder.path, check=True)
        path = folder.file("faulty.so")
        entries = dynamic(path)[1]
        check(any(fault(path, one) for one in entries), f"{entry} passes: {entries}")


def install(folder):
    """An installation whose files need nothing of the checkout."""
    prefix = folder.file("prefix")
    subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix],
                   stdout=subprocess.DEVNULL, check=True)
    files = elf_files(prefix)
    for name in ("vqe_batch", "vqe_lake", "libvqe.so"):
        check(any(os.path.basename(path).startswith(name) for path in files),
              f"{name} is not installed: {files}")
    for path in files:
        for entry in check_file(path)[1]:
            check(not entry.startswith(harness.ROOT + os.sep),
                  f"{path} looks into the checkout: {entry}")
    return prefix, len(files)


def plant(folder, names):
    """Libraries of these names, which mark that they were loaded."""
    folder.write("plant.c", PLANT)
    for name in names:
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-o", name, f"-Wl,-soname,{name}", "plant.c"],
            cwd=folder.path, check=True)


def loaded(folder, words, **more):
    """Does a start in the folder load what is planted there?"""
    mark = folder.file("mark")
    env = {**harness.environment(), "VQE_TEST_MARK": mark}
    env.pop("LD_LIBRARY_PATH", None)
    env.update(more)
    done = subprocess.run(words, cwd=folder.path, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120, check=False)
    was = os.path.exists(mark)
    if was:
        os.remove(mark)
    return was, done


def check_planted(folder, programs):
    needed = set()
    for program in programs:
        needed.update(dynamic(program)[0])
    # those of the C library come from its own folder in every case
    names = sorted(name for name in needed if not name.startswith(("ld-", "libc.")))
    check("libnlopt.so.0" in names, f"no libnlopt among {names}")
    plant(folder, names)
    # they lack what programs need, so that a start that loads one may fail first
    was, done = loaded(folder, [programs[0], "--version"], LD_LIBRARY_PATH=folder.path)
    check(was or done.returncode != 0,
          "what is planted is not loaded by LD_LIBRARY_PATH either")
    for program in programs:
        launchers = [[]]
        if os.path.basename(program) == "vqe_batch":
            launchers.append([os.environ.get("MPIRUN", "mpirun"), "-np", "1"])
        for launcher in launchers:
            words = [*launcher, program, "--version"]
            was, done = loaded(folder, words)
            check(not was, f"{' '.join(words)} loads libraries of the current folder")
            check(done.returncode == 0, f"{words}: {done.stdout}{done.stderr}")
    return len(names)


def check_home(folder):
    """Without HOME, Open MPI would read "(null)/.openmpi" of the current folder:
    its settings, and with them plugins of any place."""
    os.makedirs(folder.file("(null)/.openmpi"))
    folder.write("(null)/.openmpi/mca-params.conf", "mpi_show_mca_params = all\n")
    folder.write("job.json", {"molecules": [harness.H2]})
    words = [harness.BATCH, "job.json", "--no-lake", "-q", "-o", "r.h5", "--force"]
    env = {name: value for name, value in harness.environment().items()
           if name != "HOME"}
    for home, expected in ((folder.file("(null)"), True), (None, False)):
        more = {} if home is None else {"HOME": home}
        done = subprocess.run(words, cwd=folder.path, env={**env, **more},
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120, check=False)
        check(done.returncode == 0, f"HOME {home}: {done.stdout}{done.stderr}")
        said = done.stdout + done.stderr
        check(("mca_base_component_path" in said) == expected,
              f"HOME {home}: settings of Open MPI are read: {said[:400]}")


def check_properties(folder):
    """A job file has librdkafka load no library and run no command."""
    plant(folder, ["plugin.so"])
    for name, value in (
        ("plugin.library.paths", folder.file("plugin.so")),
        ("ssl.engine.location", folder.file("plugin.so")),
        ("sasl.kerberos.kinit.cmd", f"touch {folder.file('mark')}"),
    ):
        folder.write("job.json", {
            "molecules": [harness.H2],
            "registry": "http://127.0.0.1:1",
            "kafka": {"brokers": "127.0.0.1:1", "properties": {name: value}}})
        was, done = loaded(folder, [harness.BATCH, "job.json", "--no-lake", "-q"])
        check(not was, f"{name} of a job file is run")
        said = harness.unfolded(done.stderr)
        check(done.returncode == 2 and name in said and
              "VQE_KAFKA_PROPERTIES_FILE" in said, f"{name}: {done.returncode} {said}")
    # that of the environment is the user's own
    folder.write("mine.json", {"plugin.library.paths": folder.file("plugin.so")})
    folder.write("job.json", {"molecules": [harness.H2],
                              "registry": "http://127.0.0.1:1",
                              "kafka": {"brokers": "127.0.0.1:1"}})
    was, _ = loaded(folder, [harness.BATCH, "job.json", "--no-lake", "-q"],
                    VQE_KAFKA_PROPERTIES_FILE=folder.file("mine.json"))
    check(was, "the user's own file cannot name a plugin either")


def main():
    if not all(map(shutil.which, ("readelf", "cc", "cmake"))):
        print("skipped: needs readelf, cc and cmake")
        sys.exit(harness.SKIPPED)
    with harness.Folder() as folder:
        check_faults_are_found(folder)
        built = check_builds()
        prefix, installed = install(folder)
        with harness.Folder() as job:
            planted = check_planted(job, [
                harness.BATCH, os.path.join(BUILD, "vqe_lake"),
                os.path.join(prefix, "bin", "vqe_batch"),
                os.path.join(prefix, "bin", "vqe_lake")])
        with harness.Folder() as job:
            check_properties(job)
        with harness.Folder() as job:
            check_home(job)
    print(f"{built} files of builds and {installed} of an installation;"
          f" {planted} libraries planted, none loaded")


main()
