#!/usr/bin/env bash
# Usage: jobs/setup/garage.sh
#
# Provides Garage, an S3 store of one process, for the tests of object stores.
# Nothing is done when GARAGE names the program, or a garage of the tested
# version is on PATH or in the user's cache. Else it is built from its crate,
# about 16 minutes of one core (CARGO_BUILD_JOBS bounds the cores), by Rust
# 1.91 or later, and kept in the cache; what that takes is installed first. The last line of output is the path of the program.
set -euo pipefail

readonly version=2.5.0

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=jobs/setup/cache.sh
. "$here/jobs/setup/cache.sh"
cache=$(cache_folder)
target=$cache/garage-$version
program=$target/bin/garage

command -v curl >/dev/null || "$here/jobs/setup/packages.sh" garage
is_right() {
  [ -x "$1" ] && [[ "$("$1" --version 2>/dev/null)" == *"$version"* ]]
}

is_ours() {
  is_complete "$program" "$target/bin" && is_right "$program"
}

if [ -n "${GARAGE:-}" ]; then
  if [ ! -x "$GARAGE" ]; then
    echo "garage: GARAGE=$GARAGE is not a program; correct or unset it" >&2
    exit 1
  fi
  echo "$GARAGE"
  exit 0
fi
on_path=$(command -v garage || true)
if [ -n "$on_path" ] && is_right "$on_path"; then
  echo "$on_path"
  exit 0
fi
if is_ours; then
  echo "$program"
  exit 0
fi

"$here/jobs/setup/packages.sh" garage

rust=$(rustc --version 2>/dev/null | cut -d' ' -f2)
if [ "$(printf '%s\n' 1.91 "${rust:-0}" | sort -V | head -n 1)" != 1.91 ]; then
  echo "garage: building it takes Rust 1.91 or later, here is ${rust:-none};" \
    "on Debian 12 bookworm-security has it, elsewhere rustup" >&2
  exit 1
fi

# one build at a time; the second finds the program of the first
fresh_folder "$target"
exec 9>"$target/lock"
flock 9
if is_ours; then
  echo "$program"
  exit 0
fi
echo "garage: building $version, once; log in $target/build.log"
# a folder of the user may name another toolchain
if ! cd "$target" || ! env SODIUM_USE_PKG_CONFIG=1 CARGO_PROFILE_RELEASE_LTO=off \
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
  CARGO_TARGET_DIR="$target/build" \
  cargo install garage --version "=$version" --locked --no-default-features \
  --features bundled-libs,metrics,sqlite,lmdb --no-track --force \
  --root "$target/aside" >"$target/build.log" 2>&1 9>&-; then
  tail -n 30 "$target/build.log" >&2
  echo "garage: the build failed, see $target/build.log; or set GARAGE to a" \
    "garage $version" >&2
  exit 1
fi
mkdir -p "$target/bin"
mv "$target/aside/bin/garage" "$program"
rm -rf "$target/aside" "$target/build"
if ! is_ours; then
  echo "garage: $program does not run" >&2
  exit 1
fi
echo "$program"
