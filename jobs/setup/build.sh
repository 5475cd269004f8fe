#!/usr/bin/env bash
# Usage: jobs/setup/build.sh PRESET[:NAME] [-DNAME=VALUE ...] [TARGET ...]
#
# Configures build/NAME (default: PRESET) and builds. Quiet unless it fails.
set -euo pipefail

preset=${1%%:*}
name=${1##*:}
shift
settings=()
while [ $# -gt 0 ] && [ "${1#-D}" != "$1" ]; do
  settings+=("$1")
  shift
done
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p "build/$name"
log=build/$name/build.log

# CMake reports a library that is missing best itself
if ! cmake --preset "$preset" -B "build/$name" "${settings[@]}" >"$log" 2>&1; then
  cat "$log" >&2
  echo "Configuring failed; see above, and doc/install.md for the libraries." >&2
  exit 1
fi
echo "Building build/$name"
if ! cmake --build "build/$name" ${1:+--target "$@"} >>"$log" 2>&1; then
  grep -A20 -E 'FAILED|error:' "$log" | head -80 >&2 || true
  echo "Building failed; all of it is in $log." >&2
  exit 1
fi
