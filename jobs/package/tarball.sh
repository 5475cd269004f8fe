#!/usr/bin/env bash
# Usage: jobs/package/tarball.sh [--build FOLDER] [--mpi own|machine] [--fast]
#                                [--out FOLDER]
#
# Makes OUT/vqe_batch-VERSION-linux-x86_64.tar.gz (OUT: build/package), and its
# SHA-256 beside it: a folder that runs on any Linux with glibc 2.36, wherever it
# is unpacked (jobs/package/README.md). The same commit gives the same bytes.
#
# --build FOLDER  pack this build; without it build/portable is made, for
#                 processors with AVX2 and without a trace of the checkout's place
# --mpi machine   without an MPI
# --fast          packed fast instead of small
#
# SOURCE_DATE_EPOCH  the time of all files, by default that of the commit
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
usage() {
  sed -n '2,17p' "${BASH_SOURCE[0]}" | cut -c3- >&2
  exit 2
}
build=
mpi=own
level=9
out=$root/build/package
while [ $# -gt 0 ]; do
  case $1 in
    --build | --mpi | --out)
      [ $# -ge 2 ] || usage
      case $1 in
        --build) build=$(cd "$2" && pwd) ;;
        --mpi) mpi=$2 ;;
        --out) out=$(mkdir -p "$2" && cd "$2" && pwd) ;;
      esac
      shift
      ;;
    --fast) level=1 ;;
    *) usage ;;
  esac
  shift
done
cd "$root"
jobs/setup/packages.sh package
march=
if [ -z "$build" ]; then
  jobs/setup/packages.sh main
  jobs/setup/libraries.sh
  jobs/setup/pages.sh # what is passed on has charts, and the same bytes everywhere
  jobs/setup/build.sh portable vqe_batch vqe_lake vqe man
  build=$root/build/portable
  march=x86-64-v3
fi
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null ||
  stat -c %Y CHANGELOG.md)}
version=$(sed -n 's/^project(.* VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
name=vqe_batch-$version-linux-$(uname -m)

mkdir -p "$out"
work=$(mktemp -d "$out/pack-XXXXXX")
trap 'rm -rf "$work"' EXIT
umask 022
cmake --install "$build" --prefix "$work/$name" --strip >"$work/log" ||
  { tail -n 20 "$work/log" >&2; exit 1; }
if [ -n "$march" ]; then
  echo "$march" >"$work/$name/lib/vqe_batch/march"
fi
python3 -I -B - "$root/jobs/package" "$work/$name" --build "$build" \
  --version "$version" --epoch "$epoch" --mpi "$mpi" <<'PYTHON'
import runpy
import sys

folder = sys.argv.pop(1)
sys.path.insert(0, folder)
sys.argv[0] = folder + "/bundle.py"
runpy.run_path(sys.argv[0], run_name="__main__")
PYTHON
# nothing of this machine's clock, users or order of folders
tar --create --format=gnu --sort=name --mtime="@$epoch" --owner=0 --group=0 \
  --numeric-owner --mode=u+rwX,go+rX,go-w --directory "$work" "$name" |
  gzip -n "-$level" >"$work/packed"
mv "$work/packed" "$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
printf '%s: %s bytes, %s unpacked\n%s\n' "$out/$name.tar.gz" \
  "$(stat -c %s "$out/$name.tar.gz")" \
  "$(du -sh --apparent-size "$work/$name" | cut -f1)" \
  "$(cat "$out/$name.tar.gz.sha256")"
