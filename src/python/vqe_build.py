"""How `pip install .` makes the package: setuptools, and libvqe by CMake.

The wheel holds libvqe and the libraries that jobs/setup unpacked for it; all
others are those of the system. Declarations for cffi are made of the public
headers, so that they cannot differ from the library.

VQE_BUILD  a folder that has been built (build/release): nothing is built then
"""

import os
import pathlib
import re
import shutil
import subprocess

from setuptools.build_meta import *  # noqa: F401,F403  the hooks of the backend
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build import build
from setuptools.command.build_py import build_py
from setuptools.command.egg_info import egg_info

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRATCH = ROOT / "build" / "wheel"
VERSION = re.search(
    r"^project\(.* VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.M
).group(1)


def build_library():
    """Folder of a build that holds libvqe."""
    if os.environ.get("VQE_BUILD"):
        folder = pathlib.Path(os.environ["VQE_BUILD"]).resolve()
        name = "libvqe.so." + ".".join(VERSION.split(".")[:2])
        if not (folder / name).exists():
            raise SystemExit(f"VQE_BUILD: {folder} has no {name}; build it first")
        return folder
    subprocess.run([ROOT / "jobs" / "setup" / "libraries.sh"], check=True)
    subprocess.run([ROOT / "jobs" / "setup" / "build.sh", "release", "vqe"], check=True)
    return ROOT / "build" / "release"


def declarations():
    """What the public headers declare, for cffi: no macros, no bodies, nothing of
    the system's headers."""
    headers = sorted((ROOT / "include" / "vqe").glob("*.h"))
    text = "".join(f'#include "vqe/{header.name}"\n' for header in headers)
    # api.h is taken for read: cffi knows no attributes
    out = subprocess.run(
        [os.environ.get("CC", "cc"), "-E", "-std=c11", "-DVQE_API_H", "-DVQE_API=",
         f"-I{ROOT / 'include'}", "-x", "c", "-"],
        check=True, capture_output=True, text=True, input=text,
    ).stdout
    ours, kept = False, []
    for line in out.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            ours = "/vqe/" in marker.group(1)
        elif ours:
            kept.append(line)
    # functions with a body begin at the margin and end at a brace there
    text = re.sub(r"^static inline[^;{]*\{.*?^\}", "", "\n".join(kept), flags=re.M | re.S)
    # cffi knows no integers of 128 bits: two words, which the module reads through
    # pointers alone, as their alignment is another
    text = re.sub(
        r"^__extension__ typedef unsigned __int128 vqe_qubits;$",
        "typedef struct { uint64_t words[2]; } vqe_qubits;", text, flags=re.M,
    )
    return text + "\nvoid free(void *pointer);\n"


class Build(build):
    """In a folder of its own: build/ is CMake's."""

    def initialize_options(self):
        super().initialize_options()
        self.build_base = str(SCRATCH)


class Info(egg_info):
    """Not among the sources."""

    def initialize_options(self):
        super().initialize_options()
        SCRATCH.mkdir(parents=True, exist_ok=True)
        self.egg_base = str(SCRATCH)


class BuildPackage(build_py):
    """The sources, libvqe beside them, and its declarations."""

    def run(self):
        if self.editable_mode:
            raise SystemExit("pip install -e is not possible: libvqe is part of the package")
        import cffi

        package = pathlib.Path(self.build_lib, "vqe_batch")
        # what an earlier version left here would go into the wheel
        shutil.rmtree(package, ignore_errors=True)
        super().run()
        folder = build_library()
        subprocess.run(
            ["cmake", "--install", folder, "--prefix", package / "lib",
             "--component", "python"],
            check=True, stdout=subprocess.DEVNULL,
        )
        maker = cffi.FFI()
        maker.cdef(declarations())
        maker.set_source("vqe_batch._vqe", None)
        maker.emit_python_code(str(package / "_vqe.py"))


class Wheel(bdist_wheel):
    """For any Python 3, and this kind of machine."""

    def finalize_options(self):
        self.distribution.has_ext_modules = lambda: True
        super().finalize_options()

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]
