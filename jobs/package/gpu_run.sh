#!/bin/sh
# Usage: run [REPORTS]
#
# Unpacks the bundle beside it (tests/gpu.sh --bundle), and runs tests/gpu.sh of
# it on this machine, which needs an NVIDIA driver and no more. REPORTS: where
# report.txt, logs and records go (reports, here). VQE_GPU_BUDGET=840 fits a
# quarter of an hour: stages that would begin later are left out. Exit status 0
# when nothing failed, 77 without a GPU.
here=$(cd "$(dirname -- "$0")" && pwd) || exit 1
reports=${1:-$here/reports}
mkdir -p "$reports" || exit 1
reports=$(cd "$reports" && pwd)
if [ ! -d "$here/vqe_gpu" ]; then
  tar -xzf "$here/vqe_gpu.tar.gz" -C "$here" || exit 1
fi
if [ ! -d "$here/vqe_gpu-custatevec" ] && [ -f "$here/custatevec.tar.gz" ]; then
  tar -xzf "$here/custatevec.tar.gz" -C "$here" || exit 1
fi

# cuBLAS of this machine: a toolkit, or what comes with PyTorch and others
find_cublas() {
  for folder in ${CUDA_HOME:+"$CUDA_HOME/lib64"} /usr/local/cuda/lib64 \
    /usr/local/cuda-13*/lib64 /usr/lib/x86_64-linux-gnu \
    "$HOME"/.local/lib/python3*/site-packages/nvidia/*/lib \
    /usr/local/lib/python3*/*-packages/nvidia/*/lib \
    /usr/lib/python3*/*-packages/nvidia/*/lib \
    /opt/*/lib/python3*/site-packages/nvidia/*/lib \
    /opt/*/.venv/lib/python3*/site-packages/nvidia/*/lib; do
    if [ -e "$folder/libcublas.so.13" ] && [ -e "$folder/libcublasLt.so.13" ]; then
      echo "$folder"
      return
    fi
  done
}
cublas=$(find_cublas)
echo "cuBLAS: ${cublas:-none found; own kernel, and no cuStateVec}"
LD_LIBRARY_PATH=${cublas:+$cublas:}$here/vqe_gpu-custatevec${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# drivers of containers lie where only a setting of the container leads
for folder in /usr/local/nvidia/lib64 /usr/local/nvidia/lib; do
  if [ -e "$folder/libcuda.so.1" ]; then
    LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$folder
  fi
done
export LD_LIBRARY_PATH
exec "$here/vqe_gpu/tests/gpu.sh" "$reports"
