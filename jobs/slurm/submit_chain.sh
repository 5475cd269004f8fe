#!/usr/bin/env bash
# Usage: jobs/slurm/submit_chain.sh JOB [sbatch options of the simulation]
#
#   export VQE_KAFKA_BROKERS=kafka:9093 VQE_REGISTRY_URL=https://registry:8081
#   jobs/slurm/submit_chain.sh jobs/thesis.json --ntasks 16 --time 08:00:00
#
# Simulate, publish, tables: three jobs, each after the one before. The first
# (vqe_batch.sbatch) writes NAME.h5, the second (vqe_publish.sbatch) sends it to
# Kafka and is left out without VQE_KAFKA_BROKERS, the third (vqe_lake.sbatch)
# makes the tables in NAME.warehouse. Prints their ids. For SLURM a job that goes
# back into the queue has not ended, so those after it wait on (its
# documentation). Submitted again, the simulation finds what it has done.
#
# VQE_CHAIN_AFTER  afterany (default): the rest runs whatever failed, for the
#                  results that are there; afterok: it is cancelled then
# VQE_SCRIPT       the first script (vqe_batch.sbatch), e.g. vqe_gpu.sbatch
# VQE_WAREHOUSE    where the tables go (NAME.warehouse); "" for none
# VQE_PUBLISH      sbatch options of the second, e.g. "--partition transfer"
# VQE_BATCH, VQE_LAKE, VQE_LAUNCH, VQE_REQUEUE go to the jobs
set -euo pipefail

if [ $# -lt 1 ]; then
  echo "usage: submit_chain.sh JOB [sbatch options]; JOB is a job file or a" \
    "molecule file" >&2
  exit 2
fi
if [ ! -f "$1" ] || [ ! -r "$1" ]; then
  echo "submit_chain.sh: cannot read '$1', which is to be a job file or a" \
    "molecule file" >&2
  exit 2
fi
# here, as the second job would say so after the first has run for hours
if [ -n "${VQE_KAFKA_BROKERS:-}" ] && [ -z "${VQE_REGISTRY_URL:-}" ]; then
  echo "submit_chain.sh: set VQE_REGISTRY_URL as well, or leave publishing out" \
    "by VQE_KAFKA_BROKERS=" >&2
  exit 2
fi
job=$1
shift
scripts=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
export VQE_SBATCH=$scripts/vqe_batch.sbatch
name=$(basename "$job")
name=$PWD/${name%.*}
warehouse=${VQE_WAREHOUSE-$name.warehouse}
read -r -a publish <<<"${VQE_PUBLISH:-}"

# after ID...: options of the job that comes next
after() {
  next=(--parsable "--dependency=${VQE_CHAIN_AFTER:-afterany}:$1"
    --kill-on-invalid-dep=yes)
}

id=$(sbatch --parsable "$@" "$scripts/${VQE_SCRIPT:-vqe_batch.sbatch}" "$job" \
  --no-lake --output "$name.h5")
id=${id%%;*}
echo "simulate $id: $name.h5"
if [ -n "${VQE_KAFKA_BROKERS:-}" ]; then
  after "$id"
  id=$(sbatch "${next[@]}" "${publish[@]}" "$scripts/vqe_publish.sbatch" \
    "$name.h5")
  id=${id%%;*}
  echo "publish $id: $VQE_KAFKA_BROKERS"
fi
if [ -n "$warehouse" ]; then
  after "$id"
  id=$(sbatch "${next[@]}" "$scripts/vqe_lake.sbatch" "$name.h5" "$warehouse")
  echo "tables ${id%%;*}: $warehouse"
fi
