#!/usr/bin/env bash
# Usage: jobs/setup/libcint.sh
#
# Provides libcint (Gaussian integrals), which Debian and Ubuntu do not
# package. Nothing is done when LIBCINT_ROOT, CMAKE_PREFIX_PATH or the system
# has it. Else it comes out of the wheel of PySCF, which carries it, into
# .deps/libcint; the wheel is checked and kept in the user's cache.
set -euo pipefail

readonly version=2.14.0
readonly wheel=pyscf-$version-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
readonly sha256=37b0bccc55450311a55318cd643e851353331ddeab4fc0c0065e83c905e41502

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target=$root/.deps/libcint
# shellcheck source=jobs/setup/cache.sh
. "$root/jobs/setup/cache.sh"

# shellcheck source=jobs/setup/find.sh
. "$root/jobs/setup/find.sh"
if find_library libcint LIBCINT_ROOT cint.h 'libcint.*'; then
  exit 0
fi
if [ -f "$target/include/cint.h" ] &&
  is_complete "$target/lib/deps/lib/libcint.so" "$target"; then
  exit 0
fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "libcint: no wheel is known for $(uname -sm); build it (Spack, conda," \
    "or its source with CMake) and set LIBCINT_ROOT to where it is" >&2
  exit 1
fi

cache=$(cache_folder)
fetch_wheel libcint "pyscf==$version" "$wheel" "$sha256" \
  manylinux_2_17_x86_64 "it with the wheel of PySCF $version (53 MB)" \
  ", or set LIBCINT_ROOT"

# unpacked aside, so that an interrupted run leaves no half of it
mkdir -p "$root/.deps"
aside=$(mktemp -d "$root/.deps/libcint-XXXXXX")
trap 'rm -rf "$aside"' EXIT
python3 -I - "$cache/$wheel" "$aside" <<'PYTHON'
import os
import sys
import zipfile

wheel, aside = sys.argv[1:]
# the library looks for libquadmath two folders up: places are kept
keep = {
    "pyscf/lib/deps/include/cint.h": "include/cint.h",
    "pyscf/lib/deps/include/cint_funcs.h": "include/cint_funcs.h",
    "pyscf/lib/deps/lib/libcint.so": "lib/deps/lib/libcint.so",
}
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        base = os.path.basename(name)
        if base.startswith("libquadmath-") and os.path.dirname(name) == "pyscf/lib":
            keep[name] = "lib/" + base
    for name, place in keep.items():
        path = os.path.join(aside, place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(archive.read(name))
        os.chmod(path, 0o755 if ".so" in place else 0o644)
PYTHON
rm -rf "$target"
chmod 755 "$aside"
mv "$aside" "$target"
trap - EXIT
echo "libcint: in .deps/libcint"
