#!/usr/bin/env bash
# Usage: jobs/airflow/run_campaign.sh FOLDER auto|slurm|mpirun [RANKS [sbatch options]]
#
# Runs the job files of a campaign (vqe_batch generate) and waits for their end:
# by SLURM, one job each with its results in FOLDER, or by mpirun here, one after
# another, with RANKS ranks. auto: SLURM where sinfo finds one. What is done
# already is not run again. A signal cancels what was submitted, or stops what
# runs here; journals are left, and the next call goes on.
#
# VQE_BATCH   the program
# Exit status: 0 all is done, 1 some experiments failed, else what a run ended with
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ $# -lt 2 ]; then
  sed -n '2p' "${BASH_SOURCE[0]}" | cut -c3- >&2
  exit 2
fi
folder=$1
way=$2
ranks=${3:-1}
options=("${@:4}")
if ! cd "$folder"; then
  exit 2
fi
parts=()
for part in part-*.json; do
  [ -f "$part" ] && parts+=("$part")
done
if [ ${#parts[@]} -eq 0 ]; then
  echo "no job file is left in $folder: all is done or set aside"
  exit 0
fi
if [ "$way" = auto ]; then
  way=mpirun
  if command -v sbatch >/dev/null && timeout 20 sinfo >/dev/null 2>&1; then
    way=slurm
  fi
fi

logs=$(mktemp -d)
children=()
stopped=
stop() {
  stopped=yes
  if [ "$way" = slurm ]; then
    cat "$logs"/*.id 2>/dev/null | xargs -r scancel
  fi
  [ ${#children[@]} -eq 0 ] || kill -TERM "${children[@]}" 2>/dev/null
}
trap stop TERM INT
trap 'rm -rf "$logs"' EXIT

# wait_for PID: its exit status, though signals end the wait
wait_for() {
  local status=0
  wait "$1" || status=$?
  while kill -0 "$1" 2>/dev/null; do
    status=0
    wait "$1" || status=$?
  done
  return "$status"
}

worst=0
note() {
  echo "$1: exit status $2"
  # failed experiments are the least that can go wrong
  if [ "$2" -ne 0 ] && { [ "$worst" -eq 0 ] || [ "$worst" -eq 1 ]; }; then
    worst=$2
  fi
}

case $way in
  slurm)
    for part in "${parts[@]}"; do
      sbatch --wait --parsable --ntasks="$ranks" "${options[@]}" \
        "$here/slurm/vqe_batch.sbatch" "$part" >"$logs/$part.id" &
      children+=($!)
    done
    for k in "${!parts[@]}"; do
      status=0
      wait_for "${children[k]}" || status=$?
      note "${parts[k]} as job $(cat "$logs/${parts[k]}.id")" "$status"
    done
    ;;
  mpirun)
    for part in "${parts[@]}"; do
      [ -z "$stopped" ] || break
      "${MPIRUN:-mpirun}" -n "$ranks" "${VQE_BATCH:-vqe_batch}" "$part" &
      children=($!)
      status=0
      wait_for "${children[0]}" || status=$?
      note "$part" "$status"
    done
    ;;
  *)
    echo "run_campaign: '$way' is none of auto, slurm, mpirun" >&2
    exit 2
    ;;
esac
[ -z "$stopped" ] || [ "$worst" -ne 0 ] || worst=3
exit "$worst"
