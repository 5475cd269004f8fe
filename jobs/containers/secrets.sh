#!/usr/bin/env bash
# Usage: jobs/containers/secrets.sh
#
# Makes the file .env of compose.yaml beside this script, with random secrets,
# readable by its owner alone. What is there is kept.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
if [ -f .env ]; then
  echo "jobs/containers/.env is there already"
  exit 0
fi
umask 077
aside=$(mktemp .env.XXXXXX)
trap 'rm -f "$aside"' EXIT
cat >"$aside" <<ENV
GARAGE_RPC_SECRET=$(openssl rand -hex 32)
GARAGE_ADMIN_TOKEN=$(openssl rand -hex 20)
AWS_ACCESS_KEY_ID=GK$(openssl rand -hex 12)
AWS_SECRET_ACCESS_KEY=$(openssl rand -hex 32)
R2_ACCESS_KEY_ID=GK$(openssl rand -hex 12)
R2_SECRET_ACCESS_KEY=$(openssl rand -hex 32)
SPARK_SECRET=$(openssl rand -hex 20)
ENV
mv "$aside" .env
echo "made jobs/containers/.env"
