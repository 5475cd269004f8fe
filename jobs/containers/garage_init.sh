#!/usr/bin/env bash
# Usage: jobs/containers/garage_init.sh [COMPOSE]
#
# Gives the Garage of compose.yaml its layout, keys and buckets. Run again it
# changes nothing. COMPOSE is docker-compose, or another of its kind.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
compose=${1:-docker-compose}
set -a
# shellcheck disable=SC1091
. ./.env
set +a

garage() {
  "$compose" exec -T garage /garage "$@"
}

node=$(garage node id -q | cut -d@ -f1)
if ! garage layout show | grep -q "${node:0:16}"; then
  garage layout assign -z here -c 1T "$node"
  garage layout apply --version 1
fi
# by HTTP, as secrets would be arguments of the command line
key() {
  garage key info "$2" >/dev/null 2>&1 && return 0
  printf '{"name": "%s", "accessKeyId": "%s", "secretAccessKey": "%s"}' "$@" |
    curl -sf --noproxy '*' --data @- -H 'Content-Type: application/json' \
      -H @<(printf 'Authorization: Bearer %s' "$GARAGE_ADMIN_TOKEN") \
      http://127.0.0.1:3903/v2/ImportKey >/dev/null
}

key vqe "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"
key published "$R2_ACCESS_KEY_ID" "$R2_SECRET_ACCESS_KEY"
for bucket in raw-results features; do
  garage bucket info "$bucket" >/dev/null 2>&1 || garage bucket create "$bucket"
  garage bucket allow --read --write --owner "$bucket" \
    --key "$AWS_ACCESS_KEY_ID"
done
garage bucket info published >/dev/null 2>&1 || garage bucket create published
garage bucket allow --read --write --owner published --key "$R2_ACCESS_KEY_ID"
