# shellcheck shell=bash
# Sourced: a Garage of one node on loopback, for `up` and for tests.
#
#   garage_start DIR   starts it with its data in DIR, makes the buckets
#                      features, raw-results and test, and exports
#                      AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and
#                      AWS_SECRET_ACCESS_KEY; GARAGE_PID is its process.
#                      Data of an earlier start in DIR are there again, and
#                      its ports where they are free.
#   garage_stop        ends it.
#   garage_bucket NAME makes one more bucket that the key may use.
#   garage_key NAME ID SECRET  makes one more key.
#   garage_admin ...   runs the command line of Garage against it.
#
# Status 77 of garage_start: there is no Garage (jobs/setup/garage.sh).
# DETACHED=setsid in the environment has it outlive the shell; STARTED names a
# function that gets the id of the process as soon as it is there.

garage_admin() {
  "$GARAGE_PROGRAM" -c "$GARAGE_DIR/garage.toml" "$@" 2>>"$GARAGE_DIR/admin.log"
}

garage_bucket() {
  garage_admin bucket create "$1" >/dev/null &&
    garage_admin bucket allow --read --write --owner "$1" \
      --key "$AWS_ACCESS_KEY_ID" >/dev/null
}

# by its HTTP interface, as the secret would be an argument of the command line
garage_key() {
  printf '{"name": "%s", "accessKeyId": "%s", "secretAccessKey": "%s"}' "$@" |
    curl -sf --noproxy '*' --data @- -H 'Content-Type: application/json' \
      -H @<(printf 'Authorization: Bearer %s' \
        "$(cat "$GARAGE_DIR/admin_token")") \
      "http://$GARAGE_METRICS/v2/ImportKey" >/dev/null
}

garage_find() {
  local cached
  if [ -n "${GARAGE:-}" ]; then
    echo "$GARAGE"
    return
  fi
  # in a shell of its own, whose umask it changes
  cached=$(
    # shellcheck source=jobs/setup/cache.sh
    . "$(dirname "${BASH_SOURCE[0]}")/../setup/cache.sh"
    folder=$(cache_folder)/garage-2.5.0/bin || exit
    is_complete "$folder/garage" "$folder" && echo "$folder/garage"
  ) || cached=$(command -v garage) || return
  echo "$cached"
}

# garage_ports [PORT PORT PORT]: three ports that are free now, those if they
# are
garage_ports() {
  python3 -I - "$@" <<'PYTHON'
import socket
import sys


def bound(port):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", int(port)))
    return one


try:
    sockets = [bound(port) for port in sys.argv[1:] or [0] * 3]
except OSError:
    sockets = [bound(0) for _ in range(3)]
print(*(one.getsockname()[1] for one in sockets))
PYTHON
}

garage_random() {
  od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'
}

garage_start() {
  local rpc api admin node
  GARAGE_DIR=$(realpath -m "$1")
  GARAGE_PROGRAM=$(garage_find) || {
    echo "no Garage; jobs/setup/garage.sh provides it" >&2
    return 77
  }
  local is_new=
  mkdir -p "$GARAGE_DIR"
  # one whose first start was cut begins anew
  if [ ! -f "$GARAGE_DIR/made" ]; then
    is_new=yes
    rm -rf "$GARAGE_DIR/meta" "$GARAGE_DIR/data"
    (
      umask 077
      printf 'AWS_ACCESS_KEY_ID=GK%s\nAWS_SECRET_ACCESS_KEY=%s\n' \
        "$(garage_random 12)" "$(garage_random 32)" >"$GARAGE_DIR/keys"
      garage_random 32 >"$GARAGE_DIR/rpc_secret"
      garage_random 20 >"$GARAGE_DIR/admin_token"
    )
  fi
  # shellcheck disable=SC2046
  garage_ports $(cat "$GARAGE_DIR/ports" 2>/dev/null) >"$GARAGE_DIR/ports.part"
  mv "$GARAGE_DIR/ports.part" "$GARAGE_DIR/ports"
  read -r rpc api admin <"$GARAGE_DIR/ports"
  cat >"$GARAGE_DIR/garage.toml" <<TOML
metadata_dir = "$GARAGE_DIR/meta"
data_dir = "$GARAGE_DIR/data"
db_engine = "sqlite"
replication_factor = 1
consistency_mode = "consistent"
rpc_bind_addr = "127.0.0.1:$rpc"
rpc_public_addr = "127.0.0.1:$rpc"
rpc_secret_file = "$GARAGE_DIR/rpc_secret"

[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:$api"

[admin]
api_bind_addr = "127.0.0.1:$admin"
admin_token_file = "$GARAGE_DIR/admin_token"
TOML
  ${DETACHED:-} "$GARAGE_PROGRAM" -c "$GARAGE_DIR/garage.toml" server \
    >>"$GARAGE_DIR/server.log" 2>&1 &
  GARAGE_PID=$!
  "${STARTED:-:}" "$GARAGE_PID"
  GARAGE_METRICS=127.0.0.1:$admin
  local tries=0
  until garage_admin status >/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$GARAGE_PID" 2>/dev/null; then
      echo "Garage does not start:" >&2
      tail -n 20 "$GARAGE_DIR/server.log" >&2
      return 1
    fi
    sleep 0.1
  done
  set -a
  # shellcheck disable=SC1091
  . "$GARAGE_DIR/keys"
  AWS_ENDPOINT_URL=http://127.0.0.1:$api
  AWS_REGION=garage
  set +a
  if [ -n "$is_new" ]; then
    node=$(garage_admin node id -q | cut -d@ -f1) || return 1
    garage_admin layout assign -z here -c 1G "$node" >/dev/null &&
      garage_admin layout apply --version 1 >/dev/null &&
      garage_key test "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" ||
      return 1
    local bucket
    for bucket in features raw-results test; do
      garage_bucket "$bucket" || return 1
    done
    touch "$GARAGE_DIR/made"
  fi
}

garage_stop() {
  if [ -z "${GARAGE_PID:-}" ]; then
    return 0
  fi
  kill "$GARAGE_PID" 2>/dev/null || true
  for _ in $(seq 50); do
    kill -0 "$GARAGE_PID" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$GARAGE_PID" 2>/dev/null || true
  wait "$GARAGE_PID" 2>/dev/null || true
  GARAGE_PID=
  return 0
}
