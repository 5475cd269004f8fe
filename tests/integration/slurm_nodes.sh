#!/usr/bin/env bash
# What goes wrong under SLURM, and the chain, on two nodes that are both this
# machine: a time limit, an array with a task that fails, the tables after it
# by afterany and afterok, a node whose daemon is killed, and simulate, publish
# and tables as three jobs with a real Kafka where there is one. Exit status
# 77: no SLURM. VQE_TEST_TRANSCRIPT names a file for what a user sees.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
VQE_BATCH=$(realpath "${VQE_BATCH:-$root/build/release/vqe_batch}")
VQE_LAKE=$(realpath "${VQE_LAKE:-$(dirname "$VQE_BATCH")/vqe_lake}")
export VQE_BATCH VQE_LAKE
. "$root/tests/integration/slurm_daemons.sh"
# a node that does not respond for so long is down
echo "SlurmdTimeout=10" | slurm_conf
NODE_OPTIONS="CPUs=2"
slurm_start n1 n2
scripts=$root/jobs/slurm
PATH=$scripts:$(dirname "$VQE_BATCH"):$PATH
transcript=${VQE_TEST_TRANSCRIPT:-/dev/null}

# shown COMMAND: run it as a user does, for the transcript
shown() {
  {
    echo "\$ $1"
    COLUMNS=80 bash -c "$1" 2>&1
  } | sed "s|$folder/work|/scratch/run|g; s|$folder|/scratch|g
    s| on $host,| on node1,|" >>"$transcript"
}
jobs_were="squeue -t all -o '%.8i %.12j %.12T %.6D %R'"

h2='{"name": "H2", "symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.7414]]}'
nh3='{"name": "NH3", "symbols": ["N", "H", "H", "H"], "coords": [[0, 0, 0.1128],
  [0, 0.9395, -0.2632], [0.8137, -0.4698, -0.2632], [-0.8137, -0.4698, -0.2632]]}'
# it runs for minutes, whatever the machine, or as long as it is wanted
long_job() {
  echo "{\"molecules\": [$h2, $nh3], \"seed\": 1, \"warehouse\": false,
    \"optimizer\": {\"name\": \"SPSA\", \"max_evaluations\": $1,
                  \"ftol\": 1e-300, \"gtol\": 1e-300}}"
}

# resumes ID FINISHED: the job runs again and found so much finished
resumes() {
  for _ in $(seq 300); do
    if [ "$(grep -c ' to run, ' "vqe_batch-$1.log")" -ge 2 ]; then
      tail -n +2 "vqe_batch-$1.log" | grep -q "to run, $2 found finished" ||
        fail "job $1 did not find what it had done"
      job_is "$1" RUNNING
      return
    fi
    sleep 0.1
  done
  fail "job $1 does not start again"
}

# ---- a time limit ----

# SLURM looks twice a minute, and may signal up to a minute before it is to
long_job 4000000 >limit.json
shown "sbatch --ntasks 2 --time 2 --signal B:USR1@45 $scripts/vqe_batch.sbatch limit.json"
limit=$(squeue -h -o %i)
job_is "$limit" RUNNING

# ---- meanwhile, an array with a task that fails ----

transcript=$folder/array.txt
heh='{"name": "HeH+", "symbols": ["He", "H"], "charge": 1, "coords": [[0, 0, 0], [0, 0, 0.7719]]}'
echo "{\"molecules\": [$h2, $heh], \"init\": [\"hf\", \"mp2\"], \"seed\": \"1-3\"}" >tier.json
vqe_batch generate tier.json -o campaign --parts 3 >generate.txt
cp campaign/part-0002.json kept.json
echo '{"molecules": "lost.json"}' >campaign/part-0002.json
shown "VQE_LAKE_AFTER=afterok submit_campaign.sh campaign --ntasks 1"
finish -n vqe_array,vqe_lake
shown "$jobs_were -n vqe_array,vqe_lake"
[ ! -e campaign/warehouse ] || fail "tables though a part failed, by afterok"
[ -s campaign/part-0001.h5 ] && [ -s campaign/part-0003.h5 ] ||
  fail "the results of the other tasks"
array=$(squeue -h -t FAILED -n vqe_array -o %F)
lake=$(squeue -h -t all -n vqe_lake -o '%i %T')
[[ $lake == *" CANCELLED" ]] || fail "the tables were not cancelled: $lake"
[ "$(squeue -h -t FAILED -n vqe_array -o %K)" = 2 ] || fail "the failed task"
shown "cat vqe_array-$array-2.log"
shown "vqe_batch status campaign | head -n 3"
# mended, it alone is run again; then the tables
cp kept.json campaign/part-0002.json
shown "sbatch --array=2 --ntasks 1 $scripts/vqe_array.sbatch campaign"
array=$(squeue -h -t PENDING,RUNNING -n vqe_array -o %F)
shown "sbatch --dependency=afterany:$array $scripts/vqe_lake.sbatch campaign"
finish -n vqe_array,vqe_lake
shown "tail -n 1 vqe_lake-*.log"
vqe_lake check campaign/warehouse >check.txt || fail "the tables"
[ "$(vqe_lake query "SELECT count(*) AS n FROM vqe_results" \
  --warehouse campaign/warehouse --format csv | tail -n 1)" = 12 ] ||
  fail "rows of the tables"
shown "vqe_batch status campaign | head -n 3"
transcript=${VQE_TEST_TRANSCRIPT:-/dev/null}

# ---- the job that reaches its limit ----

job_is "$limit" PENDING 180
shown "cat vqe_batch-$limit.log"
shown "$jobs_were -j $limit"
grep -q "back into the queue as job $limit" "vqe_batch-$limit.log" ||
  fail "the job that reached its limit was not put back"
journal_has limit.h5 200000
# it waits two minutes, and seconds until the node takes it
sleep 3
shown "scontrol update JobId=$limit StartTime=now TimeLimit=10"
resumes "$limit" 1
shown "tail -n 1 vqe_batch-$limit.log"
shown "vqe_batch status limit.json"
scancel "$limit"
finish
cat "$folder/array.txt" >>"$transcript"

# ---- the daemon of a node is killed ----

long_job 4000000 >lost.json
shown "sbatch --ntasks 2 $scripts/vqe_batch.sbatch lost.json"
id=$(squeue -h -o %i)
job_is "$id" RUNNING
journal_has lost.h5 200000
node=$(squeue -h -j "$id" -o %N)
echo "# the daemon of $node is killed" >>"$transcript"
slurm_kill_node "$node"
job_is "$id" PENDING
shown "sinfo -N -o '%N %T'"
shown "$jobs_were -j $id"
grep -q "requeue job JobId=$id due to failure of node $node" \
  "$folder/slurmctld.log" || fail "SLURM did not take the node for lost"
sleep 3
shown "scontrol update JobId=$id StartTime=now"
resumes "$id" 1
shown "$jobs_were -j $id"
shown "cat vqe_batch-$id.log"
[ "$(squeue -h -j "$id" -o %N)" != "$node" ] || fail "on a node that is lost"
echo "# the daemon of $node is started again" >>"$transcript"
slurm_node "$node"
nodes_up 2
shown "sinfo -N -o '%N %T'"
shown "vqe_batch status lost.json"
scancel "$id"
finish
[ -e lost.h5.journal ] || fail "the journal of a job that was cancelled"

# ---- simulate, publish, tables ----

. "$root/jobs/services/kafka_server.sh"
export VQE_KAFKA_BROKERS= VQE_REGISTRY_URL=
what="chain without a Kafka"
if kafka_start "$folder/kafka" >kafka.log 2>&1; then
  started+=("$KAFKA_PID")
  if registry_start "$folder/registry" >kafka.log 2>&1; then
    started+=("$REGISTRY_PID")
    kafka_topic --create --topic experiment.vqe >kafka.log
    VQE_KAFKA_BROKERS=$KAFKA_BROKERS
    VQE_REGISTRY_URL=$REGISTRY_URL
    what="chain by a real Kafka"
  fi
fi
echo "{\"molecules\": [$h2, $heh], \"seed\": [1, 2]}" >chain.json
# what would fail hours later is refused here
if VQE_KAFKA_BROKERS=127.0.0.1:1 VQE_REGISTRY_URL= submit_chain.sh chain.json \
  2>said.txt || ! grep -q "set VQE_REGISTRY_URL" said.txt; then
  fail "a chain without a registry: $(cat said.txt)"
fi
if submit_chain.sh none.json 2>said.txt || ! grep -q "read 'none.json'" said.txt; then
  fail "a chain without its job: $(cat said.txt)"
fi
[ -z "$(squeue -h)" ] || fail "a chain that was refused is submitted"
shown "submit_chain.sh chain.json --ntasks 2"
shown "squeue -o '%.6i %.12j %.9T %.35E'"
squeue -h -o '%j %T %E' >queue.txt
grep -q 'vqe_lake PENDING afterany' queue.txt || fail "the tables do not wait"
finish
if [ -n "$VQE_KAFKA_BROKERS" ]; then
  grep -q "1 results, 0 of them failed" vqe_publish-*.log || fail "publishing"
fi
shown "tail -n 1 vqe_publish-*.log vqe_lake-*.log"
shown "$jobs_were -n vqe_batch,vqe_publish,vqe_lake | tail -n 3"
[ "$(vqe_lake query "SELECT count(*) AS n FROM vqe_results" \
  --warehouse chain.warehouse --format csv | tail -n 1)" = 4 ] ||
  fail "the tables of the chain"
if [ -n "$VQE_KAFKA_BROKERS" ]; then
  vqe_lake ingest --brokers "$VQE_KAFKA_BROKERS" --warehouse topic.warehouse
  [ "$(vqe_lake query "SELECT count(*) AS n FROM vqe_results" \
    --warehouse topic.warehouse --format csv | tail -n 1)" = 4 ] ||
    fail "the records of the topic"
fi
# what can be neither published nor put into tables is cancelled where asked
echo '{"molecules": "lost.json"}' >broken.json
VQE_CHAIN_AFTER=afterok submit_chain.sh broken.json --ntasks 1 >submit.txt
finish
sed -n 's/^[a-z]* \([0-9]*\):.*/\1/p' submit.txt | tail -n +2 >after.txt
[ -s after.txt ] || fail "no jobs after the first"
for id in $(cat after.txt); do
  [ "$(squeue -h -t all -j "$id" -o %T)" = CANCELLED ] ||
    fail "job $id after one that failed"
done

echo "SLURM $(slurmctld -V | cut -d' ' -f2): time limit, failed task, lost node," \
  "$what"
