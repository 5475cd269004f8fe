#!/usr/bin/env bash
# Usage: bench/peers/measure.sh [--seconds S] [--json FILE] [--markdown FILE]
#                           [--peers NAME,...] [--bench VQE_BENCH]
#
# Runs vqe_bench and other programs over the same Hamiltonians and parameters,
# one after the other, one thread each, and prints the ratios; energies must
# agree to 1e-8 hartree before a ratio is printed. The first run installs the
# peers into build/peers (2 GB); ten minutes after that.
#
# --seconds S       of repeats for each workload (2)
# --json FILE       keep all records, one JSON object a line
# --markdown FILE   write the tables as Markdown; to put them into
#                   bench/README.md: bench/peers/table.py --into bench/README.md
#                   FILE
# --peers NAMES     of measure.py, separated by commas (all)
# --bench PROGRAM   instead of build/release/vqe_bench, which is built first
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/bench/peers
place=$root/build/peers
seconds=2
json=
markdown=
peers='Qiskit Aer,Qulacs,Lightning,MindQuantum,TenCirChem,PySCF,ffsim,Qiskit Nature'
bench=
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=$2 ;;
    --json) json=$2 ;;
    --markdown) markdown=$2 ;;
    --peers) peers=$2 ;;
    --bench) bench=$2 ;;
    *)
      sed -n '2,19p' "${BASH_SOURCE[0]}" | cut -c3- >&2
      exit 2
      ;;
  esac
  shift 2
done

# the workloads run the other two programs
if [ -z "$bench" ]; then
  "$root/jobs/setup/build.sh" release vqe_bench vqe_batch vqe_lake
  bench=$root/build/release/vqe_bench
fi

# one thread, whatever a library would take
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
export QULACS_NUM_THREADS=1 NUMBA_NUM_THREADS=1
export XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# prepare NAME REQUIREMENTS: a virtual environment; says why when it fails
prepare() {
  local folder=$place/$1 list=$here/$2
  if cmp -s "$list" "$folder/requirements.txt"; then
    return 0
  fi
  rm -rf "$folder"
  mkdir -p "$place"
  # setuptools first, as what comes as source is built by it and not by one that
  # is fetched unchecked
  if python3 -I -m venv "$folder" &&
    "$folder/bin/python" -I -m pip install --quiet \
      --disable-pip-version-check --require-hashes --no-deps \
      -r <(sed -n '/^setuptools==/,/[0-9a-f]$/p' "$list") >"$place/$1.log" 2>&1 &&
    "$folder/bin/python" -I -m pip install --quiet \
      --disable-pip-version-check --require-hashes --no-deps \
      --no-build-isolation -r "$list" >>"$place/$1.log" 2>&1; then
    cp "$list" "$folder/requirements.txt"
  else
    echo "The peers of $2 are not installed; the end of $place/$1.log:"
    tail -n 3 "$place/$1.log" || true
  fi
}

prepare main requirements-peers.txt
prepare tencirchem requirements-tencirchem.txt

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
records=$work/records.jsonl
"$bench" --circuits "$work/circuits"
# lake_load.py needs a package of the peers; a failure is in the records
PATH=$place/main/bin:$PATH "$bench" --seconds "$seconds" --json "$records" ||
  echo "vqe_bench: exit status $?"

IFS=, read -ra names <<<"$peers"
for name in "${names[@]}"; do
  folder=$place/main
  if [ "$name" = TenCirChem ]; then
    folder=$place/tencirchem
  fi
  echo "$name"
  if ! [ -f "$folder/requirements.txt" ]; then
    printf '{"peer": "%s", "reason": "not installed"}\n' "$name" >>"$records"
    continue
  fi
  # the last processor alone
  taskset -c "$(($(nproc --all) - 1))" "$folder/bin/python" \
    "$here/measure.py" "$name" --circuits "$work/circuits" \
    --data "$root/tests/data" --seconds "$seconds" \
    >>"$records" 2>"$work/errors" || {
    tail -n 3 "$work/errors"
    printf '{"peer": "%s", "reason": "ended early"}\n' "$name" >>"$records"
  }
done

if [ -n "$json" ]; then
  cp "$records" "$json"
fi
"$here/table.py" "$records" ${markdown:+--markdown "$markdown"}
