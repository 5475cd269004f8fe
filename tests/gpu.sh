#!/usr/bin/env bash
# Usage: tests/gpu.sh [FOLDER]
#        tests/gpu.sh --bundle FOLDER
#
# Everything that needs a GPU, on one machine that has one, offline, in stages of
# which the first say most: the tests of the estimators on it (agreement), whole
# jobs that have to come to the CPU's energies (jobs), the bench on CPU and GPU
# (bench), many small molecules at once (small), tests and bench of cuStateVec
# (custatevec), and compute-sanitizer (sanitizer). Writes FOLDER/report.txt
# (build/gpu), with the time of each stage, and the logs and records beside it;
# exit status 0 when nothing failed, 77 without a GPU. What is not on the machine
# is skipped, and said to be.
#
# --bundle FOLDER  makes there, on a machine with or without a GPU, what runs all
#                  of it on one that has a driver and nothing else, neither
#                  compiler nor toolkit nor Python: copy FOLDER and start its
#                  `run` (jobs/package/README.md)
#
# Without --bundle it takes build/cuda with tests (cmake --preset cuda
# -DVQE_TESTS=ON), or builds it.
#
# VQE_GPU_STAGES   stages to run, separated by blanks (all)
# VQE_GPU_BUDGET   seconds after which no further stage is begun (none)
# VQE_GPU_SECONDS  for each workload of the bench (2)
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
if [ "${1:-}" = --bundle ]; then
  [ $# -eq 2 ] || { sed -n '2,28p' "${BASH_SOURCE[0]}" | cut -c3- >&2; exit 2; }
  exec jobs/package/gpu_bundle.sh "$2"
fi
out=${1:-$root/build/gpu}
mkdir -p "$out"
out=$(cd "$out" && pwd)
report=$out/report.txt
failed=0
export OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# in a bundle programs are started by its launchers
if [ -d "$root/lib/vqe_batch/tests" ]; then
  programs=$root/bin
  tests=$root/lib/vqe_batch/tests
  mpirun=$root/bin/mpirun
else
  programs=$root/build/cuda
  tests=$programs/tests
  mpirun=mpirun
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
version=$(git describe --always --dirty 2>/dev/null || cat "$root/commit" 2>/dev/null)
say "$(date -u +%Y-%m-%dT%H:%M:%SZ) ${version:-}"
if ! [ -x "$programs/vqe_batch" ] || ! [ -x "$tests/device-t-device_estimators" ]; then
  step build jobs/setup/build.sh cuda -DVQE_TESTS=ON
fi
if ! "$programs/vqe_batch" --devices >"$out/devices.txt" 2>&1; then
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

# ---- agreement ----

agreement() {
  local unit
  for unit in device-t-products device-t-device_estimators sim-t-circuit_energies \
    sim-t-gradient sim-t-uccsd_energies sim-t-phases sim-t-pool_slopes sim-t-lucj \
    sim-t-kupccgsd vqe-t-run_device; do
    step "$unit" on_device "$tests/$unit"
  done
  # with the kernel that stands in for cuBLAS
  if ! grep -q '^products: own kernel' "$out/devices.txt"; then
    VQE_OWN_PRODUCTS=1 step own-products on_device \
      "$tests/device-t-device_estimators"
  fi
}

# ---- jobs ----

# ask SQL: the first value that it gives, over records of the runs; any tables
# will do for the command, H2's are there in a second
ask() {
  if ! [ -d "$out/ask.warehouse" ]; then
    printf '2\n\nH 0 0 0\nH 0 0 0.74\n' >"$out/ask.xyz"
    "$programs/vqe_batch" "$out/ask.xyz" --device cpu --force --quiet \
      --output "$out/ask.h5" >&2 || return
  fi
  "$programs/vqe_lake" query --unlocked "$1" -f csv -w "$out/ask.warehouse" |
    tail -n 1 | sed 's/"//g'
}

thesis() {
  "$programs/vqe_batch" "$root/jobs/thesis.json" --device "$1" --force --no-lake \
    --output "$out/thesis-$1.h5" --summary "$out/thesis-$1.json"
}

# two searches for a minimum: as near as their tolerance
agree() {
  local found
  found=$(ask "SELECT count(*) || ' energies, ' || max(abs(a.energy - b.energy))
    FROM read_json('$out/thesis-cpu.json') a JOIN read_json('$out/thesis-cuda.json') b
    USING (experiment_id)")
  echo "$found hartree apart at most"
  [ "${found%% *}" -eq "$(grep -c '"experiment_id"' "$out/thesis-cpu.json")" ] &&
    awk -v worst="${found##* }" 'BEGIN { exit !(worst + 0 <= 1e-6) }'
}

whole_jobs() {
  step job-thesis-cpu thesis cpu
  step job-thesis-cuda thesis cuda
  step job-thesis-agrees agree
  say "$(tail -n 1 "$out/job-thesis-agrees.log")"
  step job-thesis-auto thesis auto
  # several ranks on one device
  step job-thesis-cuda-4-ranks "$mpirun" --oversubscribe -np 4 \
    "$programs/vqe_batch" "$root/jobs/thesis.json" --device cuda --force --no-lake \
    --quiet --output "$out/ranks.h5"
}

# ---- bench ----

# bench NAME FILTER OPTIONS...
bench() {
  local name=$1 filter=$2
  shift 2
  rm -f "$out/bench-$name.json"
  step "bench-$name" "$programs/vqe_bench" --filter "$filter" \
    --data "$root/tests/data" --seconds "${VQE_GPU_SECONDS:-2}" \
    --json "$out/bench-$name.json" "$@"
  cat "$out/bench-$name.log" >>"$report"
}

# compare A B: what B takes for what A takes
compare() {
  say "bench-$2 beside bench-$1"
  "$programs/vqe_bench" --compare "$out/bench-$1.json" "$out/bench-$2.json" \
    2>&1 | tee -a "$report"
}

# the same numbers, or the times say nothing
same() {
  local found
  found=$(ask "SELECT count(*) || ' workloads, ' ||
      max(greatest(abs(a.energy - b.energy),
                   coalesce(abs(a.gradient_norm - b.gradient_norm), 0)))
    FROM read_json('$out/bench-$1.json', union_by_name = true) a
    JOIN read_json('$out/bench-$2.json', union_by_name = true) b USING (workload)
    WHERE a.status = 'ok' AND b.status = 'ok' AND a.energy IS NOT NULL")
  echo "$found hartree apart at most"
  [ "${found%% *}" -gt 0 ] &&
    awk -v worst="${found##* }" 'BEGIN { exit !(worst + 0 <= 1e-8) }'
}

times() {
  bench cpu energy/,gradient/ --device cpu --threads "$(nproc)"
  bench cuda energy/,gradient/ --device cuda
  compare cpu cuda
  step bench-cuda-agrees same cpu cuda
  if ! grep -q '^products: own kernel' "$out/devices.txt"; then
    VQE_OWN_PRODUCTS=1 bench own-products gradient/ --device cuda
    compare cuda own-products
    step bench-own-products-agrees same cuda own-products
  fi
}

# ---- small molecules at once ----

# rate NAME JOB OPTIONS...: molecules an hour, from start to exit
rate() {
  local name=$1 job=$2 count start stop
  shift 2
  start=$(date +%s.%N)
  step "$name" "$programs/vqe_batch" "$job" --force --no-lake --quiet \
    --output "$out/$name.h5" --summary "$out/$name.json" "$@"
  stop=$(date +%s.%N)
  count=$(grep -c '"experiment_id"' "$out/$name.json")
  say "$(awk -v name="$name" -v n="$count" -v start="$start" -v stop="$stop" \
    'BEGIN { t = stop - start; printf "%-28s %7.2f s, %.3g molecules an hour",
      name, t, 3600 * n / t }')"
}

# whatever shares a launch
same_bits() {
  local lanes found
  for lanes in auto 64; do
    found=$(ask "SELECT count(*) FROM read_json('$out/h2-lanes-1.json') a
      JOIN read_json('$out/h2-lanes-$lanes.json') b USING (experiment_id)
      WHERE a.energy = b.energy")
    echo "$lanes lanes: $found of 1000 energies are the same"
    [ "$found" -eq 1000 ] || return 1
  done
}

small() {
  local lanes options
  # 1000 distances
  awk 'BEGIN {
    printf "{\"molecules\": ["
    for (k = 0; k < 1000; k++) {
      printf "%s{\"symbols\": [\"H\", \"H\"], \"coords\": [[0, 0, 0], [0, 0, %.3f]]}",
        k ? ",\n" : "", 0.5 + 0.002 * k
    }
    print "], \"seed\": 1}"
  }' >"$out/h2.json"
  rate h2-cpu "$out/h2.json" --device cpu
  rate thesis-cpu-rate "$root/jobs/thesis.json" --device cpu
  # one after the other, and as many lanes as the program takes
  for lanes in 1 auto 64; do
    options=(--device cuda)
    [ "$lanes" = auto ] || options+=(--lanes "$lanes")
    rate "h2-lanes-$lanes" "$out/h2.json" "${options[@]}"
    rate "thesis-lanes-$lanes" "$root/jobs/thesis.json" "${options[@]}"
  done
  step h2-lanes-same-bits same_bits
}

# ---- cuStateVec ----

custatevec() {
  local unit
  if [ "$library" = no ]; then
    say "cuStateVec is not there: skipped"
    return
  fi
  for unit in device-t-gates device-t-device_custatevec; do
    step "$unit" on_device "$tests/$unit"
  done
  bench custatevec energy/full/,gradient/full/ --device cuda --gates custatevec
  if [ -f "$out/bench-cuda.json" ]; then
    compare custatevec cuda
    step bench-custatevec-agrees same custatevec cuda
  fi
}

# ---- compute-sanitizer ----

sanitize() {
  local tool unit units sanitizer folder
  sanitizer=$(command -v compute-sanitizer || true)
  for folder in "${CUDA_HOME:-}" .deps/cuda /usr/local/cuda; do
    if [ -z "$sanitizer" ] && [ -x "$folder/bin/compute-sanitizer" ]; then
      sanitizer=$folder/bin/compute-sanitizer
    fi
  done
  if [ -z "$sanitizer" ]; then
    say "compute-sanitizer is not there: memcheck and racecheck are not run"
    return
  fi
  units="device-t-products sim-t-phases sim-t-kupccgsd vqe-t-run_device"
  [ "$library" = no ] || units="$units device-t-device_custatevec"
  for tool in memcheck racecheck; do
    for unit in $units; do
      step "$tool-$unit" "$sanitizer" --tool "$tool" --error-exitcode 9 \
        "$tests/$unit"
    done
  done
}

# stage NAME FUNCTION: unless it is not asked for, or the time is up
stage() {
  local start=$SECONDS
  case " ${VQE_GPU_STAGES:-$1} " in
    *" $1 "*) ;;
    *) return ;;
  esac
  if [ -n "${VQE_GPU_BUDGET:-}" ] && [ "$SECONDS" -ge "$VQE_GPU_BUDGET" ]; then
    say "stage $1: left out, $VQE_GPU_BUDGET seconds are over"
    return
  fi
  say "---- $1 ----"
  "$2"
  say "$(printf 'stage %-22s %5d s, %d failed so far' "$1:" \
    "$((SECONDS - start))" "$failed")"
}

stage agreement agreement
stage jobs whole_jobs
stage bench times
stage small small
stage custatevec custatevec
stage sanitizer sanitize

say "$failed failed, $SECONDS s"
[ "$failed" -eq 0 ]
