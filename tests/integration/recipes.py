#!/usr/bin/env python3
"""The recipes of jobs/package that other package managers read: Spack's, loaded with
a stand-in for its directives, names every library that CMake looks for, gives CMake
settings that it knows, and its smoke test passes on this build, and fails on one
that computes something else; the definition of the Apptainer image packs the tarball
that tarball.sh makes, and its %test passes on an installation.
"""

import os
import re
import subprocess
import sys
import types

import harness
from harness import check

PACKAGE = os.path.join(harness.ROOT, "jobs", "package")
RECIPE = os.path.join(PACKAGE, "spack", "packages", "vqe-batch", "package.py")
# where Spack's name is another than that of pkg-config, of find_package or of CMake
NAMES = {"mpi": "mpi", "libcrypto": "openssl", "lapacke": "netlib-lapack", "zlib":
         "zlib-api", "hdf5-serial": "hdf5", "libcurl": "curl", "rdkafka": "librdkafka"}


class Recorder:
    """What a recipe calls while it is read."""

    def __init__(self):
        self.depends = {}
        self.versions = []
        self.licences = []

    def module(self):
        module = types.ModuleType("spack.package")
        base = type("CMakePackage", (), {"define": staticmethod(define)})
        module.CMakePackage = base
        module.CudaPackage = type("CudaPackage", (), {})
        module.depends_on = lambda spec, **more: self.depends.setdefault(
            re.match(r"[\w-]+", spec).group(), (spec, more))
        module.version = lambda *words, **more: self.versions.append((words, more))
        module.license = lambda *words, **more: self.licences.append(words)
        module.generator = lambda name: check(name == "ninja", name)
        module.which = lambda path: lambda *words, **more: run(path, words)
        module.join_path = os.path.join
        module.__all__ = ["CMakePackage", "CudaPackage", "depends_on", "version",
                          "license", "generator", "which", "join_path"]
        return module


def define(name, value):
    if isinstance(value, bool):
        return f"-D{name}:BOOL={'ON' if value else 'OFF'}"
    text = ";".join(value) if isinstance(value, list) else str(value)
    return f"-D{name}:STRING={text}"


def run(path, words):
    done = subprocess.run([path, *words], capture_output=True, text=True, timeout=120,
                          env=harness.environment(), check=False)
    check(done.returncode == 0, f"{path} {words}: {done.stdout}{done.stderr}")
    return done.stdout


def read(*names):
    with open(os.path.join(harness.ROOT, *names), encoding="utf-8") as stream:
        return stream.read()


def load():
    recorder = Recorder()
    sys.modules["spack"] = types.ModuleType("spack")
    sys.modules["spack.package"] = recorder.module()
    scope = {"__file__": RECIPE, "__name__": "recipe"}
    with open(RECIPE, encoding="utf-8") as stream:
        exec(compile(stream.read(), RECIPE, "exec"), scope)
    return recorder, scope


def check_libraries(recorder):
    """What CMake looks for is what Spack would bring."""
    text = read("jobs", "cmake", "dependencies.cmake")
    wanted = set(re.findall(r"pkg_(?:check_modules|search_module)\(\w+ REQUIRED "
                            r"IMPORTED_TARGET ([\w-]+)", text))
    check(len(wanted) > 9, f"{wanted}")
    wanted |= {"mpi", "uthash", "libcint", "duckdb"}
    for name in sorted(wanted):
        check(NAMES.get(name, name) in recorder.depends,
              f"the recipe lacks {NAMES.get(name, name)}")
    known = {NAMES.get(name, name) for name in wanted}
    tools = {"c", "cxx", "cmake", "ninja", "pkgconfig"}
    for name in recorder.depends:
        check(name in known or name in tools, f"{name} is not looked for by CMake")
    minimum = re.search(r"cmake_minimum_required\(VERSION ([\d.]+)\)",
                        read("CMakeLists.txt")).group(1)
    check(recorder.depends["cmake"][0] == f"cmake@{minimum}:", recorder.depends["cmake"])
    check(recorder.licences == [("MIT",)], f"{recorder.licences}")
    return len(wanted)


class Spec:
    """A concrete spec, as far as a recipe asks."""

    def __init__(self, cuda):
        self.cuda = cuda
        self.variants = {"cuda_arch": types.SimpleNamespace(value=("90",))}

    def satisfies(self, what):
        check(what == "+cuda", what)
        return self.cuda

    def __getitem__(self, name):
        folder = type("Prefix", (str,), {"include": f"/spack/{name}/include"})
        return types.SimpleNamespace(prefix=folder(f"/spack/{name}"))


def check_settings(package):
    """Every setting is one that CMake's files have."""
    text = "".join(read("jobs", "cmake", name) for name in os.listdir(
        os.path.join(harness.ROOT, "jobs", "cmake"))) + read("CMakeLists.txt")
    for cuda in (False, True):
        package.spec = Spec(cuda)
        args = package.cmake_args()
        for one in args:
            name = re.match(r"-D(\w+):", one).group(1)
            check(re.search(rf"\b{name}\b", text), f"CMake knows no {name}")
        check((f"-DVQE_CUDA:STRING={'ON' if cuda else 'OFF'}") in args, f"{args}")
        check(("-DCMAKE_CUDA_ARCHITECTURES:STRING=90" in args) == cuda, f"{args}")
    return len(args)


def check_smoke(package, folder):
    os.mkdir(folder.file("prefix"))
    os.symlink(os.path.dirname(harness.BATCH), folder.file("prefix/bin"))
    prefix = type("Prefix", (str,), {"bin": folder.file("prefix/bin")})
    package.prefix = prefix(folder.file("prefix"))
    here = os.getcwd()
    os.chdir(folder.path)
    package.test_h2()
    os.chdir(here)
    # programs that compute something else
    os.mkdir(folder.file("wrong"))
    for name in ("vqe_batch", "vqe_lake"):
        with open(folder.file(f"wrong/{name}"), "w") as out:
            out.write("#!/bin/sh\necho -1.0\n")
        os.chmod(folder.file(f"wrong/{name}"), 0o755)
    package.prefix = type("Prefix", (str,), {"bin": folder.file("wrong")})("wrong")
    os.chdir(folder.path)
    try:
        package.test_h2()
    except AssertionError:
        pass
    else:
        check(False, "the smoke test passes with a wrong energy")
    finally:
        os.chdir(here)


def check_apptainer(folder):
    text = read("jobs", "package", "vqe_batch.def")
    version = re.search(r"project\(vqe_batch VERSION ([\d.]+)",
                        read("CMakeLists.txt")).group(1)
    check(f"build/package/vqe_batch-{version}-linux-x86_64.tar.gz" in text,
          "the definition packs another version than CMakeLists.txt has")
    sections = {part.split("\n", 1)[0].strip(): part.split("\n", 1)[1]
                for part in re.split(r"^%", text, flags=re.M)[1:]}
    for name in ("arguments", "files", "post", "environment", "runscript", "test"):
        check(name in sections, f"no section {name}")
    for name in ("post", "environment", "runscript", "test"):
        done = subprocess.run(["sh", "-n"], input=sections[name], text=True,
                              capture_output=True, check=False)
        check(done.returncode == 0, f"%{name}: {done.stderr}")
    # its test, on an installation elsewhere than in /opt
    script = sections["test"].replace("/opt/vqe_batch/bin", os.path.dirname(harness.BATCH))
    done = subprocess.run(["sh", "-c", script], cwd=folder.path, capture_output=True,
                          text=True, env=harness.environment(), check=False)
    check(done.returncode == 0 and "-1.13727" in done.stdout,
          f"%test: {done.stdout}{done.stderr}")
    wrong = script.replace("-1.137270", "-1.2")
    done = subprocess.run(["sh", "-c", wrong], cwd=folder.path, capture_output=True,
                          env=harness.environment(), check=False)
    check(done.returncode != 0, "%test passes with a wrong energy")


def main():
    recorder, scope = load()
    libraries = check_libraries(recorder)
    check(scope["CHECKOUT"] == os.path.realpath(harness.ROOT), scope["CHECKOUT"])
    package = scope["VqeBatch"]()
    settings = check_settings(package)
    with harness.Folder() as folder:
        check_smoke(package, folder)
        check_apptainer(folder)
    print(f"{libraries} libraries and {settings} settings of the Spack recipe;"
          " its smoke test and that of the Apptainer image pass here")


main()
