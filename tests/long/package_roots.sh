#!/usr/bin/env bash
# Usage: tests/long/package_roots.sh [tarball|debian|gpu]...
#
# Tarball and Debian package, as jobs/package makes them, by the words of their
# README in bare roots of debootstrap: the tarball in the release after the one
# that it is built on, the package on its own release, where it is installed with
# what it depends on, used and removed. In either the thesis set is computed, on
# one rank and on two, and its tables are made and queried. The bundle for GPUs
# (tests/gpu.sh --bundle) starts in a bare root, finds all its libraries there and
# says that there is no device; left out where there is no CUDA toolkit. As root;
# fetches 400 MB of packages. Exit status 77 where roots cannot be made.
#
# VQE_ROOTS   where roots are made (build/roots); they are removed at the end
# VQE_SUITE   release of Debian for the tarball (trixie)
# VQE_MIRROR  mirror of Debian
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
# shellcheck source=tests/long/root_lib.sh
. tests/long/root_lib.sh
need_roots || exit
roots=${VQE_ROOTS:-$root/build/roots}
mkdir -p "$roots"
work=$(mktemp -d "$roots/packages-XXXXXX")
trap 'remove_root "$work"' EXIT
what=${*:-tarball debian gpu}
own=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)

fail() {
  echo "FAILED: $*"
  exit 1
}

# use FOLDER JOBS: what a user does in either; run with the programs on PATH
cat >"$work/use.sh" <<'SCRIPT'
set -eu
jobs=$1
cd "$(mktemp -d)"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OPENBLAS_NUM_THREADS=1
vqe_batch --version
vqe_batch "$jobs/thesis.json" --output one.h5
mpirun --oversubscribe -np 2 vqe_batch "$jobs/thesis.json" --output two.h5 \
  --quiet --no-lake
vqe_lake normalize two.h5 -w tables
vqe_lake featurize tables
for place in one.warehouse tables; do
  vqe_lake query -w "$place" -f csv "SELECT molecule_label,
    round(total_energy, 5) AS energy FROM ml_run_summary ORDER BY energy" >rows
  cat rows
  # PySCF's values for the exact ones, the README's for the others
  grep -qx 'H2,-1.13727' rows && grep -qx 'CO2,-185.25623' rows &&
    [ "$(wc -l <rows)" -eq 9 ] || { echo "$place: wrong rows"; exit 1; }
done
vqe_lake check tables
SCRIPT

try_tarball() {
  local suite=${VQE_SUITE:-trixie} folder=$work/$1 tarball start
  jobs/package/tarball.sh
  tarball=$(echo build/package/vqe_batch-*-linux-"$(uname -m)".tar.gz)
  [ "$(stat -c %s "$tarball")" -lt 60000000 ] ||
    fail "$tarball has $(stat -c %s "$tarball") bytes, 60 MB are allowed"
  start=$SECONDS
  make_root "$suite" "$folder"
  echo "root: $suite, glibc $(in_root "$folder" ldd --version |
    sed -n '1s/.* //p'), $((SECONDS - start)) s"
  if in_root "$folder" sh -c 'command -v mpirun cc python3'; then
    fail "the root is not bare"
  fi
  start=$SECONDS
  tar -xzf "$tarball" -C "$folder/opt"
  cp "$work/use.sh" "$folder/tmp/use.sh"
  in_root "$folder" sh -c 'cd /opt/vqe_batch-* &&
    PATH=$PWD/bin:$PATH sh /tmp/use.sh "$PWD/share/vqe_batch/jobs"'
  in_root "$folder" sh -c 'for file in $(find /opt/vqe_batch-* -name "*.so*" \
    -o -path "*/lib/vqe_batch/vqe_*" -type f); do
      LD_LIBRARY_PATH=$(echo /opt/vqe_batch-*/lib/vqe_batch/openmpi/lib) \
        ldd "$file" | grep "not found" && echo "$file"; done; true' >"$work/missing"
  [ ! -s "$work/missing" ] || fail "$(cat "$work/missing")"
  echo "tarball on $suite: passed, $((SECONDS - start)) s"
  remove_root "$folder"
}

try_debian() {
  local folder=$work/$own-deb package start=$SECONDS
  jobs/package/debian.sh
  package=$(echo build/package/vqe-batch_*.deb)
  make_root "$own" "$folder"
  cp "$package" "$work/use.sh" "$folder/tmp/"
  in_root "$folder" sh -c "apt-get -qq update &&
    apt-get -qq -y install --no-install-recommends /tmp/$(basename "$package") \
      >/tmp/log 2>&1 || { tail -n 20 /tmp/log; exit 1; }
    dpkg -L vqe-batch >/tmp/files"
  in_root "$folder" sh /tmp/use.sh /usr/share/vqe_batch/jobs
  in_root "$folder" sh -c 'test -f /usr/share/man/man1/vqe_batch.1* &&
    test -f /usr/share/doc/vqe-batch/copyright' || fail "its texts"
  in_root "$folder" sh -c 'dpkg --verify vqe-batch &&
    apt-get -qq -y remove vqe-batch >/dev/null 2>&1
    while read -r path; do
      if [ -e "$path" ] && [ ! -d "$path" ]; then echo "$path is left"; fi
    done </tmp/files; ls -d /usr/lib/vqe_batch /usr/share/vqe_batch 2>/dev/null' \
    >"$work/left" || true
  [ ! -s "$work/left" ] || fail "$(cat "$work/left")"
  echo "Debian package on $own: installed, used, removed, $((SECONDS - start)) s"
  remove_root "$folder"
}

try_gpu() {
  local folder=$work/gpu status=0 start=$SECONDS
  if ! jobs/setup/cuda.sh; then
    echo "GPU bundle: left out, there is no CUDA toolkit"
    return
  fi
  tests/gpu.sh --bundle "$work/bundle"
  make_root "${VQE_SUITE:-trixie}" "$folder"
  mv "$work/bundle" "$folder/opt/bundle"
  in_root "$folder" /opt/bundle/run >"$work/said" 2>&1 || status=$?
  cat "$work/said"
  if [ "$status" -ne 77 ] || ! grep -q 'no CUDA device: ' "$work/said"; then
    fail "status $status of the bundle without a device, not 77"
  fi
  in_root "$folder" sh -c 'cd /opt/bundle/vqe_gpu
    export LD_LIBRARY_PATH=$PWD/lib/vqe_batch/openmpi/lib
    for file in lib/vqe_batch/vqe_* lib/vqe_batch/tests/*; do
      ldd "$file" | grep "not found" && echo "$file"; done; true' >"$work/missing"
  [ ! -s "$work/missing" ] || fail "$(cat "$work/missing")"
  # a test that needs no device, on its data
  in_root "$folder" sh -c 'cd /opt/bundle/vqe_gpu &&
    lib/vqe_batch/tests/sim-t-phases' >"$work/said" 2>&1 || fail "$(cat "$work/said")"
  echo "GPU bundle: starts, finds all, says what is missing, $((SECONDS - start)) s"
  remove_root "$folder"
}

for one in $what; do
  case $one in
    tarball) try_tarball tarball ;;
    debian) try_debian ;;
    gpu) try_gpu ;;
    *) fail "$one is none of tarball, debian and gpu" ;;
  esac
done
