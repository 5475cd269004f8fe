#!/usr/bin/env python3
"""Usage: structure.py [--build FOLDER] [--only CHECK,...] [--list]
       structure.py --graph | --stats

Checks how the tree is laid out, and prints what breaks a rule of
CONTRIBUTING.md. Exit status 1 when anything does. The checks of symbols read
the objects of a build with tests, by default build/release.

--graph  prints the dependence graph of the folders of src as DOT
--stats  prints files and lines by folder
"""

import argparse
import fnmatch
import functools
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# words of a comment or a name, and what to write instead
BANNED = {
    r"answer(s|ed|ing)?": "response, result",
    r"hungry": "has_capacity",
    r"naps?": "sleep",
    r"dead writers?": "crashed writer",
    r"tells?|told": "print, report, say",
    r"behind the (caller|user)'s back": "say what happens",
}
# functions of the API with the word of another folder
API_NAMES = {"vqe_run_json"}
# paths of one machine and hosts of package registries, in parts, so that this
# file names none
HOSTS = re.compile(
    r"(?<![\w.])/(work|root|home)/[\w.]|artifactory|jfrog|py" r"pi\.org|"
    r"files\.python" r"hosted|proxy\." r"golang|registry\." r"npmjs|repo1?\." r"maven|"
    r"index\.crates|static\.crates")


def tracked():
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached",
                          "--others", "--exclude-standard"],
                         check=True, capture_output=True).stdout
    names = [name for name in out.decode().split("\0") if name]
    return [pathlib.Path(name) for name in sorted(names)
            if (ROOT / name).is_file()]


FILES = tracked()


@functools.cache
def read(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def sources(*tops, suffixes=(".c", ".h", ".cu")):
    return [path for path in FILES
            if path.parts[0] in tops and path.suffix in suffixes]


def folders_of_src():
    """Those of C: src/python holds the Python module."""
    return sorted({path.parts[1] for path in FILES
                   if path.parts[0] == "src" and len(path.parts) > 2} - {"python"})


def circle(graph):
    """A circle of a graph {node: set of nodes} as a list, or None."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for other in sorted(graph.get(node, ())):
            found = visit(other)
            if found:
                return found
        path.pop()
        done.add(node)
        return None

    for node in sorted(graph):
        found = visit(node)
        if found:
            return found
    return None


# ---- the graph of folders ----

def modules():
    """{folder: folders that CMake lets it use}"""
    text = re.sub(r"#.*", "", read("CMakeLists.txt"))
    graph = {}
    for call in re.findall(r"vqe_module\(([^)]*)\)", text):
        words = call.split()
        uses, taking = set(), False
        for word in words[1:]:
            if word.isupper() and "_" not in word or word == "PUBLIC_HEADERS":
                taking = word == "USES"
            elif taking:
                uses.add(word)
        graph[words[0]] = uses
    text = re.sub(r"#.*", "", read("jobs/cmake/cuda.cmake"))
    graph["kernels"] = set(re.findall(
        r"target_link_libraries\(mod_kernels PUBLIC mod_(\w+)\)", text))
    return graph


def reach(graph, start):
    seen, todo = set(), [start]
    while todo:
        for node in graph.get(todo.pop(), ()):
            if node not in seen:
                seen.add(node)
                todo.append(node)
    return seen


def reduced(graph):
    """Without the uses that follow from others."""
    return {node: {used for used in uses
                   if not any(used in reach(graph, other)
                              for other in uses - {used})}
            for node, uses in graph.items()}


def print_graph():
    print("digraph modules {")
    for node, uses in sorted(reduced(modules()).items()):
        for used in sorted(uses):
            print(f"  {node} -> {used};")
        if not uses:
            print(f"  {node};")
    print("}")


def check_modules():
    graph = modules()
    for node, uses in graph.items():
        for used in uses - set(graph):
            yield f"CMakeLists.txt: {node} uses {used}, which is no module"
    found = circle(graph)
    if found:
        yield "CMakeLists.txt: modules in a circle: " + " -> ".join(found)
        return
    for folder in folders_of_src():
        if folder not in graph and folder != "cmd":
            yield f"src/{folder}: no module of CMakeLists.txt"
    table = {}
    for line in read("CONTRIBUTING.md").splitlines():
        row = re.match(r"\| `(\w+)` \|[^|]*\|([^|]*)\|$", line)
        if row:
            table[row.group(1)] = set(re.findall(r"`(\w+)`", row.group(2)))
    for node, uses in sorted(reduced(graph).items()):
        if node not in table:
            yield f"CONTRIBUTING.md: the table of folders lacks {node}"
        elif table[node] != uses:
            yield (f"CONTRIBUTING.md: {node} uses {sorted(uses)}, the table "
                   f"says {sorted(table[node])}")


# ---- names ----

def check_names():
    seen = {}
    for path in FILES:
        free = (path.name in ("README.md", "CMakeLists.txt", ".gitignore", "__init__.py")
                or "data" in path.parts or "corpus" in path.parts)
        if free:
            continue
        if path.name in seen:
            yield f"{path}: {seen[path.name]} has the same name"
        seen.setdefault(path.name, path)


def check_includes():
    graph = {}
    names = {}
    for path in sources("src", "kernels", "include", "bench"):
        names["/".join(path.parts[-2:])] = str(path)
        names.setdefault(path.name, str(path))
    for path in sources("src", "kernels", "include", "bench"):
        graph[str(path)] = {
            names[name]
            for name in re.findall(r'^#include "([^"]+)"', read(path), re.M)
            if name in names}
    found = circle(graph)
    if found:
        yield "includes in a circle: " + " -> ".join(found)


# ---- symbols ----

@functools.cache
def symbols(build):
    """{folder: {unit: (defined, used)}} of the objects of a build."""
    result = {}
    for path in sources("src", "kernels", suffixes=(".c",)):
        folder = path.parts[1] if path.parts[0] == "src" else "kernels"
        found = sorted((build / "CMakeFiles").glob(f"*.dir/{path}.o"))
        if not found:
            continue
        out = subprocess.run(["nm", found[0]], check=True,
                             capture_output=True, text=True).stdout
        defined, used = set(), set()
        for line in out.splitlines():
            kind, name = line.split()[-2:]
            if kind == "U":
                used.add(name)
            elif kind.isupper():
                defined.add(name)
        result.setdefault(folder, {})[path.stem] = (defined, used)
    return result


def check_objects(build):
    there = symbols(build)
    for folder in folders_of_src():
        if not there.get(folder):
            yield f"{build}: no objects of src/{folder}; build first"


def check_calls(build):
    for folder, units in sorted(symbols(build).items()):
        graph = {}
        for unit, (_, used) in units.items():
            graph[unit] = {other for other, (defined, _) in units.items()
                           if other != unit and used & defined}
        while True:
            found = circle(graph)
            if not found:
                break
            name = f"src/{folder}" if folder != "kernels" else folder
            used = units[found[0]][1] & units[found[1]][0]
            yield (f"{name}: files call each other: {' -> '.join(found)} "
                   f"({', '.join(sorted(used)[:3])}, ...)")
            graph[found[0]].discard(found[1])


def check_static(build):
    """Functions of a header that no other file calls."""
    outside = "".join(read(path) for path in
                      sources("include", "tests", "bench", "kernels"))
    units = [(folder, unit, defined, used)
             for folder, found in symbols(build).items()
             for unit, (defined, used) in found.items()]
    used = set().union(*(names for *_, names in units))
    for folder, unit, defined, _ in units:
        # only debug builds call what an assert calls
        for name in sorted(defined - used - {"main", "vqe_assert_failed"}):
            if not re.search(rf"\b{name}\b", outside):
                yield (f"{folder}/{unit}.c: {name} is called in this file "
                       "alone, or nowhere: it is static, or goes")


def types_and_macros():
    """(folder, name) of what the headers of folders define."""
    for path in sources("src", "kernels", suffixes=(".h",)):
        folder = path.parts[1] if path.parts[0] == "src" else "kernels"
        text = read(path)
        for name in re.findall(
                r"^(?:struct|enum|union) (vqe_\w+)\s*{|^#define (VQE_\w+)",
                text, re.M):
            name = name[0] or name[1]
            # guards name their file; the arguments of a kernel their kernel;
            # VQE_MAX_ is a limit of whoever it is
            if not name.endswith(("_H", "_args")) and \
                    not name.startswith("VQE_MAX_"):
                yield folder, name


def check_prefixes(build):
    owners = {}
    for folder, name in types_and_macros():
        word = re.match(r"(?:VQE|vqe)_([A-Za-z0-9]+)", name)
        if folder != "cmd":
            owners.setdefault(word.group(1), {}).setdefault(folder, name)
    for folder, units in symbols(build).items():
        if folder == "cmd":
            continue
        for unit, (defined, _) in units.items():
            for name in defined - API_NAMES:
                word = re.match(r"vqe_([a-z0-9]+)_", name)
                if word:
                    owners.setdefault(word.group(1), {}).setdefault(
                        folder, name)
                elif not name.startswith("vqe_"):
                    yield f"{folder}/{unit}.c: {name} has no prefix vqe_"
    for word, folders in sorted(owners.items()):
        if len(folders) > 1:
            what = ", ".join(f"{name} in {folder}"
                             for folder, name in sorted(folders.items()))
            head = "VQE" if word.isupper() else "vqe"
            yield f"prefix {head}_{word}_ belongs to {len(folders)} folders: {what}"


def check_tests():
    tests = {path.stem for path in FILES
             if path.parts[0] == "tests" and path.name.startswith("t-")}
    for folder in folders_of_src() + ["kernels"]:
        top = pathlib.Path("src", folder) if folder != "kernels" \
            else pathlib.Path(folder)
        page = top / "README.md"
        text = read(page) if page in FILES else ""
        section = re.search(r"^## Tests\n(.*?)(?=^## |\Z)", text, re.M | re.S)
        named = re.findall(r"`([\w*]+)(?:\.c|\.cu)?`",
                           section.group(1) if section else "")
        for path in FILES:
            if path.parent == top and path.suffix in (".c", ".cu") and \
                    f"t-{path.stem}" not in tests and \
                    not any(fnmatch.fnmatch(path.stem, name)
                            for name in named):
                yield (f"{path}: there is no tests/{folder}/t-{path.stem}.c, "
                       f"and section Tests of {page} does not name it")


# ---- text ----

def check_pages():
    for folder in folders_of_src():
        if not (ROOT / "src" / folder / "README.md").exists():
            yield f"src/{folder}: no README.md"
    for path in FILES:
        if path.suffix != ".md":
            continue
        fenced = False
        for number, line in enumerate(read(path).splitlines(), 1):
            if line.startswith("```"):
                fenced = not fenced
            code = fenced or line.startswith(("    ", "\t", "|"))
            if not code and len(line) > 120:
                yield f"{path}:{number}: {len(line)} columns, the limit is 120"


TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def without_strings(text):
    return TOKEN.sub(lambda m: m.group(0) if m.group(0)[0] == "/" else '""',
                     text)


def check_words():
    for path in sources("src", "kernels", "include", "bench"):
        for number, line in enumerate(
                without_strings(read(path)).splitlines(), 1):
            for word, better in BANNED.items():
                found = re.search(rf"(?<![a-z])({word})(?![a-z])", line)
                if found:
                    yield (f"{path}:{number}: \"{found.group(1)}\"; "
                           f"better: {better}")


def check_goto():
    for path in sources("src", "kernels", "bench"):
        text = TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                         read(path))
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"\bgoto\b", line):
                yield f"{path}:{number}: goto; the idiom is the status chain"


def check_hosts():
    for path in FILES:
        if path.suffix in (".h5", ".avro", ".parquet", ".png") or \
                path.name == pathlib.Path(__file__).name:
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            found = HOSTS.search(line)
            if found:
                yield (f"{path}:{number}: \"{found.group(0)}\" names a "
                       f"machine or a registry")


def check_scripts():
    """tests/run.sh runs what is executable: a test that is not never runs."""
    for path in FILES:
        if path.parts[:2] not in (("tests", "integration"), ("tests", "mpi")):
            continue
        runs = (ROOT / path).stat().st_mode & 0o100 != 0
        if (ROOT / path).open("rb").read(2) == b"#!" and not runs:
            yield f"{path}: begins with #! and is not executable"


# ---- main ----

CHECKS = {
    "names": ("no two files of one name", check_names),
    "modules": ("folders depend one way, as CONTRIBUTING.md says",
                check_modules),
    "includes": ("no circle of includes", check_includes),
    "objects": ("every folder is built", check_objects),
    "calls": ("no circle of calls between files of a folder", check_calls),
    "prefixes": ("one prefix, one folder", check_prefixes),
    "static": ("what one file uses is static", check_static),
    "tests": ("every file has a test", check_tests),
    "pages": ("every folder has a page; lines of pages fit", check_pages),
    "words": ("plain words", check_words),
    "goto": ("no goto", check_goto),
    "hosts": ("no machine and no registry is named", check_hosts),
    "scripts": ("programs of tests are executable", check_scripts),
}


def print_stats():
    table = {}
    for path in FILES:
        if path.suffix not in (".c", ".h", ".cu", ".py", ".sh", ".sql"):
            continue
        depth = 2 if path.parts[0] in ("src", "tests", "jobs") else 1
        folder = "/".join(path.parts[:-1][:depth]) or "."
        files, lines = table.get(folder, (0, 0))
        table[folder] = files + 1, lines + len(read(path).splitlines())
    for folder, (files, lines) in sorted(table.items()):
        print(f"{folder:24} {files:5} files {lines:7} lines")
    print(f"{'all':24} {sum(f for f, _ in table.values()):5} files "
          f"{sum(n for _, n in table.values()):7} lines")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[0][7:])
    parser.add_argument("--build", default=ROOT / "build" / "release",
                        type=pathlib.Path)
    parser.add_argument("--only", default=",".join(CHECKS))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--graph", action="store_true")
    parser.add_argument("--stats", action="store_true")
    options = parser.parse_args()
    if options.graph or options.stats:
        (print_graph if options.graph else print_stats)()
        return
    failed = 0
    names = options.only.split(",")
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        parser.error(f"no check '{unknown[0]}'; there are {', '.join(CHECKS)}")
    for name in names:
        title, check = CHECKS[name]
        if options.list:
            print(f"{name:10} {title}")
            continue
        arguments = (options.build,) \
            if check in (check_objects, check_calls, check_prefixes,
                         check_static) else ()
        found = list(check(*arguments))
        for line in found:
            print(f"{name}: {line}")
        print(f"{name}: {title}: "
              f"{'passed' if not found else f'{len(found)} found'}")
        failed += len(found)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
