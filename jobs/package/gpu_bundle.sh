#!/usr/bin/env bash
# Usage: tests/gpu.sh --bundle FOLDER
#
# Makes FOLDER with what runs tests/gpu.sh on a machine that has an NVIDIA driver,
# glibc 2.36, tar and gzip, and nothing else:
#
#   run                the one thing to start: FOLDER/run [REPORTS]
#   vqe_gpu.tar.gz     programs, tests, bench, their data and all libraries
#   custatevec.tar.gz  cuStateVec; without it `run` leaves its stage out
#
# Each is below 64 MB. cuBLAS is not in it, which has 600 MB: `run` takes that of
# the machine (toolkit, PyTorch) if it finds one; without it products take a
# kernel of ours, and cuStateVec, which needs cuBLAS, is left out.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ $# -eq 1 ] || { sed -n '2,15p' "${BASH_SOURCE[0]}" | cut -c3- >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$root"
jobs/setup/packages.sh package
jobs/setup/packages.sh main
jobs/setup/libraries.sh
jobs/setup/cuda.sh
units=$(grep -oE '\b(device|sim|vqe)-t-[a-z_]+' tests/gpu.sh | LC_ALL=C sort -u)
# shellcheck disable=SC2086
jobs/setup/build.sh portable-cuda vqe_batch vqe_lake vqe vqe_bench $units
build=$root/build/portable-cuda
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null ||
  stat -c %Y CHANGELOG.md)}
version=$(sed -n 's/^project(.* VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)

work=$(mktemp -d "$out/pack-XXXXXX")
trap 'rm -rf "$work"' EXIT
umask 022
stage=$work/vqe_gpu
home=$stage/lib/vqe_batch
cmake --install "$build" --prefix "$stage" --strip >"$work/log" ||
  { tail -n 20 "$work/log" >&2; exit 1; }
# the C library and what people read is in the tarball
mv "$stage/share/vqe_batch/basis" "$work/basis"
rm -rf "$stage/include" "$stage/lib/cmake" "$stage/lib/pkgconfig" "$stage/share" \
  "$stage"/lib/libvqe*
mkdir -p "$stage/share/vqe_batch"
mv "$work/basis" "$stage/share/vqe_batch/basis"
mkdir -p "$home/tests" "$stage/tests" "$stage/jobs"
install -s "$build/vqe_bench" "$home/vqe_bench"
for unit in $units; do
  install -s "$build/tests/$unit" "$home/tests/$unit"
done
ln -s ../lib/vqe_batch/vqe_bench "$stage/bin/vqe_bench"
cp -r tests/data "$stage/tests/data"
cp tests/gpu.sh "$stage/tests/"
cp jobs/thesis.json "$stage/jobs/"
echo x86-64-v3 >"$home/march"
git describe --always --dirty >"$stage/commit" 2>/dev/null || echo "$version" >"$stage/commit"
jobs/package/bundle.py "$stage" --build "$build" --version "$version" \
  --epoch "$epoch" --late libcublas --late libcublasLt

# cuStateVec beside it, as NVIDIA made it
library=$(sed -n 's/^VQE_CUSTATEVEC_LIBRARY:[A-Z]*=//p' "$build/CMakeCache.txt")
files="vqe_gpu"
if [ -f "$library" ]; then
  mkdir -p "$work/vqe_gpu-custatevec"
  cp -L "$library" "$work/vqe_gpu-custatevec/libcustatevec.so.1"
  cp jobs/package/licences/nvidia.txt "$work/vqe_gpu-custatevec/"
  files="$files vqe_gpu-custatevec"
else
  echo "bundle: cuStateVec is not here and not in the bundle" >&2
fi
for name in $files; do
  tar --create --format=gnu --sort=name --mtime="@$epoch" --owner=0 --group=0 \
    --numeric-owner --mode=u+rwX,go+rX,go-w --directory "$work" "$name" |
    gzip -n -9 >"$work/packed"
  mv "$work/packed" "$out/${name#vqe_gpu-}.tar.gz"
done
install -m 755 jobs/package/gpu_run.sh "$out/run"
(cd "$out" && sha256sum run ./*.tar.gz | sed 's#\./##' >sha256)
for file in "$out"/*.tar.gz; do
  size=$(stat -c %s "$file")
  echo "$file: $size bytes"
  if [ "$size" -ge 64000000 ]; then
    echo "bundle: $file is not below 64 MB" >&2
    exit 1
  fi
done
