#!/usr/bin/env bash
# Usage: jobs/pipeline.sh [--engine spark|vqe_lake] [JOB]
#
# The whole way, on the services of jobs/services/up: simulates the molecules
# of JOB (jobs/thesis.json) and publishes each result to Kafka; waits until the
# connector has brought them to the raw bucket; makes the normalised tables and
# the features in the bucket `features`; copies the features to the bucket
# `published`, and reads them there with the key of that bucket alone. Prints
# what each stage did and how long it took. The result file goes to the current
# folder. Run again it computes nothing twice, and adds nothing twice.
#
# VQE_SERVICES     folder of the services (~/.local/state/vqe_batch)
# VQE_PIPELINE_WAREHOUSE, VQE_PIPELINE_TARGET  places of the tables
#                  (s3://features/warehouse, s3://published/warehouse)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
usage() {
  sed -n '2,15p' "${BASH_SOURCE[0]}" | cut -c3- >&2
  exit 2
}
engine=spark
job=$root/jobs/thesis.json
while [ $# -gt 0 ]; do
  case $1 in
    --engine)
      engine=${2:-}
      shift
      ;;
    -*) usage ;;
    *) job=$1 ;;
  esac
  shift
done
case $engine in
  spark | vqe_lake) ;;
  *) usage ;;
esac
# shellcheck source=jobs/services/stack.sh
. "$root/jobs/services/stack.sh"
if ! [ -f "$stack_folder/environment" ]; then
  echo "pipeline: no services in $stack_folder; jobs/services/up starts them" >&2
  exit 2
fi
for name in kafka registry garage; do
  if ! stack_runs "$name"; then
    echo "pipeline: $name does not run; jobs/services/up starts it" >&2
    exit 2
  fi
done
stack_program vqe_batch
command -v rclone >/dev/null || "$root/jobs/setup/packages.sh" airflow
set -a
# shellcheck disable=SC1091
. "$stack_folder/environment"
set +a
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
batch=$root/build/release/vqe_batch
lake=$root/build/release/vqe_lake
warehouse=${VQE_PIPELINE_WAREHOUSE:-s3://features/warehouse}
target=${VQE_PIPELINE_TARGET:-s3://published/warehouse}
name=$(basename "$job")
name=${name%.*}
times=()

# stage WHAT COMMAND...
stage() {
  local what=$1 since=$SECONDS status=0
  shift
  echo "---- $what"
  "$@" || status=$?
  if [ "$status" -ne 0 ]; then
    echo "pipeline: $what ended with $status; running it again goes on" \
      "from here" >&2
    exit 1
  fi
  times+=("$(printf '%5d s  %s' $((SECONDS - since)) "$what")")
}

simulate() {
  local status=0 ranks=2 earlier=()
  [ "$(nproc)" -ge 2 ] || ranks=1
  # it may have been computed without Kafka
  [ ! -f "$name.h5" ] || earlier=("$name.h5")
  mpirun -np "$ranks" "$batch" "$job" --kafka --no-lake --quiet \
    --output "$name.h5" || status=$?
  # 1: some molecules failed; the others go on
  [ "$status" -le 1 ] || return "$status"
  # and what an earlier run left undelivered
  "$lake" publish "${earlier[@]}" --quiet
}

# messages of the topic that the connector has not stored yet
lag() {
  local group=vqe_lake
  if command -v redpanda-connect >/dev/null; then
    group=redpanda_connect
  fi
  KAFKA_DIR=$stack_folder/kafka
  KAFKA_HOME=$(kafka_home)
  kafka_admin org.apache.kafka.tools.consumer.group.ConsumerGroupCommand \
    --bootstrap-server "127.0.0.1:$(($(cut -d' ' -f1 "$KAFKA_DIR/state") + 1))" \
    --command-config "$KAFKA_DIR/admin.properties" --describe \
    --group "$group" 2>/dev/null |
    awk '$2 == "experiment.vqe" {
           if ($6 == "-") unknown += $5; else lag += $6 }
         END { print lag + unknown + 0 }'
}

deliver() {
  local left=?
  if ! stack_runs connect; then
    "$lake" ingest --land s3://raw-results
    return
  fi
  for _ in $(seq 60); do
    left=$(lag)
    if [ "$left" = 0 ]; then
      echo "the connector has stored the topic"
      return 0
    fi
    sleep 2
  done
  echo "$left messages are not stored after two minutes; see" \
    "jobs/services/logs connect" >&2
  return 1
}

spark_program() {
  # a store without conditional PUT takes one writer at a time
  "$lake" with-lock "$warehouse" -- "$root/jobs/spark/submit.sh" "$@" \
    --warehouse "${warehouse/#s3:/s3a:}" 2>"$name.spark.log" || {
    tail -n 30 "$name.spark.log" >&2
    return 1
  }
}

normalise() {
  if [ "$engine" = spark ]; then
    spark_program normalize.py --raw s3a://raw-results
  else
    "$lake" normalize s3://raw-results/experiments/ -w "$warehouse"
  fi
}

featurise() {
  if [ "$engine" = spark ]; then
    spark_program featurize.py
  else
    "$lake" featurize "$warehouse"
  fi
}

sync_features() {
  "$root/jobs/sync/sync.sh" health &&
    "$root/jobs/sync/sync.sh" tables "$warehouse" "$target" \
      --table ml_iteration_features --table ml_run_summary
}

# with the key of the second bucket, which the first refuses
read_target() (
  export AWS_ACCESS_KEY_ID=$RCLONE_CONFIG_R2_ACCESS_KEY_ID
  export AWS_SECRET_ACCESS_KEY=$RCLONE_CONFIG_R2_SECRET_ACCESS_KEY
  if "$lake" query 'SELECT 1 FROM ml_run_summary' -w "$warehouse" \
    >/dev/null 2>&1; then
    echo "the key of $target opens $warehouse too" >&2
    return 1
  fi
  "$lake" query "
    SELECT molecule_name AS molecule, basis_set AS basis, count(*) AS runs,
      round(min(1000 * error_to_fci), 4) AS best_error_mha
    FROM ml_run_summary GROUP BY ALL ORDER BY ALL" -w "$target"
)

stage "simulate and publish ($name)" simulate
stage "topic to raw bucket" deliver
stage "normalise by $engine" normalise
stage "featurise by $engine" featurise
stage "check $warehouse" "$lake" check "$warehouse"
stage "sync to $target" sync_features
stage "read at $target" read_target
echo
printf '%s\n' "${times[@]}"
