#!/usr/bin/env python3
"""Usage: bundle.py STAGE --build FOLDER --version V --epoch SECONDS
                 [--mpi own|machine] [--late NAME]...

Makes an installation in STAGE one that needs nothing of the machine but the GNU
C library: copies every library that the loader brings in into
lib/vqe_batch/deps, Open MPI with its plugins and its launcher into
lib/vqe_batch/openmpi, lets each file find the others relative to itself
($ORIGIN), puts the launchers of jobs/package in front, adds licences and the
list of all that is in it (share/doc/vqe-batch/sbom.spdx.json). Then it checks
what it made: every library that is needed is in the bundle and found there.

--mpi machine  leaves MPI out
--late NAME    a library that is loaded when there is one, and not bundled
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys

import sbom
from elf_closure import (
    DRIVER, GLIBC, BundleError, dynamic, elf_files, found_by_loader, is_elf,
    newest_glibc, output_of, reached,
)

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HOME = "lib/vqe_batch"
DEPS = HOME + "/deps"
OPENMPI = HOME + "/openmpi"
MPI = re.compile(r"libmpi\.so\.\d+$")
# Networks of clusters. A bundle's own MPI is for one machine and for TCP; who
# has such a network has an MPI that is made for it (VQE_MPI=system).
NETWORKS = re.compile(
    r"lib(ucp|ucs|uct|ucm|fabric|psm2|psm_infinipath|ibverbs|rdmacm|oshmem|"
    r"mca_common_(ucx|ofi|verbs))\.so"
)


def left_out(name, late):
    """Is the library the machine's matter?"""
    return bool(GLIBC.match(name) or DRIVER.match(name)) or any(
        name.startswith(one + ".so") for one in late
    )


class Bundle:
    """Where everything lies: `placed` maps the name of a library to its path
    in the stage, `origin` the path of a copy to where it was copied from."""

    def __init__(self, stage, late):
        self.stage = os.path.abspath(stage)
        self.late = late
        self.placed = {}
        self.origin = {}

    def path(self, *names):
        return os.path.join(self.stage, *names)

    def copy(self, source, *names):
        target = self.path(*names)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(os.path.realpath(source), target)
        os.chmod(target, 0o755)
        self.origin[target] = source
        return target

    def places_of(self, files):
        """{name: path} of the machine's libraries that these files bring in."""
        places = {}
        for path in files:
            for name, where in found_by_loader(path).items():
                if left_out(name, self.late) or name in self.placed:
                    continue
                if where is None:
                    raise BundleError(
                        f"{path} needs {name}, which is not on this machine: install"
                        " it, or leave it to others by --late"
                    )
                if os.path.realpath(where).startswith(self.stage + os.sep):
                    self.placed[name] = os.path.realpath(where)
                    continue
                before = places.setdefault(name, where)
                if os.path.realpath(before) != os.path.realpath(where):
                    raise BundleError(f"two of {name}: {before} and {where}")
        return places

    def take(self, names, places, folder):
        for name in sorted(names):
            if name not in self.placed:
                self.placed[name] = self.copy(places[name], folder, name)


def take_programs(bundle):
    """The closure of what was installed, without MPI's part; the name of MPI's
    library and the places of its part."""
    files = elf_files(bundle.stage)
    places = bundle.places_of(files)
    needed = [name for path in files for name in dynamic(path)[0]]
    mpi = next((name for name in needed if MPI.match(name)), None)
    own = reached(needed, places, without=frozenset([mpi]))
    bundle.take(own, places, DEPS)
    return mpi, {name: path for name, path in places.items() if name not in own}


def mpi_folders():
    """The installation folders of Open MPI, by its own program."""
    if shutil.which("ompi_info") is None:
        raise BundleError(
            "ompi_info is not there: only Open MPI can be bundled (--mpi machine"
            " leaves MPI out)"
        )
    text = output_of("ompi_info", "--parsable", "--path", "all")
    folders = dict(re.findall(r"^path:(\w+):(.*)$", text, re.M))
    version = output_of("ompi_info", "--parsable")
    number = re.search(r"ompi:version:full:(\d+)", version)
    if number is None or int(number.group(1)) != 4:
        raise BundleError(
            "only Open MPI 4 can be bundled: other versions have launchers of other"
            " packages (--mpi machine leaves MPI out)"
        )
    return folders


def is_plugin_for_all(path):
    """Does a plugin do without the networks of clusters?"""
    found = found_by_loader(path)
    return not any(NETWORKS.match(name) for name in found)


def take_mpi(bundle, mpi, places):
    """Open MPI as OPAL_PREFIX wants it: the layout that it was built for, below
    another prefix."""
    folders = mpi_folders()
    prefix = folders["prefix"]
    bundle.take(reached([mpi], places), places, OPENMPI + "/lib")

    def target_of(path):
        return os.path.join(OPENMPI, os.path.relpath(path, prefix))

    plugins = folders["pkglibdir"]
    sources = [
        os.path.join(plugins, name)
        for name in sorted(os.listdir(plugins))
        if name.startswith("mca_") and name.endswith(".so")
    ]
    sources = [path for path in sources if is_plugin_for_all(path)]
    programs = [os.path.join(folders["bindir"], name) for name in ("orterun", "orted")]
    more = bundle.places_of(sources + programs)
    bundle.take(more, more, OPENMPI + "/lib")
    pmix = next((path for name, path in more.items() if "libpmix." in name), None)
    if pmix is not None:
        # PMIx has plugins of its own, beside its library
        folder = os.path.join(os.path.dirname(os.path.realpath(pmix)), "pmix")
        if os.path.isdir(folder):
            own = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
            own = [path for path in own if is_elf(os.path.realpath(path))]
            places = bundle.places_of(own)
            bundle.take(places, places, OPENMPI + "/lib")
            for path in own:
                bundle.copy(path, OPENMPI, "pmix/lib/pmix", os.path.basename(path))
    for path in sources:
        bundle.copy(path, target_of(path))
    for path in programs:
        bundle.copy(path, OPENMPI, "bin", os.path.basename(path))
    texts = folders["pkgdatadir"]
    for name in sorted(os.listdir(texts)):
        if name.startswith("help-"):
            os.chmod(bundle.copy(os.path.join(texts, name),
                                 target_of(os.path.join(texts, name))), 0o644)
    os.makedirs(bundle.path(OPENMPI, "etc"), exist_ok=True)
    with open(bundle.path(OPENMPI, "etc/openmpi-mca-params.conf"), "w") as out:
        out.write("# settings of the bundle's own Open MPI; OMPI_MCA_* overrides\n")
    return len(sources)


def set_run_paths(bundle):
    """Let each file find what it needs relative to itself. RPATH and not RUNPATH:
    a library that a site's LD_LIBRARY_PATH has under the same name must not take
    the place of the one that was tested. MPI is left to the launchers, so that it
    can be the machine's."""
    openmpi = bundle.path(OPENMPI) + os.sep
    for path in elf_files(bundle.stage):
        folders = {
            os.path.dirname(bundle.placed[name])
            for name in dynamic(path)[0]
            if name in bundle.placed
        }
        if not path.startswith(openmpi):
            folders = {one for one in folders if not one.startswith(openmpi)}
            folders.add(bundle.path(DEPS))
        here = os.path.dirname(path)
        entries = [
            "$ORIGIN" if one == here else "$ORIGIN/" + os.path.relpath(one, here)
            for one in sorted(folders)
        ]
        words = ["patchelf", "--force-rpath", "--set-rpath", ":".join(entries), path]
        output_of(*(words if entries else ["patchelf", "--remove-rpath", path]))
    dynamic.cache_clear()


def check(bundle, mpi):
    """Walk over what was made, by readelf alone: is everything there that is
    needed, and found by the file's own entries? The newest C library wanted."""
    newest = (0, 0)
    openmpi = bundle.path(OPENMPI) + os.sep
    for path in elf_files(bundle.stage):
        needed, _, entries = dynamic(path)
        newest = max(newest, newest_glibc(path))
        for entry in entries:
            if not entry.startswith("$ORIGIN"):
                raise BundleError(f"{path} looks for libraries in {entry}")
        folders = [entry.replace("$ORIGIN", os.path.dirname(path)) for entry in entries]
        for name in needed:
            if left_out(name, bundle.late):
                continue
            if name == mpi and not path.startswith(openmpi):
                continue
            if not any(os.path.exists(os.path.join(one, name)) for one in folders):
                raise BundleError(f"{path} needs {name}, which {entries} does not have")
    return newest


def add_launchers(bundle, own_mpi):
    """In place of the links of bin."""
    folder = bundle.path("bin")
    names = sorted(os.listdir(folder))
    for name in names + (["mpirun"] if own_mpi else []):
        target = os.path.join(folder, name)
        if os.path.lexists(target):
            os.remove(target)
        shutil.copyfile(os.path.join(HERE, "launcher.sh"), target)
        os.chmod(target, 0o755)


def main():
    parser = argparse.ArgumentParser(description="see the head of this file")
    parser.add_argument("stage")
    parser.add_argument("--build", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--epoch", type=int, required=True)
    parser.add_argument("--mpi", choices=["own", "machine"], default="own")
    parser.add_argument("--late", action="append", default=[])
    options = parser.parse_args()
    for program in ("patchelf", "readelf", "ldd", "dpkg-query"):
        if shutil.which(program) is None:
            raise BundleError(f"{program} is not there: jobs/setup/packages.sh package")
    bundle = Bundle(options.stage, options.late)
    mpi, places = take_programs(bundle)
    plugins = 0
    if mpi is not None and options.mpi == "own":
        plugins = take_mpi(bundle, mpi, places)
    set_run_paths(bundle)
    newest = check(bundle, mpi)
    add_launchers(bundle, plugins > 0)
    shutil.copyfile(os.path.join(HERE, "INSTALL.txt"), bundle.path("INSTALL.txt"))
    sbom.write(bundle, options, os.path.join(ROOT, ".deps"))
    print(
        f"bundle: {len(bundle.origin)} files of other projects, {plugins} plugins of"
        f" Open MPI; needs glibc {newest[0]}.{newest[1]}"
    )
    if newest > (2, 36):
        raise BundleError(
            f"glibc {newest[0]}.{newest[1]} is newer than 2.36: build on Debian 12"
        )


if __name__ == "__main__":
    try:
        main()
    except (BundleError, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"bundle: {error}")
