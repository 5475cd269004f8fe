#!/usr/bin/env bash
# Usage: jobs/setup/cuda.sh
#
# Provides a CUDA toolkit to compile and link with. Nothing is done when
# CUDA_HOME, CUDAToolkit_ROOT, the path or /usr/local/cuda has one. Else it is
# put together from NVIDIA's own packages on PyPI, checked by hash, in the
# user's cache (600 MB to fetch, 1.3 GB unpacked), and linked as .deps/cuda;
# cuStateVec comes with it. No GPU is needed; to run, a driver is.
set -euo pipefail

readonly version=13.0.88

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target=$root/.deps/cuda
# shellcheck source=jobs/setup/cache.sh
. "$root/jobs/setup/cache.sh"

on_path=$(command -v nvcc || true)
for prefix in "${CUDA_HOME:-}" "${CUDAToolkit_ROOT:-}" \
  "${on_path:+$(dirname "$(dirname "$(readlink -f "${on_path:-/}")")")}" \
  /usr/local/cuda; do
  if [ -n "$prefix" ] && [ -x "$prefix/bin/nvcc" ]; then
    echo "CUDA: using that of $prefix"
    exit 0
  fi
done
if is_complete "$target/bin/nvcc" "$target"; then
  exit 0
fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "CUDA: no packages are known for $(uname -sm); install NVIDIA's" \
    "toolkit and set CUDA_HOME to where it is" >&2
  exit 1
fi

cache=$(cache_folder)
toolkit=$cache/cuda-$version
if ! is_complete "$toolkit/bin/nvcc" "$toolkit"; then
  echo "CUDA: fetching the toolkit $version (600 MB)"
  aside=$(private_folder)
  trap 'rm -rf "$aside"' EXIT
  cat >"$aside/requirements.txt" <<'LIST'
nvidia-cuda-nvcc==13.0.88 --hash=sha256:56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03
nvidia-cuda-crt==13.0.88 --hash=sha256:2c8043c7c9e02492716426e9919fc78d2c5b3b2a7a768a88e952676b08aa55a4
nvidia-nvvm==13.0.88 --hash=sha256:c5f41ffeb6466944a026dfa5317d7d85355c119bbec279205d22f1869d1054e0
nvidia-cuda-runtime==13.0.96 --hash=sha256:7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548
nvidia-cuda-cccl==13.0.85 --hash=sha256:e0da7ad981f3a8aff08241b5bfc1af868742a63e2762f53a5171c492ef242649
nvidia-cublas==13.1.2.11 --hash=sha256:e1ad7b57879088bc79e31cc172891a64332f76ae733084d4aaaaa65499b9b3de
custatevec-cu13==1.15.0 --hash=sha256:b129d32ee3a0104ba1c3a70f934d143ed99003dd24997278bdd57729d338b028
LIST
  # pip is imported from the current folder, if one is there
  if ! (cd "$aside" && python3 -m pip install --quiet \
    --disable-pip-version-check --no-deps --only-binary=:all: \
    --require-hashes --no-compile --no-cache-dir --root-user-action=ignore \
    --target "$aside/wheels" -r "$aside/requirements.txt" 2>"$aside/pip.log"); then
    if is_other "$aside/pip.log"; then
      echo "CUDA: what was fetched is not what was tested (SHA-256 differs);" \
        "nothing was installed" >&2
      exit 4
    fi
    echo "CUDA: pip could not fetch the packages; without a network, unpack" \
      "a toolkit elsewhere and set CUDA_HOME to where it is" >&2
    exit 1
  fi
  # all but cuStateVec share one tree, which has a toolkit's shape but for
  # the folder lib64 and the names that a linker looks for
  tree=$aside/wheels/nvidia/cu13
  cp -a "$aside"/wheels/cuquantum/include/. "$tree/include/"
  cp -a "$aside"/wheels/cuquantum/lib/. "$tree/lib/"
  ln -s lib "$tree/lib64"
  for library in "$tree"/lib/lib*.so.*; do
    name=$(basename "$library")
    ln -sf "$name" "$tree/lib/${name%%.so.*}.so"
  done
  rm -rf "$toolkit"
  chmod 755 "$tree"
  mv "$tree" "$toolkit"
  rm -rf "$aside"
  trap - EXIT
fi
mkdir -p "$root/.deps"
ln -sfn "$toolkit" "$target"
echo "CUDA: in .deps/cuda"
