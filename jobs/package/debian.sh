#!/usr/bin/env bash
# Usage: jobs/package/debian.sh [OUT]
#
# Makes OUT/vqe-batch_VERSION_amd64.deb (OUT: build/package) for the release of
# Debian or Ubuntu that this machine has, by CPack; the libraries that it depends
# on are found by dpkg-shlibdeps. The same commit on the same release gives the
# same bytes.
#
# SOURCE_DATE_EPOCH  the time of all files, by default that of the commit
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=${1:-$root/build/package}
cd "$root"
jobs/setup/packages.sh package
jobs/setup/packages.sh main
jobs/setup/libraries.sh
jobs/setup/pages.sh # what is passed on has charts, and the same bytes everywhere
jobs/setup/build.sh portable vqe_batch vqe_lake vqe man
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null ||
  stat -c %Y CHANGELOG.md)}
export SOURCE_DATE_EPOCH
mkdir -p "$out"
work=$(mktemp -d "$out/pack-XXXXXX")
trap 'rm -rf "$work"' EXIT
umask 022
cpack --config build/portable/CPackConfig.cmake -B "$work" >"$work/log" 2>&1 || {
  tail -n 30 "$work/log" >&2
  exit 1
}
package=$(basename "$work"/*.deb)
mv "$work/$package" "$out/$package"
dpkg-deb --field "$out/$package" Package Version Architecture Installed-Size Depends
(cd "$out" && sha256sum "$package" | tee "$package.sha256")
