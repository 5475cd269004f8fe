#!/usr/bin/env python3
"""Usage: exports.py LIBRARY INCLUDE

Compares the symbols that LIBRARY (libvqe.so) exports with the functions that
INCLUDE/vqe/*.h declare. Exit status 1, naming the difference, when they are
not the same.
"""

import pathlib
import re
import subprocess
import sys


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library],
                         check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1].split("@")[0] for line in out.splitlines()}
    # the linker's own, and the run-time of sanitizers
    return {name for name in names if not re.match(r"_|asan|ubsan", name)}


def declared(include):
    """Functions declared at file scope, static ones excepted."""
    headers = sorted(pathlib.Path(include, "vqe").glob("*.h"))
    text = "".join(f'#include "vqe/{header.name}"\n' for header in headers)
    # api.h is taken for read: what counts is what is declared, not VQE_API
    out = subprocess.run(
        ["cc", "-E", "-std=c11", "-DVQE_API_H", "-DVQE_API=", f"-I{include}",
         "-x", "c", "-"], check=True, capture_output=True, text=True,
        input=text).stdout
    ours = False
    kept = []
    for line in out.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            ours = "/vqe/" in marker.group(1)
        elif ours:
            kept.append(line)
    text = " ".join(kept)
    # statements at file scope, bodies left out
    depth, flat = 0, []
    for character in text:
        if character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                flat.append(";")
        elif depth == 0:
            flat.append(character)
    names = set()
    for statement in "".join(flat).split(";"):
        if re.match(r"\s*(static|typedef)\b", statement):
            continue
        found = re.search(r"\b(vqe_\w+)\s*\(", statement)
        if found:
            names.add(found.group(1))
    return names


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    symbols = exported(sys.argv[1])
    functions = declared(sys.argv[2])
    for name in sorted(symbols - functions):
        print(f"exported, but no header declares it: {name}")
    for name in sorted(functions - symbols):
        print(f"declared, but not exported (VQE_API?): {name}")
    print(f"{len(symbols)} symbols exported, {len(functions)} declared")
    sys.exit(symbols != functions or not symbols)


if __name__ == "__main__":
    main()
