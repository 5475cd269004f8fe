# shellcheck shell=bash
# Sourced by up, down, status and logs: the services of one machine.
#
#   stack_names           all services, in the order of their starting
#   stack_start NAME      starts it where it does not run; 77: cannot be had
#   stack_end NAME        ends it
#   stack_runs NAME       does each of its processes run?
#   stack_place NAME      the address at which it is reached
#   stack_environment     the lines of the file of settings and secrets
#   stack_write_environment  writes that file
#
# State, data and logs are in $VQE_SERVICES (~/.local/state/vqe_batch), one
# folder a service. NAME/pids holds a line for each process: its id, and the
# clock tick of its start, by which another process of that id is told apart.

stack_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
stack_folder=${VQE_SERVICES:-${XDG_STATE_HOME:-${HOME:?is not set; name a folder by VQE_SERVICES}/.local/state}/vqe_batch}
stack_folder=$(realpath -m "$stack_folder")
case $stack_folder in
  *[\'\"\\,\;]*)
    echo "services: the name of the folder $stack_folder has a quote, comma," \
      "semicolon or backslash, which settings of services cannot hold; name" \
      "another by VQE_SERVICES" >&2
    exit 2
    ;;
esac
# files in it are run, and secrets are written there
if [ -d "$stack_folder" ]; then
  stack_wrong=$(
    # shellcheck source=jobs/setup/cache.sh
    . "$stack_root/jobs/setup/cache.sh"
    cache_intruders "$stack_folder"
    is_own_one "$stack_folder" || echo "$stack_folder is open to others"
  )
  if [ -n "$stack_wrong" ]; then
    echo "services: $stack_wrong: others could change what is run and read" \
      "there; name a folder of yours by VQE_SERVICES" >&2
    exit 2
  fi
fi
export DETACHED=setsid
# a proxy does not reach the loopback
export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost

# shellcheck source=jobs/services/kafka_server.sh
. "$stack_root/jobs/services/kafka_server.sh"
# shellcheck source=jobs/services/garage_server.sh
. "$stack_root/jobs/services/garage_server.sh"

stack_names() {
  echo kafka registry garage connect spark airflow prometheus
}

# ---- processes ----

# the clock tick at which a process started; nothing where there is none
stack_tick() {
  local line
  read -r line 2>/dev/null <"/proc/$1/stat" || return 0
  # the name of the program, in parentheses, may hold anything
  line=${line##*) }
  # shellcheck disable=SC2086
  set -- $line
  [ "$1" = Z ] || echo "${20}"
}

# stack_note NAME PID...: these are its processes
stack_note() {
  local name=$1 pid
  shift
  for pid in "$@"; do
    echo "$pid $(stack_tick "$pid")"
  done >"$stack_folder/$name/pids.part"
  mv "$stack_folder/$name/pids.part" "$stack_folder/$name/pids"
}

# stack_run NAME COMMAND...: starts it in a session of its own; stack_pid
stack_run() {
  local name=$1
  shift
  setsid "$@" >>"$stack_folder/$name/log" 2>&1 </dev/null &
  stack_pid=$!
}

stack_runs() {
  local pid tick any=1
  [ -f "$stack_folder/$1/pids" ] || return 1
  while read -r pid tick; do
    [ -n "$tick" ] && [ "$(stack_tick "$pid")" = "$tick" ] || return 1
    any=0
  done <"$stack_folder/$1/pids"
  return "$any"
}

stack_end() {
  local pid tick waited
  [ -f "$stack_folder/$1/pids" ] || return 0
  while read -r pid tick; do
    # another process that got the number since is left alone
    if [ -z "$tick" ] || [ "$(stack_tick "$pid")" != "$tick" ]; then
      continue
    fi
    waited=0
    while [ "$(stack_tick "$pid")" = "$tick" ]; do
      case $waited in
        0) kill "$pid" 2>/dev/null ;;
        200) kill -9 "$pid" 2>/dev/null ;;
        300) break ;;
      esac
      waited=$((waited + 1))
      sleep 0.1
    done || true
    # what it started and left behind, in the session that it led
    pkill -KILL -s "$pid" 2>/dev/null || true
  done < <(tac "$stack_folder/$1/pids")
  rm -f "$stack_folder/$1/pids"
}

# stack_await NAME PORT: until it takes connections, a minute at most
stack_await() {
  local waited=0
  until (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; do
    waited=$((waited + 1))
    if [ "$waited" -gt 600 ] || ! stack_runs "$1"; then
      echo "$1 does not start; the end of $stack_folder/$1/log:" >&2
      tail -n 20 "$stack_folder/$1/log" >&2
      return 1
    fi
    sleep 0.1
  done
}

# stack_port NAME WHAT USUAL: the port of before, the usual one where it is
# free, else one that is
stack_port() {
  local file=$stack_folder/$1/$2.port
  if ! [ -f "$file" ]; then
    mkdir -p "$stack_folder/$1"
    python3 -I - "$3" >"$file.part" <<'PYTHON'
import socket
import sys

for port in (int(sys.argv[1]), 0):
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(one.getsockname()[1])
        break
PYTHON
    mv "$file.part" "$file"
  fi
  cat "$file"
}

# stack_secret NAME: a random word, the same each time
stack_secret() {
  local file=$stack_folder/secrets/$1
  if ! [ -f "$file" ]; then
    (
      umask 077
      mkdir -p "$stack_folder/secrets"
      openssl rand -hex 20 >"$file"
    )
  fi
  cat "$file"
}

# ---- each service ----

stack_start() {
  stack_runs "$1" && return 0
  stack_end "$1"
  mkdir -p "$stack_folder/$1"
  stack_name=$1
  STARTED=stack_started
  "stack_start_$1" || return
  stack_settings >"$stack_folder/$1/settings"
}

# of kafka_start and its like
stack_started() {
  stack_note "$stack_name" "$1"
}

# what connect, spark and airflow got at their start: addresses and keys
stack_settings() {
  # none of them where Prometheus alone was ever started
  stack_environment |
    { grep -E '^(VQE_KAFKA|VQE_REGISTRY|AWS|RCLONE)' || true; } | sha256sum
}

# is_stale NAME: does it run with settings that have changed since?
stack_is_stale() {
  case $1 in
    connect | spark | airflow) ;;
    *) return 1 ;;
  esac
  [ "$(cat "$stack_folder/$1/settings" 2>/dev/null)" != "$(stack_settings)" ]
}

# stack_needs NAME...: they run, or a word
stack_needs() {
  local name
  for name in "$@"; do
    if ! stack_runs "$name"; then
      echo "it needs $*: jobs/services/up $* first" >&2
      return 1
    fi
  done
}

stack_start_kafka() {
  "$stack_root/jobs/setup/kafka.sh" || return 77
  kafka_start "$stack_folder/kafka" closed || return
  cat >"$stack_folder/kafka/client.json" <<JSON
{"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512",
 "ssl.ca.location": "$stack_folder/kafka/ca.pem"}
JSON
  # records hold every iteration: tens of megabytes are normal
  kafka_topic --create --if-not-exists --topic experiment.vqe --partitions 3 \
    --config max.message.bytes=20971520 --config cleanup.policy=compact \
    </dev/null
}

stack_start_registry() {
  local folder=$stack_folder/registry
  "$stack_root/jobs/setup/kafka.sh" || return 77
  "$stack_root/jobs/services/certificates" "$folder" registry || return
  registry_start "$folder" kept
}

# the bucket `published` stands for the store that features are synced to: it
# has a key of its own, and neither key opens the other's buckets
stack_start_garage() {
  local folder=$stack_folder/garage
  "$stack_root/jobs/setup/garage.sh" >"$folder/setup.log" || return 77
  GARAGE=$(tail -n 1 "$folder/setup.log")
  garage_start "$folder" || return
  echo "$GARAGE_METRICS" >"$folder/metrics"
  if [ -d "$stack_folder/prometheus/targets" ]; then
    stack_target garage "$GARAGE_METRICS"
  fi
  if ! [ -f "$folder/published.keys" ]; then
    (
      umask 077
      printf 'id=GK%s\nsecret=%s\n' "$(openssl rand -hex 12)" \
        "$(openssl rand -hex 32)" >"$folder/published.keys.part"
    )
    local id secret
    # shellcheck disable=SC1091
    . "$folder/published.keys.part"
    garage_admin bucket create published >/dev/null &&
      garage_key published "$id" "$secret" &&
      garage_admin bucket allow --read --write --owner published \
        --key "$id" >/dev/null || return
    mv "$folder/published.keys.part" "$folder/published.keys"
  fi
}

# the topic to raw files: Redpanda Connect where it is installed
stack_start_connect() {
  stack_needs kafka registry garage || return
  (
    set -a
    # shellcheck disable=SC1090
    . <(stack_environment)
    if command -v redpanda-connect >/dev/null; then
      stack_run connect redpanda-connect run \
        "$stack_root/jobs/connect/redpanda-connect.yaml"
    else
      stack_program vqe_lake || exit 77
      stack_run connect "$stack_root/jobs/connect/ingest.sh" \
        "$stack_root/build/release/vqe_lake"
    fi
    stack_note connect "$stack_pid"
  )
}

stack_program() {
  [ -x "$stack_root/build/release/$1" ] && return 0
  "$stack_root/jobs/setup/packages.sh" main &&
    "$stack_root/jobs/setup/libraries.sh" &&
    "$stack_root/jobs/setup/build.sh" release vqe_batch vqe_lake
}

# a master and one worker of the whole machine
stack_start_spark() {
  local home port page class
  "$stack_root/jobs/setup/spark.sh" >"$stack_folder/spark/setup.log" || return 77
  home=$(tail -n 1 "$stack_folder/spark/setup.log")
  echo "$home" >"$stack_folder/spark/home"
  class=$(echo "$home"/lib/python3*/site-packages/pyspark/bin/spark-class)
  port=$(stack_port spark master 7077)
  page=$(stack_port spark page 8080)
  stack_secret spark >/dev/null || return
  # without the secret nobody else on this machine gives it work
  echo 'spark.authenticate true' >"$stack_folder/spark/daemon.properties"
  (
    export SPARK_WORKER_DIR=$stack_folder/spark/work
    # executors get S3 credentials from the worker's environment
    set -a
    # shellcheck disable=SC1090
    . <(stack_environment)
    _SPARK_AUTH_SECRET=$(stack_secret spark)
    set +a
    stack_run spark "$class" org.apache.spark.deploy.master.Master \
      --host 127.0.0.1 --port "$port" --webui-port "$page" \
      --properties-file "$stack_folder/spark/daemon.properties"
    master=$stack_pid
    stack_note spark "$master"
    stack_await spark "$port" || exit
    stack_run spark "$class" org.apache.spark.deploy.worker.Worker \
      --host 127.0.0.1 --webui-port "$(stack_port spark worker 8081)" \
      --properties-file "$stack_folder/spark/daemon.properties" \
      "spark://127.0.0.1:$port"
    stack_note spark "$master" "$stack_pid"
  )
}

stack_start_airflow() {
  local run=$stack_root/jobs/airflow/run_airflow.sh part pids=()
  "$stack_root/jobs/setup/airflow.sh" || return 77
  (
    export AIRFLOW_HOME=$stack_folder/airflow/home
    AIRFLOW__API__PORT=$(stack_port airflow page 8090)
    export AIRFLOW__API__PORT AIRFLOW__API__HOST=127.0.0.1
    set -a
    # shellcheck disable=SC1090
    . <(stack_environment)
    set +a
    "$run" init >>"$stack_folder/airflow/log" 2>&1 || exit
    for part in dag-processor scheduler api-server; do
      stack_run airflow "$run" "$part"
      pids+=("$stack_pid")
    done
    stack_note airflow "${pids[@]}"
    stack_await airflow "$AIRFLOW__API__PORT"
  )
}

# stack_target NAME ADDRESS: what the configuration of jobs/monitoring scrapes
stack_target() {
  local file=$stack_folder/prometheus/targets/$1.json
  echo "[{\"targets\": [\"$2\"]}]" >"$file.part"
  mv "$file.part" "$file"
}

stack_start_prometheus() {
  local folder=$stack_folder/prometheus port push pids=()
  if ! command -v prometheus >/dev/null ||
    ! command -v prometheus-pushgateway >/dev/null; then
    "$stack_root/jobs/setup/packages.sh" prometheus || return 77
  fi
  port=$(stack_port prometheus page 9090)
  push=$(stack_port prometheus push 9091)
  mkdir -p "$folder/targets"
  # targets are looked for beside the name of the configuration
  ln -sf "$stack_root/jobs/monitoring/prometheus.yml" \
    "$stack_root/jobs/monitoring/vqe_alerts.yml" "$folder/"
  stack_target prometheus "127.0.0.1:$port"
  stack_target pushgateway "127.0.0.1:$push"
  if [ -f "$stack_folder/garage/metrics" ]; then
    stack_target garage "$(cat "$stack_folder/garage/metrics")"
  fi
  stack_run prometheus prometheus "--config.file=$folder/prometheus.yml" \
    "--storage.tsdb.path=$folder/data" "--web.listen-address=127.0.0.1:$port"
  pids+=("$stack_pid")
  if command -v prometheus-pushgateway >/dev/null; then
    stack_run prometheus prometheus-pushgateway \
      "--web.listen-address=127.0.0.1:$push" \
      "--persistence.file=$folder/pushed"
    pids+=("$stack_pid")
  fi
  stack_note prometheus "${pids[@]}"
  stack_await prometheus "$port"
}

# ---- what clients need ----

stack_place() {
  local port
  case $1 in
    kafka)
      read -r port _ <"$stack_folder/kafka/state"
      echo "127.0.0.1:$port (SASL_SSL)"
      ;;
    registry) stack_registry_url ;;
    garage) stack_garage_url ;;
    connect) echo "experiment.vqe to s3://raw-results/experiments" ;;
    spark)
      echo "spark://127.0.0.1:$(stack_port spark master 7077)," \
        "http://127.0.0.1:$(stack_port spark page 8080)"
      ;;
    airflow) echo "http://127.0.0.1:$(stack_port airflow page 8090)" ;;
    prometheus)
      echo "http://127.0.0.1:$(stack_port prometheus page 9090)," \
        "pushes to http://127.0.0.1:$(stack_port prometheus push 9091)"
      ;;
  esac
}

stack_registry_url() {
  echo "https://127.0.0.1:$(cat "$stack_folder/registry/port")/apis/ccompat/v7"
}

stack_garage_url() {
  local api
  read -r _ api _ <"$stack_folder/garage/ports"
  echo "http://127.0.0.1:$api"
}

# of the services that were started once; values hold no quote
stack_environment() {
  local port password id secret
  local folder=$stack_folder
  echo "no_proxy=$no_proxy"
  if [ -f "$folder/kafka/state" ]; then
    read -r port password <"$folder/kafka/state"
    cat <<LINES
VQE_KAFKA_BROKERS=127.0.0.1:$port
VQE_KAFKA_SASL_USERNAME=writer
VQE_KAFKA_SASL_PASSWORD=$password
VQE_KAFKA_PROPERTIES_FILE='$folder/kafka/client.json'
LINES
  fi
  if [ -f "$folder/registry/port" ]; then
    cat <<LINES
VQE_REGISTRY_URL=$(stack_registry_url)
VQE_REGISTRY_CA_FILE='$folder/registry/ca.pem'
LINES
  fi
  if [ -f "$folder/garage/published.keys" ]; then
    cat "$folder/garage/keys"
    local AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    # shellcheck disable=SC1091
    . "$folder/garage/keys"
    # shellcheck disable=SC1091
    . "$folder/garage/published.keys"
    cat <<LINES
AWS_ENDPOINT_URL=$(stack_garage_url)
AWS_REGION=garage
RCLONE_CONFIG_GARAGE_ENDPOINT=$(stack_garage_url)
RCLONE_CONFIG_GARAGE_REGION=garage
RCLONE_CONFIG_GARAGE_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID
RCLONE_CONFIG_GARAGE_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY
RCLONE_CONFIG_R2_PROVIDER=Other
RCLONE_CONFIG_R2_FORCE_PATH_STYLE=true
RCLONE_CONFIG_R2_ENDPOINT=$(stack_garage_url)
RCLONE_CONFIG_R2_REGION=garage
RCLONE_CONFIG_R2_ACCESS_KEY_ID=$id
RCLONE_CONFIG_R2_SECRET_ACCESS_KEY=$secret
VQE_SYNC_SOURCE=garage:features
VQE_SYNC_TARGET=r2:published
AIRFLOW_VAR_VQE_TARGET_WAREHOUSE=s3://published/warehouse
LINES
  fi
  # a master that does not run is not to be waited for
  if [ -f "$folder/spark/home" ] && stack_runs spark; then
    cat <<LINES
VQE_SPARK_HOME='$(cat "$folder/spark/home")'
VQE_SPARK_MASTER=spark://127.0.0.1:$(stack_port spark master 7077)
VQE_SPARK_SECRET=$(stack_secret spark)
SPARK_LOCAL_IP=127.0.0.1
LINES
  fi
}

# to the file `environment`, whole; for its owner alone by the caller's umask
stack_write_environment() {
  stack_environment >"$stack_folder/environment.part"
  mv "$stack_folder/environment.part" "$stack_folder/environment"
}
