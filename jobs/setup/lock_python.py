#!/usr/bin/env python3
"""Usage: jobs/setup/lock_python.py LIST.in...

Writes LIST.txt beside each list of Python packages: what pip needs to install
them with --require-hashes, that is every package that they take, and for each
the SHA-256 of its wheels for Linux on x86-64 and AArch64 (of its source where
it has no wheel). A line "# Python: 3.11 3.12" in the list names the versions;
without it they are 3.11 to 3.14. Versions that LIST.txt has already stay, where
they can.

Needs `uv` (pip install uv) on PATH, and Python 3.11 or newer.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib

VERSIONS = "3.11 3.12 3.13 3.14"
MACHINES = ("x86_64", "aarch64")


def resolve(path, versions):
    """The packages of a list, as uv finds them."""
    held = path[: -len(".in")] + ".txt"
    with tempfile.TemporaryDirectory() as folder:
        lock = os.path.join(folder, "pylock.list.toml")
        words = [
            "uv", "pip", "compile", "--quiet", os.path.abspath(path), "--universal",
            "--python-version", versions[0], "--format", "pylock.toml", "-o", lock,
        ]
        if os.path.exists(held):
            words += ["--constraints", os.path.abspath(held)]
        with open(os.path.join(folder, "pyproject.toml"), "w") as out:
            last = int(versions[-1].split(".")[1])
            out.write(
                '[project]\nname = "list"\nversion = "0"\n'
                f'requires-python = ">={versions[0]},<3.{last + 1}"\n[tool.uv]\n'
                "environments = [\"sys_platform == 'linux' and"
                " implementation_name == 'cpython' and"
                f" python_full_version < '3.{last + 1}'\"]\n"
            )
        subprocess.run(words, cwd=folder, check=True)
        with open(lock, "rb") as stream:
            return tomllib.load(stream)["packages"]


def is_wanted(url, versions):
    """Is it a wheel of one of our versions, for Linux with the GNU C library?"""
    tags = url.rsplit("/", 1)[1].removesuffix(".whl").split("-")[-3:]
    python, abi, platform = tags
    ours = [f"cp{one.replace('.', '')}" for one in versions]
    if abi == "abi3":
        ours += [f"cp3{minor}" for minor in range(2, int(versions[-1].split(".")[1]))]
    fits = any(one in ours or one.startswith("py3") for one in python.split("."))
    if abi.endswith("t") and abi.startswith("cp"):
        return False
    return fits and (
        platform == "any"
        or "manylinux" in platform
        and platform.endswith(MACHINES)
    )


def marker_of(package, versions):
    """What of a marker is not true for all that the list is for."""
    text = package.get("marker", "")
    text = re.sub(r"implementation_name == 'cpython'", "", text)
    text = re.sub(r"platform_python_implementation != 'PyPy'", "", text)
    text = re.sub(r"sys_platform == 'linux'", "", text)
    text = re.sub(rf"python_full_version >= '{re.escape(versions[0])}'", "", text)
    text = re.sub(rf"python_full_version < '3.{int(versions[-1].split('.')[1]) + 1}'", "",
                  text)
    text = re.sub(r"( and )+", " and ", text)
    text = re.sub(r" and (?=\))|(?<=\() and ", "", text)
    text = re.sub(r"^( and )+|( and )+$", "", text).strip()
    return f" ; {text}" if text else ""


def lines_of(package, versions):
    wheels = [
        one for one in package.get("wheels", []) if is_wanted(one["url"], versions)
    ]
    files = wheels or [package["sdist"]]
    hashes = sorted(one["hashes"]["sha256"] for one in files)
    yield f"{package['name']}=={package['version']}{marker_of(package, versions)}"
    for one in hashes:
        yield f"    --hash=sha256:{one}"


def lock(path):
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    named = re.search(r"^# Python: (.*)$", text, re.MULTILINE)
    versions = (named.group(1) if named else VERSIONS).split()
    place = path[: -len(".in")] + ".txt"
    packages = resolve(path, versions)
    with open(place + ".part", "w", encoding="utf-8") as out:
        out.write(f"# Made from {os.path.basename(path)} by jobs/setup/lock_python.py.\n")
        for package in packages:
            out.write(" \\\n".join(lines_of(package, versions)) + "\n")
    os.replace(place + ".part", place)
    print(f"{place}: {len(packages)} packages")


def main():
    if len(sys.argv) < 2 or not all(one.endswith(".in") for one in sys.argv[1:]):
        sys.exit(__doc__)
    for path in sys.argv[1:]:
        lock(path)


main()
