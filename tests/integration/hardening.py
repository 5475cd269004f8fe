#!/usr/bin/env python3
"""What ends a program when its memory is written over is in every program and
library of a release build: places drawn at random, tables of functions that
are read-only, stacks that are not run, guarded stacks, checked copies.
"""

import os
import re
import shutil
import subprocess
import sys

import harness
from harness import check

BUILD = os.path.dirname(harness.BATCH)


def output(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def faults(path, is_program):
    """What is missing in a file."""
    head = output("readelf", "-hW", path)
    segments = output("readelf", "-lW", path)
    dynamic = output("readelf", "-dW", path)
    symbols = set(re.findall(r"\bUND\s+(\w+)", output("readelf", "--dyn-syms", "-W", path)))
    if not re.search(r"Type:\s+DYN", head):
        yield "it is not position-independent"
    if is_program and not re.search(r"FLAGS_1.*\bPIE\b", dynamic):
        yield "it is not linked as position-independent"
    if "GNU_RELRO" not in segments or not re.search(
        r"BIND_NOW|FLAGS_1.*\bNOW\b", dynamic
    ):
        yield "its tables of functions can be written"
    stack = re.search(r"GNU_STACK.*?\s(R?W?E?)\s+0x", segments)
    if stack is None or "E" in stack.group(1):
        yield "its stack can be run"
    if "TEXTREL" in dynamic:
        yield "its code is written at a start"
    if "__stack_chk_fail" not in symbols:
        yield "its stack is not guarded"
    if not any(re.fullmatch(r"__\w+_chk", name) for name in symbols):
        yield "its copies are not checked"


def control(folder):
    """A program without all of it has every fault but a stack that is run."""
    folder.write("plain.c", "#include <string.h>\nint main(int n, char **v)\n"
                            "{ char b[8]; strcpy(b, v[0]); return b[n]; }\n")
    words = ["cc", "-O2", "-o", "plain", "plain.c"]
    subprocess.run([*words, "-no-pie", "-fno-pie", "-fno-stack-protector",
                    "-U_FORTIFY_SOURCE", "-Wl,-z,norelro,-z,lazy"],
                   cwd=folder.path, check=True)
    found = list(faults(folder.file("plain"), True))
    check(len(found) == 5, f"a plain program has only these faults: {found}")
    subprocess.run([*words, "-pie", "-fPIE", "-fstack-protector-strong",
                    "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2",
                    "-Wl,-z,relro,-z,now"], cwd=folder.path, check=True)
    found = list(faults(folder.file("plain"), True))
    check(not found, f"a hardened program has faults: {found}")


def main():
    if not all(map(shutil.which, ("readelf", "cc"))):
        print("skipped: needs readelf and cc")
        sys.exit(harness.SKIPPED)
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as stream:
        settings = stream.read()
    if not re.search(r"^VQE_SANITIZE:[A-Z]+=(OFF|0|FALSE)$", settings, re.MULTILINE):
        print("skipped: a build with sanitizers has its own checks")
        sys.exit(harness.SKIPPED)
    with harness.Folder() as folder:
        control(folder)
    count = 0
    for name in ("vqe_batch", "vqe_lake", "vqe_bench", "libvqe.so"):
        path = os.path.realpath(os.path.join(BUILD, name))
        found = list(faults(path, not name.startswith("lib")))
        check(not found, f"{path}: {'; '.join(found)}")
        count += 1
    print(f"{count} programs and libraries are hardened")


main()
