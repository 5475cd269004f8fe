#!/usr/bin/env bash
# jobs/slurm/vqe_batch.sbatch on a real SLURM: one node, this one, on
# loopback, without systemd. A job, an array, a job that is asked to stop and
# goes on from its journal after requeueing, and a campaign whose tables wait
# for its arrays. Exit status 77: no SLURM.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
VQE_BATCH=$(realpath "${VQE_BATCH:-$root/build/release/vqe_batch}")
VQE_LAKE=$(realpath "${VQE_LAKE:-$(dirname "$VQE_BATCH")/vqe_lake}")
export VQE_BATCH VQE_LAKE
. "$root/tests/integration/slurm_daemons.sh"
slurm_start

ranks=$((cores < 2 ? 1 : 2))
script=$root/jobs/slurm/vqe_batch.sbatch
h2='{"name": "H2", "symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.7414]]}'
echo "{\"molecules\": [$h2], \"seed\": 1}" >h2.json

check() {
  python3 - "$@" <<'PYTHON'
import json
import sys

path, count, energy = sys.argv[1:]
with open(path, encoding="utf-8") as stream:
    rows = json.load(stream)
assert len(rows) == int(count), rows
for row in rows:
    assert row["status"] in ("ok", "skipped"), row
    assert energy == "any" or abs(row["energy"] - float(energy)) < 1e-8, row
PYTHON
}

# one job
sbatch -n "$ranks" "$script" h2.json --summary one.json
finish
check one.json 1 -1.1372701746609 || fail "the job's summary"
[ -s h2.h5 ] || fail "the job's result file"

# an array: a job file and a result a task
cp h2.json part-3.json
cp h2.json part-4.json
sbatch -n 1 --array=3-4 "$script" 'part-%a.json'
# a file that is named so is taken; blanks in names of scripts and folders
cp h2.json 'odd-%a.json'
sbatch -n 1 --array=5 "$script" 'odd-%a.json'
mkdir 'two words' 'some parts'
cp "$root"/jobs/slurm/*.sbatch 'two words'
cp h2.json 'some parts/part-0001.json'
sbatch -n 1 --array=1 'two words/vqe_array.sbatch' 'some parts' - --seed 7
finish
[ -s part-3.h5 ] && [ -s part-4.h5 ] || fail "the results of the array"
[ -s 'odd-%a.h5' ] || fail "a file with %a in its name"
[ -s 'some parts/part-0001.h5' ] || [ -s part-0001.h5 ] || fail "names with blanks"

# a campaign: two lanes of two parts, one of which cannot run; the tables of
# the others wait for all; generated and submitted again, the rest is done
heh='{"name": "HeH+", "symbols": ["He", "H"], "charge": 1, "coords": [[0, 0, 0], [0, 0, 0.7719]]}'
echo "{\"molecules\": [$h2, $heh], \"init\": [\"hf\", \"mp2\"], \"seed\": \"1-4\",
  \"lanes\": [{\"name\": \"a\", \"molecules\": \"H2\"},
            {\"name\": \"b\", \"partition\": \"test\"}]}" >small.json

# rows of the tables, experiments done and left
campaign_is() {
  local rows
  rows=$("$VQE_LAKE" query "SELECT count(*) AS n FROM vqe_results" \
    --warehouse campaign/warehouse --format csv | tail -n 1)
  "$VQE_BATCH" status campaign --json >state.json
  python3 - "$rows" "$@" <<'PYTHON'
import json
import sys

rows, wanted, done, left = map(int, sys.argv[1:])
with open("state.json", encoding="utf-8") as stream:
    state = json.load(stream)
assert rows == wanted, f"{rows} rows"
assert (state["done"], state["left"]) == (done, left), state
PYTHON
}

"$VQE_BATCH" generate small.json -o campaign --parts 2 --lanes
cp campaign/part-b-0002.json kept.json
echo '{' >campaign/part-b-0002.json
"$root/jobs/slurm/submit_campaign.sh" campaign -n 1 >submit.txt
squeue -h -o '%j %T %E' >queue.txt
grep -q 'vqe_lake PENDING afterany' queue.txt ||
  fail "the tables do not wait for the arrays"
finish
cp kept.json campaign/part-b-0002.json
campaign_is 12 12 4 || fail "the campaign with a part that fails"
"$VQE_BATCH" generate small.json -o campaign --parts 2 --lanes
"$root/jobs/slurm/submit_campaign.sh" campaign -n 1
finish
campaign_is 16 16 0 || fail "the campaign submitted again"
"$VQE_BATCH" generate small.json -o campaign
"$root/jobs/slurm/submit_campaign.sh" campaign -n 1 >submit.txt
grep -q "nothing is left" submit.txt || fail "a campaign that is done"
finish

# as the DAG of jobs/airflow runs it: waited for, with its tables; ended by a
# signal it leaves no job behind, and goes on from there
campaign=$root/jobs/airflow/run_campaign.sh
"$VQE_BATCH" generate small.json -o waited --parts 2 --lanes
"$campaign" waited auto 1 >waited.txt || fail "the campaign waited for"
grep -q '^array [0-9]*: 2 parts of lane b' waited.txt || fail "not by SLURM"
[ -z "$(squeue -h)" ] || fail "the campaign was not waited for"
"$VQE_BATCH" status waited >state.txt
grep -q '16 done' state.txt || fail "the runs waited for"
"$VQE_LAKE" check waited/warehouse || fail "the tables waited for"
echo "{\"molecules\": [$heh], \"ansatz\": {\"name\": \"EfficientSU2\", \"reps\": 3},
  \"optimizer\": {\"name\": \"SPSA\", \"max_evaluations\": 3000000, \"ftol\": 1e-300,
  \"gtol\": 1e-300}, \"seed\": 1}" >endless.json
"$VQE_BATCH" generate endless.json -o stopped
"$campaign" stopped slurm 1 >stopped.txt &
pid=$!
for _ in $(seq 600); do
  if [ -n "$(squeue -h -t R -n vqe_array)" ]; then
    break
  fi
  sleep 0.05
done
kill "$pid"
if wait "$pid"; then
  fail "a campaign that was stopped has exit status 0"
fi
finish
"$VQE_BATCH" status stopped >state.txt
grep -q ' 0 done' state.txt || fail "it was not stopped"

# asked to stop as SLURM does before the time limit; goes on when requeued
nh3='{"name": "NH3", "symbols": ["N", "H", "H", "H"], "coords": [[0, 0, 0.1128],
  [0, 0.9395, -0.2632], [0.8137, -0.4698, -0.2632], [-0.8137, -0.4698, -0.2632]]}'
echo "{\"molecules\": [$h2, $nh3], \"seed\": 1,
  \"optimizer\": {\"name\": \"COBYLA\", \"max_evaluations\": 12000}}" >long.json
id=$(sbatch --parsable -n "$ranks" "$script" long.json --summary long.sum)
journal_has long.h5 200000
scancel --batch --signal=USR1 "$id"
job_is "$id" PENDING
# a job that was put back waits two minutes; the node takes it after seconds
sleep 5
scontrol update "JobId=$id" StartTime=now
finish
grep -q "back into the queue as job $id" "vqe_batch-$id.log" ||
  fail "the job was not put back"
grep -q "Result file: long.h5" "vqe_batch-$id.log" ||
  fail "the requeued job did not end"
check long.sum 2 any || fail "the requeued job's summary"
[ ! -e long.h5.journal ] || fail "the journal is left"

# asked to stop before its ranks can catch the signal
cat >early.sh <<'SCRIPT'
#!/bin/bash
touch early
exec sleep 600
SCRIPT
chmod 755 early.sh
id=$(VQE_WRAP=$PWD/early.sh sbatch --parsable -n "$ranks" "$script" h2.json \
  --output early.h5)
for _ in $(seq 600); do
  [ ! -e early ] || break
  sleep 0.05
done
scancel --batch --signal=USR1 "$id"
job_is "$id" PENDING
grep -q "back into the queue as job $id" "vqe_batch-$id.log" ||
  fail "a signal that came before the program"
scancel "$id"
finish
echo "SLURM $(slurmctld -V | cut -d' ' -f2): job, array, campaign, stop and requeue"
