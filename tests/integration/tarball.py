#!/usr/bin/env python3
"""The tarball of jobs/package, unpacked elsewhere, needs nothing of the checkout
and of the machine but the C library: all that is loaded is its own, plugins of
Open MPI too. It computes, alone, under its own mpirun, on other
nodes too, and under the machine's, and makes and queries tables. Packed twice it has the same bytes; its list of
contents (SPDX) names each file with its hash, and each library with its version
and licence.

A build of its own, small, in roots of other systems: tests/long/package_roots.sh.
"""

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile

import harness
from harness import check

PACKAGE = os.path.join(harness.ROOT, "jobs", "package")
sys.path.insert(0, PACKAGE)
sys.dont_write_bytecode = True
from elf_closure import GLIBC  # noqa: E402

BUILD = os.path.dirname(harness.BATCH)
JOB = {"molecules": [harness.H2, harness.LIH], "seed": 1}
# where this machine has the same libraries
MACHINE = os.path.dirname(subprocess.run(
    ["cc", "-print-file-name=libz.so"], capture_output=True, text=True,
    check=False).stdout)
ENERGIES = {"H2": -1.13727017, "LiH": -7.88239277}


def pack(out, *, umask=0o022):
    """Pack this build into a folder; the path of the tarball."""
    done = subprocess.run(
        [os.path.join(PACKAGE, "tarball.sh"), "--build", BUILD, "--fast", "--out", out],
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}, umask=umask,
        capture_output=True, text=True, timeout=300, check=False)
    check(done.returncode == 0, f"tarball.sh: {done.stdout}{done.stderr}")
    check("bundle: no text" not in done.stderr, done.stderr)
    check("licences.json" not in done.stderr, done.stderr)
    names = [name for name in os.listdir(out) if name.endswith(".tar.gz")]
    check(len(names) == 1 and len(os.listdir(out)) == 2, f"{os.listdir(out)}")
    return os.path.join(out, names[0])


def check_members(path):
    """Owners, times, order and modes depend on nothing of this machine."""
    with tarfile.open(path) as tar:
        members = tar.getmembers()
    names = [member.name for member in members]
    check(names == sorted(names), "members are not sorted")
    top = names[0]
    for one in members:
        check(one.uid == 0 and one.gid == 0 and one.uname == "" and one.gname == "",
              f"{one.name} has an owner")
        check(one.mtime == 1700000000, f"{one.name}: time {one.mtime}")
        check(one.name == top or one.name.startswith(top + "/"), one.name)
        check(one.mode & 0o7022 == 0, f"{one.name} has mode {one.mode:o}")
        check(not one.issym() or not one.linkname.startswith("/"),
              f"{one.name} leads to {one.linkname}")
    return top, len(members)


def run(words, folder, *, loaded=None, status=0, **more):
    """Run without anything of this machine's environment; the list of files that
    the loader mapped goes to `loaded`."""
    env = {"PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": folder,
           "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
           "OPENBLAS_NUM_THREADS": "1", **more}
    trace = os.path.join(folder, "trace")
    if loaded is not None:
        env |= {"LD_DEBUG": "files", "LD_DEBUG_OUTPUT": trace}
    done = subprocess.run(words, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120, check=False)
    check(done.returncode == status,
          f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    if loaded is not None:
        for name in os.listdir(folder):
            if name.startswith("trace."):
                with open(os.path.join(folder, name), errors="replace") as stream:
                    loaded.update(re.findall(r"calling init: (/\S+)", stream.read()))
                os.remove(os.path.join(folder, name))
    return done


def check_loaded(loaded, top, *, foreign=r"$^"):
    """All that was loaded is the bundle's, or the C library's."""
    ours = 0
    for path in loaded:
        name = os.path.basename(path)
        # the shell and mpirun's helpers are the machine's own programs
        if os.path.realpath(path).startswith(top + os.sep):
            ours += 1
        else:
            check(GLIBC.match(name) or re.search(foreign, path),
                  f"{path} is loaded from this machine")
    return ours


def energies_of(folder, name):
    with open(os.path.join(folder, name)) as stream:
        return {row["name"]: row["energy"] for row in json.load(stream)}


def check_energies(folder, name):
    found = energies_of(folder, name)
    for molecule, energy in ENERGIES.items():
        check(abs(found[molecule] - energy) < 1e-6, f"{molecule}: {found[molecule]}")


def check_runs(top, folder):
    """Alone, by either mpirun, and tables."""
    batch, lake = (os.path.join(top, "bin", name) for name in ("vqe_batch", "vqe_lake"))
    folder.write("job.json", JOB)
    # the shell that starts it is not traced by what its name is not
    shell = r"/(libtinfo|libselinux|libpcre2-8|libreadline)\.so"
    loaded = set()
    run([batch, "job.json", "-q", "-o", "a.h5", "--summary", "a.json", "--no-lake"],
        folder.path, loaded=loaded)
    check_energies(folder.path, "a.json")
    ours = check_loaded(loaded, top, foreign=shell)
    check(any("/openmpi/" in path and "mca_" in path for path in loaded),
          f"no plugin of Open MPI among {ours}")
    loaded = set()
    # a site's folder of libraries of the same names takes the place of none
    run([os.path.join(top, "bin", "mpirun"), "--oversubscribe", "-np", "2", batch,
         "job.json", "-q", "-o", "b.h5", "--summary", "b.json"],
        folder.path, loaded=loaded, LD_LIBRARY_PATH=MACHINE)
    check_energies(folder.path, "b.json")
    ours = check_loaded(loaded, top, foreign=shell)
    check(ours > 40, f"{ours} files of the bundle are loaded")
    run([lake, "normalize", "a.h5", "-w", "tables"], folder.path)
    run([lake, "featurize", "tables"], folder.path)
    loaded = set()
    done = run([lake, "query", "SELECT count(*) AS n FROM ml_run_summary", "-w",
                "tables", "-f", "csv"], folder.path, loaded=loaded)
    check(done.stdout.split() == ["n", "2"], done.stdout)
    check_loaded(loaded, top, foreign=shell)
    return ours


def check_machine_mpi(top, folder):
    """Ranks that the machine's mpirun starts take its library."""
    mpirun = shutil.which(os.environ.get("MPIRUN", "mpirun"))
    if mpirun is None:
        return
    batch = os.path.join(top, "bin", "vqe_batch")
    words = [batch, "job.json", "-q", "--no-lake", "--force"]
    for more, start, name in (
        ({}, [mpirun, "--oversubscribe", "-np", "2"], "c"),
        ({"VQE_MPI": "system"}, [], "d"),
    ):
        loaded = set()
        run([*start, *words, "-o", name + ".h5", "--summary", name + ".json"],
            folder.path, loaded=loaded, **more)
        check_energies(folder.path, name + ".json")
        mpi = {path for path in loaded if "libmpi.so" in path}
        check(len(mpi) == 1 and not mpi.pop().startswith(top), f"{name}: {mpi}")
    # two ranks of one job, not two jobs: one result of both molecules
    done = run([batch, "--version"], folder.path, status=2, VQE_MPI="mine")
    check("VQE_MPI is own or system" in done.stderr, done.stderr)


def check_nodes(top, folder):
    """Ranks on other machines, which a stand-in for ssh plays: what Open MPI sends
    there finds the bundle's own parts in a bare environment."""
    agent = folder.file("agent")
    with open(agent, "w") as stream:
        stream.write("""#!/bin/bash
while [[ $1 == -* ]]; do shift; done
echo "$1" >>nodes
shift
exec env -i HOME="$HOME" PATH=/usr/bin:/bin OMPI_ALLOW_RUN_AS_ROOT=1 \\
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 bash -c "$*"
""")
    os.chmod(agent, 0o755)
    # daemons fault now and then where the topology's copy goes below the stack
    run([os.path.join(top, "bin", "mpirun"), "--mca", "plm_rsh_agent", agent,
         "--mca", "rtc_hwloc_vmhole", "none", "-H",
         "node-a:1,node-b:1", "-np", "2", os.path.join(top, "bin", "vqe_batch"),
         "job.json", "-q", "--no-lake", "-o", "g.h5", "--summary", "g.json"],
        folder.path)
    check_energies(folder.path, "g.json")
    with open(folder.file("nodes")) as stream:
        nodes = sorted(stream.read().split())
    check(nodes == ["node-a", "node-b"], f"{nodes}")


def check_list(top):
    """The list names what is there, no more and no less."""
    inside = "share/doc/vqe-batch"
    with open(os.path.join(top, inside, "sbom.spdx.json")) as stream:
        text = json.load(stream)
    check(text["spdxVersion"] == "SPDX-2.3", text["spdxVersion"])
    listed = {}
    for entry in text["files"]:
        sums = {one["algorithm"]: one["checksumValue"] for one in entry["checksums"]}
        listed[entry["fileName"][2:]] = (entry["SPDXID"], sums["SHA256"])
    there = {}
    for base, _, names in os.walk(top):
        for name in names:
            path = os.path.join(base, name)
            if not os.path.islink(path):
                with open(path, "rb") as stream:
                    there[os.path.relpath(path, top)] = stream.read()
    there.pop(inside + "/sbom.spdx.json")
    check(set(listed) == set(there), f"listed or there: {set(listed) ^ set(there)}")
    for name, data in there.items():
        check(listed[name][1] == hashlib.sha256(data).hexdigest(), f"hash of {name}")
    idents = [one["SPDXID"] for kind in ("packages", "files") for one in text[kind]]
    check(len(set(idents)) == len(idents), "two things of one SPDXID")
    known = {*idents, "SPDXRef-DOCUMENT"}
    owner = {}
    for one in text["relationships"]:
        check({one["spdxElementId"], one["relatedSpdxElement"]} <= known, f"{one}")
        if one["relationshipType"] == "CONTAINS":
            owner[one["relatedSpdxElement"]] = one["spdxElementId"]
    packages = {one["SPDXID"]: one for one in text["packages"]}
    for name, data in there.items():
        package = packages[owner[listed[name][0]]]
        if data[:4] == b"\x7fELF":
            own = re.fullmatch(r"lib(/vqe_batch)?/(vqe_(batch|lake)|libvqe\.so.*)", name)
            check((package["name"] == "vqe_batch") == bool(own),
                  f"{name} is said to be of {package['name']}")
    referred = {one["licenseId"] for one in text.get("hasExtractedLicensingInfos", [])}
    for one in packages.values():
        for key in ("versionInfo", "licenseDeclared"):
            check(one[key] != "NOASSERTION", f"{one['name']} has no {key}")
        for ref in re.findall(r"LicenseRef-[\w.-]+", one["licenseDeclared"]):
            check(ref in referred, f"{ref} of {one['name']} is not explained")
        text_of = os.path.join(top, inside, "licences", one["name"] + ".txt")
        check(one["name"] == "vqe_batch" or os.path.getsize(text_of) > 200,
              f"no licence of {one['name']}")
    names = {one["name"] for one in packages.values()}
    for name in ("duckdb", "libcint", "uthash"):
        check(name in names, f"{name} is not listed")
    return len(packages), len(there)


def check_moved(top, folder):
    """By a link from elsewhere, and after the folder was moved."""
    moved = folder.file("a folder with blanks")
    os.rename(top, moved)
    os.symlink(os.path.join(moved, "bin", "vqe_batch"), folder.file("vqe_batch"))
    done = run([folder.file("vqe_batch"), "job.json", "-q", "--no-lake", "--force",
                "-o", "e.h5", "--summary", "e.json"], folder.path)
    check_energies(folder.path, "e.json")
    run([os.path.join(moved, "bin", "mpirun"), "--oversubscribe", "-np", "2",
         folder.file("vqe_batch"), "job.json", "-q", "--no-lake", "-o", "f.h5",
         "--summary", "f.json"], folder.path)
    check_energies(folder.path, "f.json")
    return done


def main():
    for program in ("readelf", "ldd", "dpkg-query", "ompi_info"):
        if shutil.which(program) is None:
            print(f"skipped: {program} is not there")
            sys.exit(harness.SKIPPED)
    if shutil.which("patchelf") is None:
        done = subprocess.run([os.path.join(harness.ROOT, "jobs/setup/packages.sh"),
                               "package"], check=False)
        if done.returncode != 0 or shutil.which("patchelf") is None:
            print("skipped: patchelf cannot be installed")
            sys.exit(harness.SKIPPED)
    with harness.Folder() as folder:
        path = pack(folder.file("first"))
        top, members = check_members(path)
        again = pack(folder.file("a-second-folder-of-another-length"), umask=0o077)
        with open(path, "rb") as one, open(again, "rb") as other:
            check(one.read() == other.read(), "packed twice, the bytes differ")
        os.remove(again)
        subprocess.run(["tar", "-xzf", path, "-C", folder.path], check=True)
        size = os.path.getsize(path)
        top = os.path.realpath(folder.file(top))
        packages, files = check_list(top)
        with harness.Folder() as job:
            ours = check_runs(top, job)
            check_machine_mpi(top, job)
            check_nodes(top, job)
        with harness.Folder() as job:
            job.write("job.json", JOB)
            check_moved(top, job)
        mode = stat.S_IMODE(os.stat(path).st_mode)
        check(mode & 0o400, f"{mode:o}")
    print(f"{members} members, {size / 1e6:.1f} MB packed fast; {packages} packages and"
          f" {files} files listed; {ours} files loaded, all of the bundle")


main()
