# Sourced by the tests that need a SLURM: one or several nodes that are all
# this machine, on loopback, without systemd.
#
#   slurm_conf              further lines of slurm.conf, from standard input
#   slurm_start [NODE...]   starts it, with one node of this machine's name or
#                           several; goes to an empty folder, $folder/work
#   finish, job_is, journal_has, fail  for the tests
#   slurm_kill_node NODE    kill -9 of its daemon; slurm_node NODE starts it again
#
# All ends with the script: jobs, their processes, daemons.
PATH=$PATH:/usr/sbin:/sbin

for program in munged slurmctld slurmd sbatch; do
  if ! command -v "$program" >/dev/null; then
    echo "skipped: no $program (jobs/setup/packages.sh slurm)"
    exit 77
  fi
done

folder=$(mktemp -d /tmp/vqe-slurm-XXXXXX)
chmod 755 "$folder"
mkdir "$folder/state" "$folder/work"
started=()
host=$(hostname -s)
cores=$(nproc)

# the SLURM of this test, and none that the user has jobs in
is_ours() {
  [ "${SLURM_CONF:-}" = "$folder/slurm.conf" ]
}

# jobs, which outlive the daemons: first as a user cancels them
end_jobs() {
  timeout 20 scancel --user="$(id -un)"
  for _ in $(seq 100); do
    [ -n "$(timeout 20 squeue -h)" ] || return
    sleep 0.1
  done
}

# then what a killed daemon has left; it has the name of our configuration
end_processes() {
  local file
  for file in $(grep -lzxF "SLURM_CONF=$folder/slurm.conf" \
    /proc/[0-9]*/environ); do
    file=${file#/proc/}
    kill -9 "${file%/*}"
  done
}

stop() {
  status=$?
  set +e
  ! is_ours || end_jobs
  for ((k = ${#started[@]} - 1; k >= 0; k--)); do
    kill "${started[k]}" 2>/dev/null
    for _ in $(seq 50); do
      kill -0 "${started[k]}" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "${started[k]}" 2>/dev/null
  done
  ! is_ours || end_processes 2>/dev/null
  if [ "$status" -eq 0 ] || [ "$status" -eq 77 ]; then
    rm -rf "$folder"
  else
    tail -n 30 "$folder"/*.log "$folder"/work/*.log >&2
    echo "left for inspection: $folder" >&2
    # again, where who reads the end of this output alone sees it
    [ -z "${failed:-}" ] || echo "FAILED: $failed" >&2
  fi
  exit "$status"
}
trap stop EXIT

fail() {
  failed=$*
  echo "FAILED: $*" >&2
  exit 1
}

# the process that a daemon became, by the file it writes
remember() {
  for _ in $(seq 100); do
    if [ -s "$1" ]; then
      started+=("$(cat "$1")")
      return
    fi
    sleep 0.1
  done
  fail "nothing wrote $1"
}

start_munged() {
  # munged refuses to run as root
  mkdir "$folder/munge"
  dd if=/dev/urandom of="$folder/munge/key" bs=128 count=1 status=none
  chmod 400 "$folder/munge/key"
  local as_munge=()
  if [ "$(id -u)" -eq 0 ]; then
    chown -R munge: "$folder/munge"
    as_munge=(setpriv --reuid munge --regid munge --clear-groups)
  fi
  "${as_munge[@]}" "$(command -v munged)" --key-file="$folder/munge/key" \
    --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
    --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" \
    --num-threads=1
  remember "$folder/munge/pid"
}

# as many free ports as there are daemons
free_ports() {
  python3 - "$1" <<'PYTHON'
import socket
import sys

sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
PYTHON
}

# further lines of slurm.conf, from standard input
slurm_conf() {
  cat >>"$folder/further.conf"
}

# slurm_kill_node NAME: its number may be another process's from then on
slurm_kill_node() {
  local gone kept=() pid
  gone=$(cat "$folder/slurmd-$1.pid")
  kill -9 "$gone"
  for pid in "${started[@]}"; do
    [ "$pid" = "$gone" ] || kept+=("$pid")
  done
  started=("${kept[@]}")
}

# slurm_node NAME: its daemon, also again after it was killed
slurm_node() {
  rm -f "$folder/slurmd-$1.pid"
  slurmd -N "$1"
  remember "$folder/slurmd-$1.pid"
}

# wait until so many nodes (default: 1) take jobs
nodes_up() {
  for _ in $(seq 150); do
    if [ "$(sinfo -h -N -o '%T %N' 2>/dev/null | sort -u |
      grep -c -E '^(idle|mixed|allocated) ')" -ge "${1:-1}" ]; then
      return
    fi
    sleep 0.2
  done
  sinfo -N -l >&2
  fail "the nodes do not come up"
}

# slurm_start [NODE...]: options of a node in slurm.conf come from
# NODE_OPTIONS, by default all cores
slurm_start() {
  local names=("$@") ports name k
  [ $# -gt 0 ] || names=("$host")
  start_munged
  read -r -a ports < <(free_ports $((${#names[@]} + 1)))
  cat >"$folder/slurm.conf" <<CONF
ClusterName=vqe
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
TmpFS=$folder/tmp-%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_interval=2
FirstJobId=$((1000 + RANDOM))
CONF
  for ((k = 0; k < ${#names[@]}; k++)); do
    mkdir "$folder/spool-${names[k]}" "$folder/tmp-${names[k]}"
    echo "NodeName=${names[k]} NodeHostname=$host NodeAddr=127.0.0.1" \
      "Port=${ports[k + 1]} ${NODE_OPTIONS:-CPUs=$cores} State=UNKNOWN"
  done >>"$folder/slurm.conf"
  # names of this test alone, so that the list of a partition is one of commas
  echo "PartitionName=test Nodes=$(
    IFS=,
    echo "${names[*]}"
  ) Default=YES MaxTime=INFINITE State=UP" >>"$folder/slurm.conf"
  [ ! -f "$folder/further.conf" ] ||
    cat "$folder/further.conf" >>"$folder/slurm.conf"
  # nothing is constrained; naming a plugin keeps slurmd from looking for mounts
  cat >"$folder/cgroup.conf" <<CONF
CgroupPlugin=cgroup/v1
ConstrainCores=no
ConstrainRAMSpace=no
ConstrainSwapSpace=no
ConstrainDevices=no
CONF
  export SLURM_CONF=$folder/slurm.conf
  slurmctld
  remember "$folder/slurmctld.pid"
  for name in "${names[@]}"; do
    slurm_node "$name"
  done
  nodes_up "${#names[@]}"
  if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  cd "$folder/work"
}

# wait until no job is left, or none of those that words of squeue select
finish() {
  for _ in $(seq 900); do
    if [ -z "$(squeue -h "$@")" ]; then
      return
    fi
    sleep 0.2
  done
  squeue >&2
  fail "jobs do not end"
}

# job_is ID STATE [SECONDS]: wait for it, for three minutes by default
job_is() {
  for _ in $(seq $((${3:-180} * 10))); do
    # a heterogeneous job has a line for each component
    if [ "$(squeue -h -j "$1" -o %T 2>/dev/null | sort -u)" = "$2" ]; then
      return
    fi
    sleep 0.1
  done
  squeue >&2
  fail "job $1 does not come to be $2"
}

# journal_has RESULT BYTES: wait until its journal holds so many
journal_has() {
  for _ in $(seq 3600); do
    [ "$(cat "$1.journal"/* 2>/dev/null | wc -c)" -lt "$2" ] || return 0
    sleep 0.05
  done
  fail "nothing is journaled for $1"
}
