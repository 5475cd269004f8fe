#!/usr/bin/env bash
# Usage: tests/run.sh [quick|long]
#
# Installs what the tests need, builds, and runs them in tiers (tests/README.md
# lists them); prints which ran. `quick` runs the unit tests alone, less the
# slow ones; `long` what takes hours and is in no other run (VQE_TEST_ONLY names
# some of it). Exit status 0 when nothing failed. Logs: build/test-logs.
#
# CI                 true: a tier that cannot run has failed; else it is skipped
# VQE_FUZZ_SECONDS   for each fuzz target (10)
# VQE_TEST_SERVICES  real services that may be fetched into the user's cache,
#                    once ("airflow kafka spark garage": 300 MB, 200 MB, 600 MB,
#                    and 16 minutes of one core to build)
# VQE_TEST_SLURM     1 installs SLURM for its tier on a machine with systemd,
#                    where its daemons would then be started at boot; without
#                    systemd, as in containers, it is installed anyway; 0 never
# VQE_TEST_CUDA      0 leaves the CUDA build out; it fetches a toolkit of 600 MB
#                    where there is none, once
# VQE_TEST_ONLY      tiers to run, as they are printed, separated by blanks
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
quick=no
long=no
case ${1:-} in
  '') ;;
  quick) quick=yes ;;
  long) long=yes ;;
  *)
    sed -n '2,21p' "${BASH_SOURCE[0]}" | cut -c3- >&2
    exit 2
    ;;
esac

logs=$root/build/test-logs
mkdir -p "$logs"
rm -f "$logs"/*.counts "$logs/table" "$logs/ready"
helpers=()
trap end_helpers EXIT

export OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# Spark's programs here end before its second compiler has paid: with the first
# one alone they take half of the processor time
export SPARK_SUBMIT_OPTS="${SPARK_SUBMIT_OPTS:-} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# two cores carry four ranks in tests, which then must not spin
export OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_mpi_yield_when_idle=1
# daemons of Open MPI put a copy of the machine's topology into the largest hole
# of their addresses, which ends below the stack, and now and then fault there
export OMPI_MCA_rtc_hwloc_vmhole=none

wanted() {
  case " ${VQE_TEST_ONLY:-$1} " in
    *" $1 "*) return 0 ;;
  esac
  return 1
}

# timed NAME COMMAND...: run it with its output in NAME.log, and seconds of
# processors, of what it waited for, in NAME.cpu
timed() {
  local name=$1 TIMEFORMAT='%U %S'
  shift
  { time "$@" >"$logs/$name.log" 2>&1 </dev/null; } 2>"$logs/$name.time"
  local status=$?
  awk '{ printf "%d", $1 + $2 }' "$logs/$name.time" >"$logs/$name.cpu"
  return "$status"
}

# tier NAME COMMAND...: run it, count it; status 77 means skipped. Counts go to
# NAME.counts (passed, failed, skipped), as lanes run tiers at once.
tier() {
  local name=$1 start=$SECONDS status=0 counts good=1 bad=0 word line
  local passed=0 failed=0 skipped=0
  shift
  wanted "$name" || return 0
  timed "$name" "$@" || status=$?
  # ctest says how many tests a tier has
  counts=$(sed -n 's/.* tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' \
    "$logs/$name.log" | tail -n 1)
  if [ -n "$counts" ]; then
    bad=${counts% *}
    good=$((${counts#* } - bad))
  fi
  if [ "$status" -eq 0 ]; then
    passed=$good
    word="passed"
  elif [ "$status" -eq 77 ] && [ "${CI:-}" != true ]; then
    skipped=1
    word="skipped: $(tail -n 1 "$logs/$name.log" | sed 's/^skipped: //')"
  else
    failed=1
    if [ -n "$counts" ] && [ "$bad" -gt 0 ]; then
      passed=$good
      failed=$bad
    fi
    word="FAILED"
    if [ "$status" -eq 77 ]; then
      word="FAILED: it cannot run here, and CI is true"
    fi
  fi
  line=$(printf '%-28s %5d s %5d s  %s%s' "$name" "$((SECONDS - start))" \
    "$(cat "$logs/$name.cpu")" "$word" "${counts:+ ($good of $((good + bad)))}")
  echo "$passed $failed $skipped" >"$logs/$name.counts"
  echo "$line" >>"$logs/table"
  if [ "$failed" -gt 0 ]; then
    # one text, so that no other lane prints between
    line="---- $name failed; the end of $logs/$name.log:
$(grep -E '^\s+[0-9]+ - .*\((Failed|Timeout|SEGFAULT|Subprocess)' "$logs/$name.log")
$(tail -n 60 "$logs/$name.log")
----
$line"
  fi
  echo "$line"
}

# ---- what is made ready beside the tests, at low priority ----

# make_ready NAME COMMAND...: run it; its status tells `await` that it is done
make_ready() {
  local name=$1 status=0 start=$SECONDS
  shift
  timed "ready-$name" "$@" || status=$?
  printf '%-28s %5d s %5d s  at %d s\n' "$name" "$((SECONDS - start))" \
    "$(cat "$logs/ready-$name.cpu")" "$SECONDS" >>"$logs/ready"
  echo "$status" >"$logs/ready-$name.part"
  mv "$logs/ready-$name.part" "$logs/ready-$name.status"
}

# await NAME: wait for make_ready NAME, for 75 minutes at most; its status
await() {
  local status=1 since=$SECONDS
  until [ -f "$logs/ready-$1.status" ]; do
    if [ $((SECONDS - since)) -gt 4500 ]; then
      echo "$1 is not ready; the end of $logs/ready-$1.log:"
      tail -n 20 "$logs/ready-$1.log"
      return 1
    fi
    sleep 0.2
  done
  status=$(cat "$logs/ready-$1.status")
  if [ "$status" -ne 0 ]; then
    echo "the end of $logs/ready-$1.log:"
    tail -n 30 "$logs/ready-$1.log"
  fi
  return "$status"
}

# services of a test: what a line "Services: ..." of its first lines names
services_of() {
  sed -n '1,40s/^#* *Services: \([a-z ]*\)\.*$/\1/p' "$1"
}

make_ready_services() {
  local service
  for service in "$@"; do
    make_ready "$service" "jobs/setup/$service.sh"
  done
}

# had SCRIPT WHAT: 77 where it cannot be fetched, a failure where it is not what
# was tested
had() {
  local status=0
  "$1" || status=$?
  [ "$status" -ne 0 ] || return 0
  [ "$status" -ne 4 ] || return 1
  echo "$2 cannot be had"
  return 77
}

build_cuda() {
  had jobs/setup/cuda.sh "a CUDA toolkit" || return
  jobs/setup/build.sh cuda -DVQE_TESTS=ON -DVQE_WERROR=ON \
    vqe_batch device-tests
}

# valgrind does not know every instruction of this machine
build_valgrind() {
  jobs/setup/build.sh release:valgrind -DVQE_NATIVE=OFF \
    "-DCMAKE_C_FLAGS_RELEASE=-O1 -g" vqe_batch
}

build_fuzz() {
  jobs/setup/build.sh fuzz -DCMAKE_C_COMPILER=clang-14 \
    "-DVQE_FUZZ_SECONDS=${VQE_FUZZ_SECONDS:-10}"
}

# with an MPI whose ranks outlive others
build_ulfm() {
  had jobs/setup/openmpi.sh "Open MPI 5" || return
  jobs/setup/build.sh ulfm vqe_batch
}

make_ready_builds() {
  if wanted unit-sanitized || wanted sanitized-bad_inputs ||
    wanted sanitized-result_hostile || wanted sanitized-hostile_avro ||
    wanted sanitized-private_files; then
    make_ready debug jobs/setup/build.sh debug
  fi
  if wanted cuda-build && [ "${VQE_TEST_CUDA:-}" != 0 ]; then
    make_ready cuda build_cuda
  fi
  if wanted valgrind && command -v valgrind >/dev/null; then
    make_ready valgrind build_valgrind
  fi
  if wanted integration-ranks_lost; then
    make_ready ulfm build_ulfm
  fi
  if { wanted fuzz || wanted long-fuzz; } && command -v clang-14 >/dev/null; then
    make_ready fuzz build_fuzz
  fi
}

# beside COMMAND...: run it in a process group of its own, with what is left
# of the processors
beside() {
  set -m
  (
    renice -n 19 -p "$BASHPID" >/dev/null || true
    "$@"
  ) </dev/null &
  helpers+=($!)
  set +m
}

signal_helpers() {
  local helper
  for helper in "${helpers[@]}"; do
    kill "-$1" -- "-$helper" 2>/dev/null || true
  done
}

# one that is stopped ends when it goes on
end_helpers() {
  signal_helpers TERM
  signal_helpers CONT
}

# A Python of our own, so that no package of the user's is in the way.
# Without a network the system's has to do, and tests skip what it lacks.
prepare_python() {
  local stamp=build/python/requirements.txt
  if ! cmp -s tests/requirements.txt "$stamp"; then
    rm -rf build/python
    if python3 -I -m venv build/python &&
      build/python/bin/python -I -m pip install --quiet \
        --disable-pip-version-check --require-hashes --no-deps \
        --only-binary=:all: -r tests/requirements.txt; then
      cp tests/requirements.txt "$stamp"
    fi
  fi
  python=python3
  if [ -f "$stamp" ]; then
    python=$root/build/python/bin/python
    # tests that call python3 themselves get it too
    export PATH=$root/build/python/bin:$PATH
  fi
}

sources() {
  find include src kernels tests bench -name '*.[ch]' -not -path '*/basis/*'
}

# ---- the tiers ----

style_format() {
  command -v clang-format-14 >/dev/null || {
    echo "skipped: no clang-format-14"
    return 77
  }
  sources | xargs clang-format-14 --dry-run -Werror
}

# how the tree is laid out; reads the objects of build/release
style_structure() {
  python3 tests/style/structure.py
}

# tidy ARGUMENT...: further arguments of clang-tidy
tidy() {
  command -v clang-tidy-14 >/dev/null || {
    echo "skipped: no clang-tidy-14"
    return 77
  }
  find src kernels bench -name '*.c' -not -name custatevec.c -not -name products.c |
    xargs -P2 -n1 clang-tidy-14 --quiet -p build/release "$@"
}

# paths through a function are followed less far than by tier long-tidy, which
# takes four times as long
style_tidy() {
  tidy --extra-arg=-Xclang --extra-arg=-analyzer-config \
    --extra-arg=-Xclang --extra-arg=max-nodes=20000
}

# the reference of the C API, without a warning
style_doxygen() {
  command -v doxygen >/dev/null || {
    echo "skipped: no doxygen"
    return 77
  }
  doxygen jobs/doxygen/Doxyfile
}

# each public header on its own, as C and as C++
style_headers() {
  local header
  for header in include/vqe/*.h; do
    header=${header#include/}
    # api.h alone declares nothing
    printf '#include "%s"\nextern int vqe_unused;\n' "$header" >"$logs/unit"
    gcc -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Werror -Iinclude \
      -fsyntax-only -x c "$logs/unit" || return 1
    # no -Wshadow: to C++ a function hides the struct of the same name
    g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -Iinclude \
      -fsyntax-only -x c++ "$logs/unit" || return 1
  done
}

style_cppcheck() {
  command -v cppcheck >/dev/null || {
    echo "skipped: no cppcheck"
    return 77
  }
  cppcheck --quiet -j2 --std=c11 --enable=warning,performance,portability \
    --suppress=missingIncludeSystem --suppressions-list=tests/cppcheck.supp \
    --error-exitcode=1 -D_GNU_SOURCE -DVQE_VERSION='""' \
    -DJSON_INTEGER_FORMAT='"lld"' -Iinclude -Isrc -I. src kernels
}

# Large states on the emulated device and searches for minima take as long with
# sanitizers as a third of all the others; tier long-unit-sanitized has them.
# The kernels and the search themselves stay: device/*-emulated and vqe/t-run.
slow_with_sanitizers='^((sim|estimator)/t-.*-emulated|vqe/t-saddle)$'

# three at once, as many of them wait, for servers and timeouts, more than they
# compute
unit_sanitized() {
  await debug &&
    ctest --test-dir build/debug -j 3 --no-tests=error --output-on-failure \
      -E "$slow_with_sanitizers"
}

unit_release() {
  ctest --test-dir build/release -j 3 --no-tests=error --output-on-failure
}

unit_quick() {
  ctest --test-dir build/release -LE slow -j "$(nproc)" --no-tests=error \
    --output-on-failure
}

release() {
  jobs/setup/build.sh release -DVQE_TESTS=ON
}

# Compile and link for GPUs, and say plainly that there is none; where there is
# one, tests/gpu.sh does more.
cuda_build() {
  local batch=build/cuda/vqe_batch folder status=0
  if [ "${VQE_TEST_CUDA:-}" = 0 ]; then
    echo "skipped: VQE_TEST_CUDA=0"
    return 77
  fi
  await cuda || return
  # what is not of devices is the code of the release build
  ctest --test-dir build/cuda -R '^(device|estimator)/' -j 2 --no-tests=error \
    --output-on-failure || return 1
  if "$batch" --devices; then
    return 0
  fi
  folder=$(mktemp -d)
  cat >"$folder/job.json" <<'JOB'
{"molecules": [{"symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.74]]}]}
JOB
  "$batch" "$folder/job.json" --device cuda --no-lake \
    --output "$folder/r.h5" 2>"$folder/errors" || status=$?
  cat "$folder/errors"
  if [ "$status" -ne 2 ] || ! grep -q 'no CUDA device' "$folder/errors" ||
    [ -e "$folder/r.h5" ]; then
    echo "exit status $status of --device cuda without a device, not 2"
    status=1
  else
    status=0
    "$batch" "$folder/job.json" --device auto --no-lake \
      --output "$folder/r.h5" || status=1
    if "$batch" "$folder/job.json" --gates custatevec --force --no-lake \
      --output "$folder/r.h5" 2>"$folder/errors" ||
      ! grep -q 'gates custatevec: ' "$folder/errors"; then
      echo "--gates custatevec was not refused without a device"
      status=1
    fi
    cat "$folder/errors"
  fi
  rm -rf "$folder"
  return "$status"
}

program() {
  local service
  for service in $(services_of "$1"); do
    if [[ " $services " == *" $service "* ]]; then
      await "$service" || return
    fi
  done
  if [ "$1" = tests/integration/ranks_lost.py ]; then
    await ulfm || return
  fi
  case $1 in
    *.py) "$python" "$1" "$VQE_BATCH" ;;
    *) "$1" ;;
  esac
}

# the same inputs on the program with sanitizers; MPI's own leaks are not ours
program_sanitized() {
  await debug || return
  VQE_BATCH=$root/build/debug/vqe_batch ASAN_OPTIONS=detect_leaks=0 \
    program "$1"
}

memory_checked() {
  command -v valgrind >/dev/null || {
    echo "skipped: no valgrind"
    return 77
  }
  local folder status=0 supplied=/usr/share/openmpi/openmpi-valgrind.supp
  local options=(--quiet --num-callers=40 --leak-check=full
    --errors-for-leak-kinds=definite --error-exitcode=9
    --suppressions=tests/valgrind.supp)
  if [ -f "$supplied" ]; then
    options+=("--suppressions=$supplied")
  fi
  await valgrind || return
  folder=$(mktemp -d)
  cat >"$folder/job.json" <<'JOB'
{"molecules": [
  {"name": "H2", "symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.7414]]},
  {"name": "bad", "symbols": ["Xx"], "coords": [[0, 0, 0]]}],
 "ansatz": ["UCCSD", "EfficientSU2"], "seed": 1,
 "optimizer": ["L-BFGS-B", {"name": "COBYLA", "max_evaluations": 30}]}
JOB
  valgrind "${options[@]}" build/valgrind/vqe_batch "$folder/job.json" \
    --quiet --output "$folder/r.h5" --summary "$folder/s.json" || status=$?
  # the bad molecule makes it 1; valgrind's own verdict is 9
  rm -rf "$folder"
  echo "exit status $status, 1 is expected"
  [ "$status" -eq 1 ]
}

fuzz() {
  command -v clang-14 >/dev/null || {
    echo "skipped: no clang-14"
    return 77
  }
  await fuzz || return
  ctest --test-dir build/fuzz/tests/fuzz -j 2 --no-tests=error \
    --output-on-failure
}

# slurm TEST: its daemons need packages
slurm() {
  if ! command -v slurmctld >/dev/null && ! [ -x /usr/sbin/slurmctld ]; then
    if [ "${VQE_TEST_SLURM:-}" = 0 ]; then
      echo "skipped: VQE_TEST_SLURM=0"
      return 77
    fi
    if [ -d /run/systemd/system ] && [ "${VQE_TEST_SLURM:-}" != 1 ]; then
      echo "skipped: VQE_TEST_SLURM=1 would install SLURM"
      return 77
    fi
  fi
  # also where another tier has begun: this one waits for it
  jobs/setup/packages.sh slurm || {
    echo "skipped: SLURM cannot be installed"
    return 77
  }
  "$1"
}

# ---- what is long ----

# every call of a kind fails at its first, its middle and its last place
long_faults() {
  VQE_FAULT_POINTS=0 program tests/integration/faults.py
}

# an hour in all
long_fuzz() {
  local targets
  targets=$(find tests/fuzz -name 'fuzz-*.c' | wc -l)
  VQE_FUZZ_SECONDS=${VQE_FUZZ_SECONDS:-$((7200 / (targets > 0 ? targets : 1)))} \
    make_ready fuzz build_fuzz
  fuzz
}

long_kills() {
  VQE_TEST_KILLS=${VQE_TEST_KILLS:-200} program tests/integration/kills.py
}

# threads that compute, serve and ask; libraries in between are not built for
# it, and those of librdkafka, made by thrd_create, crash under it. Limits of
# address space (blas_room) leave it no room.
long_threads() {
  jobs/setup/build.sh threads &&
    OMP_NUM_THREADS=1 \
      TSAN_OPTIONS="suppressions=$root/tests/tsan.supp history_size=5" \
      ctest --test-dir build/threads --output-on-failure \
      -R '^(base|batch|device|estimator|http|metrics|objects)/' -E blas_room
}

# minutes each, as they start the programs some hundred times; the builds of a
# long run are made here
long_sanitized() {
  make_ready debug jobs/setup/build.sh debug &&
    program_sanitized "$1"
}

long_unit_sanitized() {
  make_ready debug jobs/setup/build.sh debug &&
    ctest --test-dir build/debug -j 3 --no-tests=error --output-on-failure \
      -R "$slow_with_sanitizers"
}

long_image() {
  VQE_TEST_IMAGE=1 tests/integration/containers.sh
}

run_long() {
  local test
  tier long-reproducible jobs/package/reproducible.sh
  for test in tests/long/*.sh; do
    if [ -x "$test" ]; then
      tier "long-$(basename "$test" .sh)" "$test"
    fi
  done
  tier long-tidy tidy
  tier long-spark_yarn program tests/long/spark_yarn.py
  tier long-organic_molecules program tests/long/organic_molecules.py
  tier long-image long_image
  tier long-threads long_threads
  tier long-unit-sanitized long_unit_sanitized
  for test in lake_hostile planted_files; do
    tier "long-sanitized-$test" long_sanitized "tests/integration/$test.py"
  done
  tier long-faults long_faults
  tier long-kills long_kills
  tier long-fuzz long_fuzz
}

# ---- run ----

# what is executable there is a test, the rest helps: those with services, or
# those without; those of Garage last, which takes longest to be made
tests_with_services() {
  local test needs
  for test in tests/mpi/* tests/integration/*; do
    if [ -f "$test" ] && [ -x "$test" ] &&
      [[ $test != tests/integration/slurm*.sh ]] &&
      { [ -n "$(services_of "$test")" ] && echo yes || echo no; } |
      grep -qx "$1"; then
      needs=" $(services_of "$test") "
      [[ $needs == *" garage "* ]] && needs=1 || needs=0
      echo "$needs $test"
    fi
  done | sort -s -k1,1n | cut -d' ' -f2
}

tier_of() {
  local name=${1#tests/}
  name=${name%.*}
  echo "${name/\//-}"
}

# tests_of FOLDER WITH LONG: those of tests/FOLDER with services (yes) or without
# (no), the long ones (yes) or the others (no)
tests_of() {
  local test is_long folder=$1
  shift
  for test in $(tests_with_services "$1"); do
    if [[ " $(services_of "$test") " =~ \ (spark|airflow)\  ]]; then
      is_long=yes
    else
      is_long=no
    fi
    if [ "$is_long" = "$2" ] && [[ $test == "tests/$folder/"* ]]; then
      echo "$(tier_of "$test") program $test"
    fi
  done
}

# tiers that are left, one a line as `tier` takes them: long ones, those that
# wait more than they compute, the others
fill_queues() {
  local test
  tests_of integration yes yes >"$logs/queue-long"
  # the longest first
  for test in slurm_nodes slurm_gpu slurm; do
    echo "$test slurm tests/integration/$test.sh"
  done >"$logs/queue-waits"
  {
    tests_of integration no no
    for test in bad_inputs result_hostile hostile_avro private_files; do
      echo "sanitized-$test program_sanitized tests/integration/$test.py"
    done
    echo "valgrind memory_checked"
    echo "fuzz fuzz"
    tests_of integration yes no
  } >"$logs/queue-rest"
}

# take QUEUE: its first line, which is gone then; nothing where there is none.
# What fails leaves a queue that is not empty, which run_lanes sees.
take() {
  (
    flock 9 || exit
    [ -s "$1" ] || exit
    head -n 1 "$1" && sed -i 1d "$1"
  ) 9>"$logs/queue.lock"
}

# no tier of the queues is left out in silence
left_in_queues() {
  echo "not run:"
  cat "$logs"/queue-{mpi,long,waits,rest}
  return 1
}

# run_lane QUEUE...: what is in the first one, then in the next
run_lane() {
  local queue line
  for queue in "$@"; do
    while line=$(take "$logs/queue-$queue") && [ -n "$line" ]; do
      # shellcheck disable=SC2086
      tier $line
    done
  done
}

# Four at once, as most of them wait for timeouts and other servers as much as
# they compute: tests of Spark and Airflow, which are long; those of SLURM; two
# of the others. Ranks wait for each other by spinning, and beside others take
# ten times as long: what is made ready waits meanwhile.
run_lanes() {
  tests_of mpi no no >"$logs/queue-mpi"
  signal_helpers STOP
  run_lane mpi
  signal_helpers CONT
  fill_queues
  local others=()
  # with job control, as a background job without it ignores Ctrl-C, and so
  # would the programs that tests interrupt
  set -m
  run_lane long rest </dev/null &
  others+=($!)
  run_lane waits rest </dev/null &
  others+=($!)
  run_lane rest </dev/null &
  others+=($!)
  set +m
  helpers+=("${others[@]}")
  run_lane rest
  wait "${others[@]}"
  if [ -n "$(cat "$logs"/queue-{mpi,long,waits,rest})" ]; then
    VQE_TEST_ONLY='' tier queues left_in_queues
  fi
}

# those that may be fetched and that a test to be run needs; the long build of
# Garage comes last
services_needed() {
  local test service
  for test in $(tests_with_services yes); do
    if wanted "$(tier_of "$test")"; then
      for service in $(services_of "$test"); do
        if [[ " ${VQE_TEST_SERVICES-airflow kafka spark garage} " == \
          *" $service "* ]]; then
          echo "$service"
        fi
      done
    fi
  done | sort -u | awk '{print ($1 == "garage"), $1}' | sort | cut -d' ' -f2
}

# processor_ticks: ticks of all processors, those that worked and all of them
processor_ticks() {
  awk '/^cpu /{ busy = $2 + $3 + $4 + $7 + $8
                printf "%.0f %.0f\n", busy, busy + $5 + $6 }' /proc/stat
}

read -r busy_before ticks_before < <(processor_ticks)
jobs/setup/packages.sh main
jobs/setup/packages.sh tests
# where nothing may be skipped, reports have to be built with their libraries
[ "${CI:-}" != true ] || command -v npm >/dev/null ||
  jobs/setup/packages.sh browser
jobs/setup/libraries.sh
[ "$quick" = yes ] || prepare_python

rm -f "$logs"/ready-*
services=""
if [ "$quick$long" = nono ]; then
  services=$(services_needed | tr '\n' ' ')
  # shellcheck disable=SC2086
  beside make_ready_services $services
fi
tier build release
if [ "$quick" = yes ]; then
  tier unit unit_quick
elif [ "$long" = yes ]; then
  export VQE_BATCH=$root/build/release/vqe_batch
  run_long
else
  beside make_ready_builds
  tier format style_format
  tier style style_structure
  tier headers style_headers
  tier doxygen style_doxygen
  tier cppcheck style_cppcheck
  tier tidy style_tidy
  tier unit unit_release
  tier unit-sanitized unit_sanitized
  tier cuda-build cuda_build
  export VQE_BATCH=$root/build/release/vqe_batch
  run_lanes
fi

read -r passed failed skipped < <(cat "$logs"/*.counts |
  awk '{p += $1; f += $2; s += $3} END {print p + 0, f + 0, s + 0}')
echo
echo "Made ready beside (seconds, of processors):"
[ ! -f "$logs/ready" ] || sed 's/^/  /' "$logs/ready"
echo "Tiers (seconds, of processors):"
sed 's/^/  /' "$logs/table"
read -r busy_after ticks_after < <(processor_ticks)
echo "$SECONDS s, in which $(nproc) processors were busy for" \
  "$((100 * (busy_after - busy_before) / (ticks_after - ticks_before))) %"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
