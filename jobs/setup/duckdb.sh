#!/usr/bin/env bash
# Usage: jobs/setup/duckdb.sh
#
# Provides DuckDB with its C API, which Debian and Ubuntu do not package.
# Nothing is done when DUCKDB_ROOT, CMAKE_PREFIX_PATH or the system has it.
# Else its static libraries come out of the Go module of DuckDB's own
# bindings, into .deps/duckdb; the module's archive is checked and kept in the
# user's cache. Go is needed to fetch it, not to build.
set -euo pipefail

readonly version=1.5.6
readonly module=github.com/duckdb/duckdb-go-bindings/lib/linux-amd64
readonly module_version=v0.10506.0
readonly archive=duckdb-$version-linux-amd64.zip
readonly sha256=8d3a7324cdffa921b836b28d51198c3e4bc5f430d2f87adae206d94c23b2d23a

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target=$root/.deps/duckdb
# shellcheck source=jobs/setup/cache.sh
. "$root/jobs/setup/cache.sh"

# shellcheck source=jobs/setup/find.sh
. "$root/jobs/setup/find.sh"
if find_library DuckDB DUCKDB_ROOT duckdb.h 'libduckdb*'; then
  exit 0
fi
if [ -f "$target/include/duckdb.h" ] &&
  is_complete "$target/lib/libduckdb_static.a" "$target"; then
  exit 0
fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "DuckDB: no archive is known for $(uname -sm); unpack DuckDB $version's" \
    "release for C and set DUCKDB_ROOT to where it is" >&2
  exit 1
fi

cache=$(cache_folder)
if ! is_right "$cache/$archive" "$sha256"; then
  if ! command -v go >/dev/null; then
    "$root/jobs/setup/packages.sh" go
  fi
  echo "DuckDB: fetching $version (30 MB)"
  modules=$(private_folder)
  # Go makes what it unpacks read-only
  trap 'chmod -R u+w "$modules"; rm -rf "$modules"' EXIT
  if ! (cd "$modules" && GOFLAGS=-mod=mod GOWORK=off \
    GOPATH=$modules/path GOCACHE=$modules/build \
    go mod download "$module@$module_version"); then
    echo "DuckDB: Go could not fetch $module; without a network, put the" \
      "archive as $archive into $cache, or set DUCKDB_ROOT" >&2
    exit 1
  fi
  cp "$modules/path/pkg/mod/cache/download/$module/@v/$module_version.zip" \
    "$modules/$archive"
  if ! is_right "$modules/$archive" "$sha256"; then
    echo "DuckDB: what was fetched is not the archive that was tested" \
      "(SHA-256 differs); nothing was installed" >&2
    exit 1
  fi
  mv "$modules/$archive" "$cache/$archive"
  chmod -R u+w "$modules"
  rm -rf "$modules"
  trap - EXIT
fi

# unpacked aside, so that an interrupted run leaves no half of it
mkdir -p "$root/.deps"
aside=$(mktemp -d "$root/.deps/duckdb-XXXXXX")
trap 'rm -rf "$aside"' EXIT
python3 -I - "$cache/$archive" "$aside" <<'PYTHON'
import os
import sys
import zipfile

source, aside = sys.argv[1:]
with zipfile.ZipFile(source) as archive:
    for name in archive.namelist():
        base = os.path.basename(name)
        folder = {".h": "include", ".a": "lib"}.get(os.path.splitext(base)[1])
        if folder:
            os.makedirs(os.path.join(aside, folder), exist_ok=True)
            with open(os.path.join(aside, folder, base), "wb") as out:
                out.write(archive.read(name))
PYTHON
rm -rf "$target"
chmod 755 "$aside"
mv "$aside" "$target"
trap - EXIT
echo "DuckDB: in .deps/duckdb"
