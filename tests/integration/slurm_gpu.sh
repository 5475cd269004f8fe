#!/usr/bin/env bash
# The scripts of jobs/slurm for GPUs on a real SLURM of two nodes, both this
# machine, with four GPUs each that are none: SLURM counts and hands them out,
# and vqe_batch_emulated computes on as many emulated ones as it is shown. One
# rank on a GPU, several under a stand-in for MPS, lanes of a campaign, and CPU
# and GPU ranks in one heterogeneous job. Exit status 77: no SLURM, or no
# device file may be made.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
built=$(realpath "${VQE_BATCH:-$root/build/release/vqe_batch}")
VQE_LAKE=$(realpath "${VQE_LAKE:-$(dirname "$built")/vqe_lake}")
VQE_BATCH=$(realpath "$(dirname "$built")/tests/vqe_batch_emulated")
export VQE_BATCH VQE_LAKE OPENBLAS_NUM_THREADS=1
. "$root/tests/integration/slurm_daemons.sh"

# SLURM takes GPUs by character devices with numbers
for k in 0 1 2 3; do
  mknod "$folder/nvidia$k" c 1 3 || {
    echo "skipped: mknod is not allowed here"
    exit 77
  }
done
cat >"$folder/gres.conf" <<CONF
NodeName=n1,n2 Name=gpu Count=4 File=$folder/nvidia[0-3] Flags=nvidia_gpu_env
CONF
echo "GresTypes=gpu" | slurm_conf
NODE_OPTIONS="CPUs=8 Gres=gpu:4"
slurm_start n1 n2
scripts=$root/jobs/slurm
export VQE_SBATCH=$scripts/vqe_batch.sbatch

h2='{"name": "H2", "symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.7414]]}'
lih='{"name": "LiH", "symbols": ["Li", "H"], "coords": [[0, 0, 0], [0, 0, 1.5949]]}'
echo "{\"molecules\": [$lih], \"seed\": [$(seq -s , 1 24)], \"warehouse\": false}" >lih.json

# devices_are SUMMARY DEVICE...: each computed something, and no other did
devices_are() {
  python3 - "$@" <<'PYTHON'
import json
import sys

path, *wanted = sys.argv[1:]
with open(path, encoding="utf-8") as stream:
    rows = json.load(stream)
found = set()
for row in rows:
    assert row["status"] == "ok", row
    found.add((row["device"] or "CPU").rsplit(" ", 1)[-1])
assert found == set(wanted), (found, wanted)
PYTHON
}

# a rank on each GPU, by either launcher and however the GPUs were asked for;
# the numbers of emulated devices start at 1
gpu=(sbatch --parsable --output=%x-%j.log)
pmix=(env "VQE_LAUNCH=srun --mpi=pmix" "${gpu[@]}")
cuda=(--device cuda --lanes 1)
"${gpu[@]}" --gpus-per-node=2 --ntasks-per-node=2 -w n1 "$scripts/vqe_gpu.sbatch" \
  lih.json "${cuda[@]}" --output node.h5 --summary node.json
"${pmix[@]}" --gres=gpu:2 --ntasks-per-node=2 -w n1 "$scripts/vqe_gpu.sbatch" \
  lih.json "${cuda[@]}" --output gres.h5 --summary gres.json
"${pmix[@]}" --gpus-per-task=1 --ntasks=2 -w n2 "$VQE_SBATCH" lih.json \
  "${cuda[@]}" --output task.h5 --summary task.json
finish
devices_are node.json 1 2 || fail "--gpus-per-node"
devices_are gres.json 3 4 || devices_are gres.json 1 2 || fail "--gres"
devices_are task.json 1 2 || fail "--gpus-per-task with srun"

# what would put two ranks on one GPU, or needs one, says so
mistaken=$("${gpu[@]}" --gpus-per-task=1 --ntasks=2 --nodes=1 "$VQE_SBATCH" lih.json)
none=$("${gpu[@]}" --gpus-per-node=0 "$scripts/vqe_gpu.sbatch" lih.json)
idle=$("${gpu[@]}" --gpus-per-node=2 "$scripts/vqe_gpu.sbatch" lih.json \
  --output idle.h5)
finish
grep -q "submit it with --gpus-per-node" "vqe_batch-$mistaken.log" ||
  fail "ranks of mpirun with --gpus-per-task"
grep -q "the job has no GPU" "vqe_gpu-$none.log" || fail "a job without a GPU"
grep -q "1 ranks on a node with 2 GPUs: 1 GPUs idle" "vqe_gpu-$idle.log" ||
  fail "an idle GPU"

# several ranks on a GPU: MPS on each node while the program runs
mkdir bin
cat >bin/nvidia-cuda-mps-control <<'SCRIPT'
#!/bin/bash
# a stand-in: says on which node it was started and asked to quit, which it
# does not do where VQE_TEST_MPS_DEAF is set
if [ "${1:-}" = -f ]; then
  echo "start $SLURMD_NODENAME sees $CUDA_VISIBLE_DEVICES" >>"$VQE_TEST_MPS"
  mkfifo "$CUDA_MPS_PIPE_DIRECTORY/control"
  read -r word <>"$CUDA_MPS_PIPE_DIRECTORY/control"
  echo "end $SLURMD_NODENAME $word" >>"$VQE_TEST_MPS"
  [ -z "${VQE_TEST_MPS_DEAF:-}" ] || sleep 600
else
  read -r word
  echo "$word" >"$CUDA_MPS_PIPE_DIRECTORY/control"
fi
SCRIPT
chmod 755 bin/nvidia-cuda-mps-control
export VQE_TEST_MPS=$folder/mps
mps=(env "PATH=$folder/work/bin:$PATH" "${gpu[@]}" --ntasks-per-node=2)
id=$("${mps[@]}" -w n1 "$scripts/vqe_gpu.sbatch" lih.json "${cuda[@]}" \
  --output mps.h5 --summary mps.json)
finish
grep -q "MPS started" "vqe_gpu-$id.log" || fail "MPS"
devices_are mps.json 1 || fail "ranks under MPS"
sort "$VQE_TEST_MPS" >mps.txt
printf '%s\n' "end n1 quit" "start n1 sees 0" | diff - mps.txt || fail "MPS"
! compgen -G "/tmp/vqe-mps-$id-*" || fail "the folder of MPS is left"

# MPS ends before a job goes back into the queue, and starts again with it,
# though a lost start had left its folder
echo "{\"molecules\": [$lih], \"seed\": 1, \"warehouse\": false,
  \"optimizer\": {\"name\": \"SPSA\", \"max_evaluations\": 4000000,
                \"ftol\": 1e-300, \"gtol\": 1e-300}}" >back.json
id=$("${mps[@]}" -w n1 "$scripts/vqe_gpu.sbatch" back.json --device cpu)
journal_has back.h5 20000
scancel --batch --signal=USR1 "$id"
job_is "$id" PENDING
grep -q "back into the queue as job $id" "vqe_gpu-$id.log" ||
  fail "a job with MPS that was asked to stop"
! compgen -G "/tmp/vqe-mps-$id-*" || fail "the folder of MPS is left at requeueing"
[ "$(grep -c '^end n1 quit' "$VQE_TEST_MPS")" = 2 ] || fail "MPS is left at requeueing"
mkdir "/tmp/vqe-mps-$id-0"
sleep 3
scontrol update "JobId=$id" StartTime=now
for _ in $(seq 1200); do
  [ "$(grep -c "MPS started" "vqe_gpu-$id.log")" -lt 2 ] || break
  sleep 0.1
done
[ "$(grep -c "MPS started" "vqe_gpu-$id.log")" = 2 ] || fail "MPS after requeueing"
scancel "$id"
finish
rmdir "/tmp/vqe-mps-$id-0"
! compgen -G "/tmp/vqe-mps-$id-*" || fail "the folder of MPS is left by a cancelled job"

# a folder that somebody else has made is refused, and a daemon that does not
# quit keeps no job; job ids are counted up
planted=/tmp/vqe-mps-$((id + 1))-0
mkdir "$planted"
mkfifo "$planted/control"
[ "$("${mps[@]}" -w n1 "$scripts/vqe_gpu.sbatch" lih.json --output planted.h5)" = \
  "$((id + 1))" ] || fail "the number of the job"
deaf=$(VQE_TEST_MPS_DEAF=1 "${mps[@]}" -w n2 "$scripts/vqe_gpu.sbatch" lih.json \
  --output deaf.h5)
finish
grep -q "no folder for MPS; remove it" "vqe_gpu-$((id + 1)).log" ||
  fail "the folder of another"
[ -e "$planted/control" ] && [ ! -e planted.h5 ] || fail "the folder of another is used"
rm -r "$planted"
grep -q "Result file: deaf.h5" "vqe_gpu-$deaf.log" || fail "a daemon that does not quit"
! compgen -G "/tmp/vqe-mps-$deaf-*" || fail "its folder is left"

# a campaign of two lanes: the GPUs' has them, and what is on a GPU can only
# run there
echo "{\"molecules\": [$h2, $lih], \"seed\": \"1-4\", \"lanes\": [
  {\"name\": \"gpu\", \"molecules\": \"LiH\", \"device\": \"cuda\", \"partition\": \"test\"},
  {\"name\": \"cpu\", \"device\": \"cpu\"}]}" >lanes.json
# on a busy machine a daemon of Open MPI on an emulated node may end before it
# has called back: then once more, and said
for attempt in 1 2; do
  rm -rf campaign
  "$VQE_BATCH" generate lanes.json -o campaign --parts 2 --lanes
  VQE_LAKE_AFTER=afterok "$scripts/submit_campaign.sh" campaign -n 1 \
    >submit.txt
  squeue -h -o '%j %T %E' >queue.txt
  grep -q 'vqe_lake PENDING afterok' queue.txt ||
    fail "the tables wait otherwise"
  finish
  "$VQE_BATCH" status campaign >state.txt
  if ! grep -q 'ORTE daemon has unexpectedly failed' vqe_array-*.log; then
    break
  fi
  echo "a daemon of Open MPI failed at its start, attempt $attempt"
  rm -f vqe_array-*.log
done
grep -q '8 done, 0 failed' state.txt || fail "the campaign of two lanes"
# what runs on a GPU has many lanes, unless none is there
array=$(sed -n 's/^array \([0-9]*\): 2 parts of lane gpu$/\1/p' submit.txt)
grep -q '32 lanes' "vqe_array-$array-1.log" || fail "the lane of GPUs"
array=$(sed -n 's/^array \([0-9]*\): 2 parts of lane cpu$/\1/p' submit.txt)
grep -q '2 experiments to run' "vqe_array-$array-1.log" &&
  ! grep -q '32 lanes' "vqe_array-$array-1.log" || fail "the lane of CPUs"
"$VQE_LAKE" check campaign/warehouse >check.txt || fail "the tables"

# CPU and GPU ranks in one world: small states go to the former, large ones to
# the latter as long as it has enough to do; what needs a GPU to no other
n2='{"name": "N2", "symbols": ["N", "N"], "coords": [[0, 0, 0], [0, 0, 1.1]]}'
echo "{\"molecules\": [$n2, $lih], \"ansatz\": \"k-UpCCGSD\", \"seed\": [$(seq -s , 1 8)],
  \"optimizer\": {\"name\": \"L-BFGS-B\", \"max_evaluations\": 12},
  \"warehouse\": false}" >both.json
hetero=(sbatch --parsable --output=%x-%j.log)
"${hetero[@]}" -n 1 : -n 1 --gpus-per-node=1 "$scripts/vqe_hetero.sbatch" \
  both.json --summary auto.json
finish
"${hetero[@]}" "$scripts/vqe_hetero.sbatch" both.json --device cuda \
  --output cuda.h5 --summary all.json
finish
devices_are all.json 1 || fail "what needs a GPU"
python3 - <<'PYTHON' || fail "CPU and GPU ranks"
import json

with open("auto.json", encoding="utf-8") as stream:
    rows = json.load(stream)
on = {"N2": 0, "LiH": 0}
for row in rows:
    assert row["status"] == "ok", row
    on[row["name"]] += "emulation" in row["device"]
assert len(rows) == 16 and on["LiH"] == 0 and on["N2"] > 0, on
print(f"{on['N2']} of 8 N2 on the GPU rank, no LiH")
PYTHON

# asked to stop, it goes on after requeueing as any other job
sed 's/"max_evaluations": 12/"max_evaluations": 4000/' both.json >long.json
id=$("${hetero[@]}" "$scripts/vqe_hetero.sbatch" long.json)
journal_has long.h5 20000
scancel --batch --signal=USR1 "$id"
job_is "$id" PENDING
grep -q "back into the queue as job $id" "vqe_hetero-$id.log" ||
  fail "a heterogeneous job that was asked to stop"
[ -e long.h5.journal ] || fail "its journal"
scancel "$id"
finish
echo "SLURM $(slurmctld -V | cut -d' ' -f2): a rank a GPU, MPS, lanes of a" \
  "campaign, CPU and GPU ranks in one job"
