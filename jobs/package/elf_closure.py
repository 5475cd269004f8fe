"""ELF files: what they need, where the loader finds it, and which Debian package
that is of. Used by bundle.py and sbom.py.
"""

import functools
import os
import re
import subprocess

# Parts of the GNU C library, which is the one thing that a bundle leaves to the
# machine, as it belongs to the kernel's interface, the loader and the name
# services there; and what a driver of a GPU brings.
GLIBC = re.compile(
    r"(ld-linux-x86-64|ld-linux-aarch64|libc|libm|libmvec|libdl|libpthread|librt|"
    r"libresolv|libutil|libanl|libnsl|libnss_\w+|libBrokenLocale|libthread_db)\.so"
)
DRIVER = re.compile(r"(libcuda|libnvidia-.*)\.so")


class BundleError(Exception):
    """What cannot be bundled, and what to do."""


def is_elf(path):
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as stream:
        return stream.read(4) == b"\x7fELF"


def elf_files(folder):
    """Programs and shared libraries below a folder, without links to them."""
    return sorted(
        path
        for base, _, names in os.walk(folder)
        for path in (os.path.join(base, name) for name in names)
        if is_elf(path)
    )


def output_of(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BundleError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


@functools.cache
def dynamic(path):
    """(NEEDED names, SONAME or None, entries of RPATH and RUNPATH)."""
    text = output_of("readelf", "-dW", path)
    soname = re.search(r"\(SONAME\).*\[(.*)\]", text)
    paths = re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", text)
    return (
        re.findall(r"\(NEEDED\).*\[(.*)\]", text),
        soname.group(1) if soname else None,
        [entry for one in paths for entry in one.split(":")],
    )


def newest_glibc(path):
    """The newest version of the GNU C library that a file asks for, as a tuple."""
    text = output_of("readelf", "-VW", path)
    versions = re.findall(r"\bGLIBC_(\d+)\.(\d+)", text)
    return max(((int(a), int(b)) for a, b in versions), default=(0, 0))


def found_by_loader(path):
    """{name: path or None} of all that the loader brings in for a file, as ldd
    says it for the machine's own libraries."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("LD_")}
    done = subprocess.run(
        ["ldd", path], capture_output=True, text=True, env=env, check=False
    )
    found = {}
    for line in done.stdout.splitlines():
        match = re.match(r"\s*(\S+) => (not found|/\S+)", line)
        if match:
            where = match.group(2)
            found[match.group(1)] = None if where == "not found" else where
    return found


def reached(names, places, without=frozenset()):
    """Those of `places` ({name: path}) that can be reached from `names` over
    NEEDED entries, not going through the names of `without`."""
    seen = set()
    left = [name for name in names if name in places and name not in without]
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        left += [
            other
            for other in dynamic(places[name])[0]
            if other in places and other not in seen and other not in without
        ]
    return seen


def names_of(path):
    """A file's names as packages may have them: /lib is a link to /usr/lib, and
    they name either."""
    real = os.path.realpath(path)
    return list(dict.fromkeys([real, path, real.removeprefix("/usr"), "/usr" + real]))


def packages_of(paths):
    """{path: (package, version, source, version of the source)} by dpkg, of those
    that are of a package."""
    names = sorted({name for path in paths for name in names_of(path)})
    if not names:
        return {}
    # its status says that some are of none
    done = subprocess.run(
        ["dpkg-query", "-S", *names], capture_output=True, text=True, check=False
    )
    owner = {}
    for line in done.stdout.splitlines():
        package, _, name = line.partition(": ")
        owner[name] = package.split(",")[0].strip()
    versions = {}
    if owner:
        text = output_of(
            "dpkg-query", "-W", "-f",
            "${binary:Package}\t${Package}\t${Version}\t${source:Package}"
            "\t${source:Version}\n",
            *sorted(set(owner.values())),
        )
        for line in text.splitlines():
            words = line.split("\t")
            versions[words[0]] = versions[words[1]] = tuple(words[1:])
    found = {}
    for path in paths:
        for name in names_of(path):
            if name in owner:
                found.setdefault(path, versions[owner[name]])
    return found
