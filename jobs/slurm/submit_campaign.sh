#!/usr/bin/env bash
# Usage: jobs/slurm/submit_campaign.sh FOLDER [sbatch options of the arrays]
#
#   vqe_batch generate 1 -o campaign --parts 20
#   jobs/slurm/submit_campaign.sh campaign --ntasks 16 --time 08:00:00
#
# Submits a campaign of vqe_batch generate: an array for each lane, one part a
# task, in the lane's partition, a GPU for lanes on cuda; then the job that
# makes the tables when all have ended, however they ended. Prints their ids.
# Again after `generate`, it submits what is left.
#
# VQE_WAREHOUSE   where the tables go (FOLDER/warehouse); "" for none
# VQE_LAKE_AFTER  afterok: tables only when all parts ended well, else that
#                 job is cancelled (afterany)
# VQE_GPU         what a lane on cuda asks for (--gpus-per-node=1); "" for none
# VQE_BATCH, VQE_LAKE, VQE_LAUNCH, VQE_REQUEUE go to the jobs
set -euo pipefail

if [ $# -lt 1 ]; then
  echo "usage: submit_campaign.sh FOLDER [sbatch options], FOLDER being one of" \
    "vqe_batch generate" >&2
  exit 2
fi
if [ ! -d "$1" ]; then
  echo "submit_campaign.sh: there is no folder '$1'; make it by vqe_batch" \
    "generate TIER -o FOLDER" >&2
  exit 2
fi
if [ ! -r "$1/parts.tsv" ]; then
  echo "submit_campaign.sh: folder '$1' has no parts.tsv, so it is none of" \
    "vqe_batch generate" >&2
  exit 2
fi
folder=$(realpath "$1")
shift
scripts=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
export VQE_SBATCH=$scripts/vqe_batch.sbatch
warehouse=${VQE_WAREHOUSE-$folder/warehouse}

ids=()
while IFS=$'\t' read -r lane parts partition device; do
  [ "$parts" -gt 0 ] || continue
  options=("--array=1-$parts")
  [ "$partition" = - ] || options+=("--partition=$partition")
  if [ "$device" = cuda ]; then
    read -r -a gpu <<<"${VQE_GPU---gpus-per-node=1}"
    options+=("${gpu[@]}")
  fi
  id=$(sbatch --parsable "${options[@]}" "$@" "$scripts/vqe_array.sbatch" \
    "$folder" "$lane" </dev/null)
  id=${id%%;*}
  echo "array $id: $parts parts$([ "$lane" = - ] || echo " of lane $lane")"
  ids+=("$id")
done <"$folder/parts.tsv"

if [ "${#ids[@]}" -eq 0 ]; then
  echo "nothing is left to run"
fi
if [ -n "$warehouse" ]; then
  after=()
  if [ "${#ids[@]}" -gt 0 ]; then
    # what can never run any more is cancelled, instead of waiting for ever
    after=("--kill-on-invalid-dep=yes" "--dependency=${VQE_LAKE_AFTER:-afterany}:$(
      IFS=:
      echo "${ids[*]}"
    )")
  fi
  id=$(sbatch --parsable "${after[@]}" "$scripts/vqe_lake.sbatch" \
    "$folder" "$warehouse")
  echo "tables ${id%%;*}: $warehouse"
fi
printf 'state: vqe_batch status %q\n' "$folder"
