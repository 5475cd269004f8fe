#!/usr/bin/env bash
# Usage: jobs/connect/ingest.sh VQE_LAKE
#
# The topic to raw files without a connector: runs `vqe_lake ingest --land`
# again and again until it is ended by a signal. Settings come from the
# environment (README.md in this folder), and
#
# VQE_RAW_PLACE        where the files go (s3://raw-results)
# VQE_INGEST_SECONDS   pause between two runs (10)
set -uo pipefail

lake=$1
child=
trap 'ended=yes; [ -z "$child" ] || kill "$child" 2>/dev/null' TERM INT
ended=
while [ -z "$ended" ]; do
  "$lake" ingest --land "${VQE_RAW_PLACE:-s3://raw-results}" &
  child=$!
  wait "$child"
  status=$?
  # a signal ends the wait, not the run: it stores what it has read
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
  done
  if [ "$status" -ne 0 ]; then
    echo "$(date -u +%FT%TZ) ingest ended with $status; next in" \
      "${VQE_INGEST_SECONDS:-10} s"
  fi
  [ -n "$ended" ] && break
  sleep "${VQE_INGEST_SECONDS:-10}" &
  child=$!
  wait "$child"
done
