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
  sed -n '2,14p' "${BASH_SOURCE[0]}" | cut -c3-
}
refuse() {
  echo "pipeline: $*" >&2
  exit 2
}
# without it, Open MPI loads plugins from below the current folder
export HOME="${HOME:-/nonexistent}"
engine=spark
jobs=()
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h)
      usage
      exit 0
      ;;
    --engine)
      engine=${2:-}
      shift
      ;;
    -*) refuse "'$1' is no option; --help shows them" ;;
    *) jobs+=("$1") ;;
  esac
  [ $# -eq 0 ] || shift
done
case $engine in
  spark | vqe_lake) ;;
  *) refuse "--engine is spark or vqe_lake, not '$engine'" ;;
esac
[ ${#jobs[@]} -le 1 ] || refuse "one job at a time, not ${#jobs[@]}"
job=${jobs[0]:-$root/jobs/thesis.json}
[ -r "$job" ] || refuse "the job '$job' cannot be read"
# shellcheck source=jobs/services/stack.sh
. "$root/jobs/services/stack.sh"
if ! [ -f "$stack_folder/environment" ]; then
  refuse "no services in $stack_folder; jobs/services/up starts them"
fi
needed=(kafka registry garage)
[ "$engine" != spark ] || needed+=(spark)
for name in "${needed[@]}"; do
  stack_runs "$name" ||
    refuse "$name does not run; jobs/services/up $name starts it"
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
failures=0
# one line before anything is started, where the job is not right
dry=0
"$batch" "$job" --dry-run >/dev/null || dry=$?
[ "$dry" -le 1 ] || exit 2

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

# what is in the result has been sent, by its hash
is_published() {
  [ -f "$name.published" ] &&
    [ "$(sha256sum <"$name.h5")" = "$(cat "$name.published")" ]
}

simulate() {
  local status=0 ranks=2 earlier=()
  [ "$(nproc)" -ge 2 ] || ranks=1
  # it may have been computed without Kafka
  if [ -f "$name.h5" ] && ! is_published; then
    earlier=("$name.h5")
  fi
  mpirun -np "$ranks" "$batch" "$job" --kafka --no-lake --quiet \
    --output "$name.h5" --summary "$name.summary.json" || status=$?
  # 1: some molecules failed; the others go on
  [ "$status" -le 1 ] || return "$status"
  failures=$status
  # and what an earlier run left undelivered
  "$lake" publish "${earlier[@]}" --quiet || return
  sha256sum <"$name.h5" >"$name.published"
}

# messages of the topic that the connector has not stored yet
lag() {
  local group=vqe_lake said
  if command -v redpanda-connect >/dev/null; then
    group=redpanda_connect
  fi
  said=$(kafka_admin org.apache.kafka.tools.consumer.group.ConsumerGroupCommand \
    --bootstrap-server "127.0.0.1:$(($(cut -d' ' -f1 "$KAFKA_DIR/state") + 1))" \
    --command-config "$KAFKA_DIR/admin.properties" --timeout 10000 \
    --describe --group "$group" 2>&1) || return
  # a partition without messages has no offset; a group that is not there yet
  # has no partitions, and then nothing is stored
  awk '$2 == "experiment.vqe" {
         rows++; if ($6 == "-") lag += $5; else lag += $6 }
       END { print (rows > 0) ? lag + 0 : "all" }' <<<"$said"
}

deliver() {
  local left=all until=$((SECONDS + 180))
  if ! stack_runs connect; then
    "$lake" ingest --land s3://raw-results
    return
  fi
  KAFKA_DIR=$stack_folder/kafka
  KAFKA_HOME=$(kafka_home)
  while [ "$SECONDS" -lt "$until" ]; do
    if ! stack_runs kafka || ! stack_runs connect; then
      echo "kafka or the connector has died; jobs/services/status" >&2
      return 1
    fi
    left=$(lag) || left=unknown
    if [ "$left" = 0 ]; then
      echo "the connector has stored the topic"
      return 0
    fi
    echo "messages that wait: $left"
    sleep 2
  done
  echo "the topic is not stored after three minutes (messages that wait:" \
    "$left); see jobs/services/logs connect" >&2
  return 1
}

# each experiment that succeeded is in the tables
all_there() {
  "$lake" query 'SELECT experiment_id FROM vqe_results' -w "$warehouse" \
    -f json --output "$name.held.json" || return
  python3 -I - "$name.summary.json" "$name.held.json" <<'PYTHON'
import json
import sys

with open(sys.argv[1]) as first, open(sys.argv[2]) as second:
    done = [r["experiment_id"] for r in json.load(first) if r["status"] == "ok"]
    held = {row["experiment_id"] for row in json.load(second)}
left = [name for name in done if name not in held]
if left:
    sys.exit(f"{len(left)} of {len(done)} experiments are not in the tables: {left[0]} ...")
print(f"every experiment of the job that succeeded ({len(done)}) is in the tables")
PYTHON
}

check_tables() {
  "$lake" check "$warehouse" && all_there
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
stage "check $warehouse" check_tables
stage "sync to $target" sync_features
stage "read at $target" read_target
echo
printf '%s\n' "${times[@]}"
rm -f "$name.held.json"
if [ "$failures" -ne 0 ]; then
  echo "some experiments of $job failed: $name.summary.json has the reasons"
fi
exit "$failures"
