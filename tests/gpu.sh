#!/usr/bin/env bash
# Usage: tests/gpu.sh [FOLDER]
#
# Everything that needs a GPU, on one machine that has one, offline: the tests
# of the estimators on it, the same under compute-sanitizer (memcheck,
# racecheck), whole jobs, and the bench on CPU, on GPU, and on GPU with the
# gates of cuStateVec alone. Writes FOLDER/report.txt (build/gpu) and the logs
# and records beside it; exit status 0 when nothing failed, 77 without a GPU.
# What needs cuStateVec is skipped, and said to be, where it is not.
#
# Needs build/cuda with tests (cmake --preset cuda -DVQE_TESTS=ON), or what
# builds it. compute-sanitizer is taken from the path or the toolkit.
#
# VQE_GPU_SECONDS  for each workload of the bench (2)
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
build=$root/build/cuda
out=${1:-$root/build/gpu}
mkdir -p "$out"
report=$out/report.txt
failed=0
export OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

say() {
  echo "$*" | tee -a "$report"
}

# step NAME COMMAND...: run it, log it, note how it ended
step() {
  local name=$1 start=$SECONDS status=0
  shift
  "$@" >"$out/$name.log" 2>&1 </dev/null || status=$?
  if [ "$status" -eq 0 ]; then
    say "$(printf '%-28s passed  %5d s' "$name" "$((SECONDS - start))")"
  else
    say "$(printf '%-28s FAILED  %5d s, status %d: %s' "$name" \
      "$((SECONDS - start))" "$status" "$out/$name.log")"
    failed=$((failed + 1))
  fi
}

# A test must have run its cases on the device, not skipped them.
on_device() {
  local log
  log=$("$@" 2>&1)
  local status=$?
  echo "$log"
  [ "$status" -eq 0 ] || return "$status"
  if grep 'skipped: ' <<<"$log" | grep -qvE "$may_skip"; then
    echo "cases were skipped"
    return 1
  fi
}

: >"$report"
say "$(date -u +%Y-%m-%dT%H:%M:%SZ) $(git describe --always --dirty 2>/dev/null || true)"
if ! [ -x "$build/vqe_batch" ] || ! [ -x "$build/tests/device-t-device_estimators" ]; then
  step build jobs/setup/build.sh cuda -DVQE_TESTS=ON
fi
if ! "$build/vqe_batch" --devices >"$out/devices.txt" 2>&1; then
  say "$(cat "$out/devices.txt")"
  say "skipped: no GPU"
  exit 77
fi
say "$(cat "$out/devices.txt")"
library=no
may_skip='skipped: needs an emulated device'
if grep -q '^cuStateVec: [0-9]' "$out/devices.txt"; then
  library=yes
else
  say "skipped: tests and bench of cuStateVec, which is not there"
  may_skip="$may_skip|cuStateVec"
fi
command -v nvidia-smi >/dev/null && nvidia-smi >"$out/nvidia-smi.txt" 2>&1
say "$(grep -m1 'model name' /proc/cpuinfo), $(nproc) cores"

# ---- tests ----

units="device-t-device_estimators sim-t-circuit_energies sim-t-gradient sim-t-uccsd_energies sim-t-phases
  sim-t-pool_slopes sim-t-lucj sim-t-kupccgsd device-t-gates device-t-device_custatevec
  vqe-t-run_device"
for unit in $units; do
  step "$unit" on_device "$build/tests/$unit"
done

sanitizer=$(command -v compute-sanitizer || true)
for folder in "${CUDA_HOME:-}" .deps/cuda /usr/local/cuda; do
  if [ -z "$sanitizer" ] && [ -x "$folder/bin/compute-sanitizer" ]; then
    sanitizer=$folder/bin/compute-sanitizer
  fi
done
if [ -n "$sanitizer" ]; then
  for tool in memcheck racecheck; do
    for unit in sim-t-phases sim-t-kupccgsd device-t-device_custatevec vqe-t-run_device; do
      step "$tool-$unit" "$sanitizer" --tool "$tool" --error-exitcode 9 \
        "$build/tests/$unit"
    done
  done
else
  say "compute-sanitizer             not found: memcheck and racecheck not run"
fi

# ---- whole jobs ----

thesis() {
  "$build/vqe_batch" jobs/thesis.json --device "$1" --force --no-lake \
    --output "$out/thesis-$1.h5" --summary "$out/thesis-$1.json"
}
step job-thesis-cpu thesis cpu
step job-thesis-auto thesis auto
step job-thesis-cuda thesis cuda
# several ranks on one device
step job-thesis-cuda-4-ranks mpirun --oversubscribe -np 4 "$build/vqe_batch" \
  jobs/thesis.json --device cuda --force --no-lake --quiet \
  --output "$out/ranks.h5"
agree() {
  python3 - "$out/thesis-cpu.json" "$out/thesis-cuda.json" <<'PYTHON'
import json
import sys

cpu, cuda = (json.load(open(path)) for path in sys.argv[1:])
worst = 0.0
for a, b in zip(cpu, cuda, strict=True):
    assert a["experiment_id"] == b["experiment_id"], a["name"]
    # two searches for a minimum: as near as their tolerance
    worst = max(worst, abs(a["energy"] - b["energy"]))
print(f"energies of the thesis set differ by at most {worst:.1e} hartree")
sys.exit(worst > 1e-6)
PYTHON
}
step job-thesis-agrees agree

# ---- small molecules at once ----

python3 - >"$out/h2.json" <<'PYTHON'
import json

json.dump({
    "molecules": [
        {"symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.5 + 0.002 * k]]}
        for k in range(1000)
    ],
}, open(1, "w"))
PYTHON
# rate NAME JOB COUNT OPTIONS...: molecules an hour, from start to exit
rate() {
  local name=$1 job=$2 count=$3 start stop
  shift 3
  start=$(date +%s.%N)
  step "$name" "$build/vqe_batch" "$job" --force --no-lake --quiet \
    --output "$out/$name.h5" --summary "$out/$name.json" "$@"
  stop=$(date +%s.%N)
  say "$(awk -v name="$name" -v n="$count" -v start="$start" -v stop="$stop" \
    'BEGIN { t = stop - start; printf "%-28s %7.2f s, %.3g molecules an hour",
      name, t, 3600 * n / t }')"
}
# one after the other, and as many lanes as the program takes
thesis_count=$(python3 -c 'import json, sys
print(len(json.load(open(sys.argv[1]))))' "$out/thesis-cpu.json")
rate h2-cpu "$out/h2.json" 1000 --device cpu
rate thesis-cpu "$root/jobs/thesis.json" "$thesis_count" --device cpu
for lanes in 1 auto 64; do
  options=(--device cuda)
  [ "$lanes" = auto ] || options+=(--lanes "$lanes")
  rate "h2-lanes-$lanes" "$out/h2.json" 1000 "${options[@]}"
  rate "thesis-lanes-$lanes" "$root/jobs/thesis.json" "$thesis_count" \
    "${options[@]}"
done
# whatever shares a launch
same_bits() {
  python3 - "$out" <<'PYTHON'
import json
import sys

alone, *others = (
    [row["energy"] for row in json.load(open(f"{sys.argv[1]}/h2-lanes-{n}.json"))]
    for n in ("1", "auto", "64")
)
sys.exit(any(energies != alone for energies in others))
PYTHON
}
step h2-lanes-same-bits same_bits

# ---- bench ----

if [ -x "$build/vqe_bench" ]; then
  # bench NAME FILTER OPTIONS...
  bench() {
    local name=$1 filter=$2
    shift 2
    rm -f "$out/bench-$name.json"
    step "bench-$name" "$build/vqe_bench" --filter "$filter" \
      --seconds "${VQE_GPU_SECONDS:-2}" --json "$out/bench-$name.json" "$@"
    cat "$out/bench-$name.log" >>"$report"
  }
  # compare A B: what B takes for what A takes
  compare() {
    say "bench-$2 beside bench-$1"
    "$build/vqe_bench" --compare "$out/bench-$1.json" "$out/bench-$2.json" \
      2>&1 | tee -a "$report"
  }
  # the same numbers, or the times say nothing
  same() {
    python3 - "$out/bench-$1.json" "$out/bench-$2.json" <<'PYTHON'
import json
import sys

ours, other = (
    {
        record["workload"]: record
        for record in map(json.loads, open(path))
        if record.get("status") == "ok" and "energy" in record
    }
    for path in sys.argv[1:]
)
both = sorted(ours.keys() & other.keys())
worst = max(
    abs(ours[name][key] - other[name][key])
    for name in both
    for key in ("energy", "gradient_norm")
    if key in ours[name]
)
print(f"{len(both)} workloads differ by at most {worst:.1e} hartree")
sys.exit(worst > 1e-8)
PYTHON
  }
  bench cpu energy/,gradient/ --device cpu --threads "$(nproc)"
  bench cuda energy/,gradient/ --device cuda
  compare cpu cuda
  step bench-cuda-agrees same cpu cuda
  if [ "$library" = yes ]; then
    bench custatevec energy/full/,gradient/full/ --device cuda \
      --gates custatevec
    compare custatevec cuda
    step bench-custatevec-agrees same custatevec cuda
  fi
else
  say "vqe_bench is not built: no times"
fi

say "$failed failed"
[ "$failed" -eq 0 ]
