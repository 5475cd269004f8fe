#!/usr/bin/env bash
# Usage: jobs/airflow/run_campaign.sh FOLDER auto|slurm|mpirun [RANKS [sbatch options]]
#
# Runs the job files of a campaign (vqe_batch generate), makes its tables
# (FOLDER/warehouse), and waits for the end: by SLURM, as jobs/slurm submits
# it, or by mpirun here, one part after another, with RANKS ranks. auto: SLURM
# where sinfo finds one. What is done already is not run again. A signal
# cancels what was submitted, or stops what runs here; journals are left, and
# the next call goes on.
#
# VQE_BATCH, VQE_LAKE   the programs
# Exit status: 0 all is done, 1 some experiments failed, 2 bad usage, 3 some
# are left, else what mpirun or sbatch ended with.
set -uo pipefail

jobs=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ $# -lt 2 ] || ! cd "$1"; then
  sed -n '2p' "${BASH_SOURCE[0]}" | cut -c3- >&2
  exit 2
fi
folder=$PWD
way=$2
ranks=${3:-1}
options=("${@:4}")
# without it, Open MPI loads plugins from below the current folder
export HOME="${HOME:-/nonexistent}"
export VQE_BATCH=${VQE_BATCH:-vqe_batch}
export VQE_WAREHOUSE=$folder/warehouse
if [ "$way" = auto ]; then
  way=mpirun
  if command -v sbatch >/dev/null && timeout 20 sinfo >/dev/null 2>&1; then
    way=slurm
  fi
fi

submitted=()
child=
stopped=
stop() {
  stopped=yes
  [ ${#submitted[@]} -eq 0 ] || scancel "${submitted[@]}"
  [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
}
trap stop TERM INT

# run COMMAND...: its exit status, though signals end the wait
run() {
  local status=0
  "$@" &
  child=$!
  wait "$child" || status=$?
  while kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
  done
  child=
  return "$status"
}

worst=0
note() {
  echo "$1: exit status $2"
  # failed experiments are the least that can go wrong
  if [ "$2" -ne 0 ] && [ "$worst" -le 1 ]; then
    worst=$2
  fi
}

by_slurm() {
  local said status=0
  said=$("$jobs/slurm/submit_campaign.sh" "$folder" --ntasks="$ranks" "${options[@]}") ||
    status=$?
  echo "$said"
  read -r -d '' -a submitted < <(
    sed -n 's/^\(array\|tables\) \([0-9]*\):.*/\2/p' <<<"$said"
    printf '\0'
  )
  if [ "$status" -ne 0 ]; then
    scancel "${submitted[@]}"
    note submit_campaign.sh "$status"
    return
  fi
  # a job that runs when all others have ended, however they ended
  run sbatch --wait --ntasks=1 --job-name=vqe_wait --output=/dev/null \
    --dependency="afterany:$(
      IFS=:
      echo "${submitted[*]}"
    )" --wrap=true || note "the wait for SLURM" $?
}

by_mpirun() {
  local part status
  for part in part-*.json; do
    [ -f "$part" ] && [ -z "$stopped" ] || continue
    status=0
    run "${MPIRUN:-mpirun}" -n "$ranks" "$VQE_BATCH" "$part" || status=$?
    note "$part" "$status"
  done
  if [ -z "$stopped" ] && compgen -G 'part-*.h5' >/dev/null; then
    run bash "$jobs/slurm/vqe_lake.sbatch" "$folder" "$VQE_WAREHOUSE" || note tables 4
  fi
}

case $way in
  slurm) by_slurm ;;
  mpirun) by_mpirun ;;
  *)
    echo "run_campaign: '$way' is none of auto, slurm, mpirun" >&2
    exit 2
    ;;
esac
if [ "$worst" -le 1 ]; then
  left=$("$VQE_BATCH" status "$folder" --json |
    python3 -I -c 'import json, sys; print(json.load(sys.stdin)["left"])')
  if [ "$left" != 0 ]; then
    echo "experiments that are left: ${left:-unknown}; run it again"
    worst=3
  fi
fi
exit "$worst"
