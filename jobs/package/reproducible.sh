#!/usr/bin/env bash
# Usage: jobs/package/reproducible.sh
#
# Builds tarball and Debian package twice from the commit that is checked out, in
# two folders whose paths have different lengths, at different times and with
# another umask, without a compiler cache, and compares the bytes. Prints the
# hashes; exit status 1 where they differ, with the files that do.
#
# VQE_REPRODUCIBLE  where the two checkouts are made (build/reproducible); they
#                   are removed at the end
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=${VQE_REPRODUCIBLE:-$root/build/reproducible}
mkdir -p "$work"
work=$(mktemp -d "$work/two-XXXXXX")
trap 'rm -rf "$work"' EXIT
commit=$(git -C "$root" rev-parse HEAD)
if [ -n "$(git -C "$root" status --porcelain --untracked-files=no)" ]; then
  echo "reproducible: what is not committed is not built" >&2
fi

# libraries that jobs/setup fetched are the same for both
build() {
  local folder=$1
  git -c advice.detachedHead=false clone --quiet --no-checkout "$root" "$folder"
  git -C "$folder" -c advice.detachedHead=false checkout --quiet "$commit"
  if [ -d "$root/.deps" ]; then
    mkdir "$folder/.deps"
    for library in libcint duckdb; do
      if [ -e "$root/.deps/$library" ]; then
        cp -rL "$root/.deps/$library" "$folder/.deps/"
      fi
    done
  fi
  (
    umask "$2"
    cd "$folder"
    unset SOURCE_DATE_EPOCH CMAKE_C_COMPILER_LAUNCHER
    CCACHE_DISABLE=1 jobs/package/tarball.sh
    CCACHE_DISABLE=1 jobs/package/debian.sh
  ) >"$work/log-$(basename "$folder")" 2>&1 || {
    tail -n 30 "$work/log-$(basename "$folder")" >&2
    exit 1
  }
}

build "$work/a" 022
sleep 2
build "$work/a-longer/way/to/the/second" 077

status=0
for one in "$work"/a/build/package/*.tar.gz "$work"/a/build/package/*.deb; do
  other=$work/a-longer/way/to/the/second/build/package/$(basename "$one")
  if cmp -s "$one" "$other"; then
    echo "same: $(sha256sum "$one" | cut -c1-64) $(basename "$one")"
    continue
  fi
  status=1
  echo "DIFFERENT: $(basename "$one"): $(sha256sum "$one" "$other" | cut -c1-64 |
    tr '\n' ' ')"
  mkdir "$work/x" "$work/y"
  case $one in
    *.deb) dpkg-deb -R "$one" "$work/x" && dpkg-deb -R "$other" "$work/y" ;;
    *) tar -xzf "$one" -C "$work/x" && tar -xzf "$other" -C "$work/y" ;;
  esac
  diff -rq "$work/x" "$work/y" | head -n 20 || true
  rm -rf "$work/x" "$work/y"
done
exit "$status"
