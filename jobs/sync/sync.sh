#!/usr/bin/env bash
# Usage: jobs/sync/sync.sh health
#        jobs/sync/sync.sh files SOURCE TARGET [--table NAME]... [--dry-run] [--delete]
#        jobs/sync/sync.sh tables SOURCE TARGET [--table NAME]... [--dry-run] [--delete]
#
# Copies tables from one object store to another, and again what is new.
#
# health   lists both stores, within 30 seconds
# files    the Parquet files of the feature tables (or of --table), those of
#          the current snapshot alone, by rclone: TARGET/NAME/PARTITION/FILE
# tables   Iceberg tables that a reader opens at TARGET, by vqe_lake relocate
#
# SOURCE is a warehouse, TARGET where the copy goes: REMOTE:BUCKET/PREFIX of
# rclone, s3://BUCKET/PREFIX (of the remote garage, for TARGET of r2), or a
# folder. README.md beside this file has the variables. Exit status: 0 done,
# 1 something is not copied, 2 bad usage.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

complain() {
  echo "sync: $*" | fmt -s -w 79 >&2
}

usage() {
  sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

# ---- the two stores ----

source_remote=${VQE_SYNC_SOURCE:-garage:}
target_remote=${VQE_SYNC_TARGET:-r2:}

# what a remote of these names needs besides endpoint and keys
export RCLONE_CONFIG_GARAGE_TYPE=${RCLONE_CONFIG_GARAGE_TYPE:-s3}
export RCLONE_CONFIG_GARAGE_PROVIDER=${RCLONE_CONFIG_GARAGE_PROVIDER:-Other}
export RCLONE_CONFIG_GARAGE_REGION=${RCLONE_CONFIG_GARAGE_REGION:-garage}
export RCLONE_CONFIG_GARAGE_FORCE_PATH_STYLE=${RCLONE_CONFIG_GARAGE_FORCE_PATH_STYLE:-true}
export RCLONE_CONFIG_GARAGE_NO_CHECK_BUCKET=${RCLONE_CONFIG_GARAGE_NO_CHECK_BUCKET:-true}
export RCLONE_CONFIG_R2_TYPE=${RCLONE_CONFIG_R2_TYPE:-s3}
export RCLONE_CONFIG_R2_PROVIDER=${RCLONE_CONFIG_R2_PROVIDER:-Cloudflare}
export RCLONE_CONFIG_R2_REGION=${RCLONE_CONFIG_R2_REGION:-auto}
export RCLONE_CONFIG_R2_NO_CHECK_BUCKET=${RCLONE_CONFIG_R2_NO_CHECK_BUCKET:-true}

# setting REMOTE NAME: what the environment says of a remote
setting() {
  local name=RCLONE_CONFIG_${1^^}_$2
  name=${name//-/_}
  printf '%s' "${!name:-}"
}

is_remote() {
  [[ $1 =~ ^[A-Za-z0-9_-]+: && $1 != s3://* && $1 != s3a://* && $1 != file:* ]]
}

# as_rclone PLACE REMOTE: "s3://b/p" as "garage:b/p", others as they are
as_rclone() {
  local place=${1%/}
  case $place in
    s3://*) printf '%s:%s' "${2%%:*}" "${place#s3://}" ;;
    s3a://*) printf '%s:%s' "${2%%:*}" "${place#s3a://}" ;;
    file://*) printf '%s' "${place#file://}" ;;
    file:*) printf '%s' "${place#file:}" ;;
    *) printf '%s' "$place" ;;
  esac
}

# as_lake PLACE: "garage:b/p" as "s3://b/p", others as they are
as_lake() {
  if is_remote "$1"; then
    printf 's3://%s' "${1#*:}"
  else
    printf '%s' "$1"
  fi
}

require_type() {
  local remote=${1%%:*}
  if is_remote "$1" && [ -z "$(setting "$remote" TYPE)" ]; then
    complain "there is no remote '$remote': set RCLONE_CONFIG_${remote^^}_TYPE," \
      "_PROVIDER, _ENDPOINT, _ACCESS_KEY_ID and _SECRET_ACCESS_KEY"
    return 2
  fi
}

require_remote() {
  local remote=${1%%:*} name
  is_remote "$1" || return 0
  require_type "$1" || return 2
  [ "$(setting "$remote" TYPE)" = s3 ] || return 0
  [ "$(setting "$remote" ENV_AUTH)" != true ] || return 0
  for name in ACCESS_KEY_ID SECRET_ACCESS_KEY; do
    if [ -z "$(setting "$remote" "$name")" ]; then
      complain "RCLONE_CONFIG_${remote^^}_$name is not set"
      return 2
    fi
  done
}

# lend ROLE PLACE REMOTE: what a remote has as that of vqe_lake, where it has
# nothing of its own; by the environment, as arguments are there for all to see
lent=() # expressions of sed: the names of what is lent, as its owner knows them
lend() {
  local remote=${3%%:*} name value own keys=VQE_$1_ACCESS_KEY_ID profile=VQE_$1_PROFILE
  if is_remote "$2"; then
    remote=${2%%:*}
  fi
  if [ -n "${!keys:-}${!profile:-}" ]; then
    return 0
  fi
  # with ENV_AUTH the keys are those of the AWS_ variables for both programs
  if [ -z "$(setting "$remote" ACCESS_KEY_ID)" ] &&
    [ "$(setting "$remote" ENV_AUTH)" != true ]; then
    return 0
  fi
  for name in ACCESS_KEY_ID SECRET_ACCESS_KEY SESSION_TOKEN REGION; do
    value=$(setting "$remote" "$name")
    [ -n "$value" ] || continue
    export "VQE_$1_$name=$value"
    own=RCLONE_CONFIG_${remote^^}_$name
    lent+=(-e "s/VQE_$1_$name/${own//-/_}/g")
  done
  value=$(setting "$remote" ENDPOINT)
  if [ -n "$value" ]; then
    [[ $value == *://* ]] || value=https://$value
    export "VQE_$1_ENDPOINT_URL=$value"
  fi
  name=VQE_$1_CA_BUNDLE
  if [ -n "${RCLONE_CA_CERT:-}" ] && [ -z "${!name+set}" ]; then
    export "$name=$RCLONE_CA_CERT"
  fi
}

# require_lake ROLE PLACE: a remote that is not S3, or has no keys, would be
# taken for a bucket of the default store
require_lake() {
  local keys=VQE_$1_ACCESS_KEY_ID profile=VQE_$1_PROFILE remote=${2%%:*}
  is_remote "$2" || return 0
  require_type "$2" || return 2
  if [ "$(setting "$remote" TYPE)" != s3 ]; then
    complain "the remote '$remote' is of type '$(setting "$remote" TYPE)', and" \
      "tables go to folders and to S3: give the path of the folder, or use 'files'"
    return 2
  fi
  [ -n "${!keys:-}${!profile:-}" ] || require_remote "$2"
}

# ---- programs ----

# keys do not go into logs, whatever a store or a program says
mask() {
  local line name
  while IFS= read -r line || [ -n "$line" ]; do
    for name in $(compgen -v | grep -E \
      '^(RCLONE_CONFIG_.*|VQE_(SOURCE|TARGET)|AWS)_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$'); do
      [ -z "${!name:-}" ] || line=${line//"${!name}"/****}
    done
    printf '%s\n' "$line"
  done
}

# the file of rclone's settings is not read: remotes come from the environment.
# Its S3 library fails where AWS_CA_BUNDLE is set.
rclone_masked() {
  {
    env -u AWS_CA_BUNDLE "${RCLONE:-rclone}" --config /dev/null "$@" 2>&1 >&3 |
      mask >&2
  } 3>&1
}

require_programs() {
  if ! command -v "${RCLONE:-rclone}" >/dev/null; then
    complain "there is no rclone: install it, or set RCLONE to its path"
    exit 2
  fi
}

find_lake() {
  lake=${VQE_LAKE:-}
  if [ -z "$lake" ]; then
    lake=$(command -v vqe_lake || true)
  fi
  if [ -z "$lake" ]; then
    lake=$here/../../build/release/vqe_lake
  fi
  if [ ! -x "$lake" ]; then
    complain "there is no vqe_lake on PATH: install it, or set VQE_LAKE to its path"
    exit 2
  fi
}

# ---- health ----

health() {
  local remote status=0 code name
  [ $# -eq 0 ] || usage
  require_programs
  for remote in "$source_remote" "$target_remote"; do
    require_remote "$remote" || return 2
    code=0
    # shellcheck disable=SC2016 # the inner shell expands it
    {
      timeout -k 5 "${VQE_SYNC_HEALTH_TIMEOUT:-30}" \
        env -u AWS_CA_BUNDLE "${RCLONE:-rclone}" --config /dev/null lsd "$remote" \
        --retries 1 --low-level-retries 2 --contimeout 10s --timeout 20s \
        2>&1 >/dev/null | mask >&2
    } || code=$?
    if [ "$code" -eq 0 ]; then
      echo "$remote responds"
      continue
    fi
    status=1
    if [ "$code" -eq 124 ]; then
      complain "$remote does not respond within ${VQE_SYNC_HEALTH_TIMEOUT:-30} s"
    else
      complain "$remote does not respond as it should (exit status $code of rclone lsd)"
    fi
    if is_remote "$remote"; then
      name=RCLONE_CONFIG_${remote%%:*}
      complain "see ${name^^}_ENDPOINT, _ACCESS_KEY_ID, _SECRET_ACCESS_KEY"
    fi
  done
  return "$status"
}

# ---- arguments of files and tables ----

tables=()
dry_run=
delete=

read_arguments() {
  [ $# -ge 2 ] || usage
  source_place=$1
  target_place=$2
  shift 2
  while [ $# -gt 0 ]; do
    case $1 in
      --table)
        [ $# -ge 2 ] || usage
        tables+=("$2")
        shift
        ;;
      --table=*) tables+=("${1#--table=}") ;;
      --dry-run) dry_run=--dry-run ;;
      --delete) delete=--delete ;;
      *)
        complain "there is no option '$1'"
        usage
        ;;
    esac
    shift
  done
}

# ---- tables ----

sync_tables() {
  local words=() table
  read_arguments "$@"
  find_lake
  require_lake SOURCE "$source_place" || exit 2
  require_lake TARGET "$target_place" || exit 2
  lend SOURCE "$source_place" "$source_remote"
  lend TARGET "$target_place" "$target_remote"
  for table in "${tables[@]}"; do
    words+=(--table "$table")
  done
  # sed outlives the signals that end the copy, whose last words it passes on
  exec "$lake" relocate "$(as_lake "$source_place")" "$(as_lake "$target_place")" \
    --lock-wait "${VQE_SYNC_LOCK_WAIT:-600}" "${words[@]}" ${dry_run:+"$dry_run"} ${delete:+"$delete"} \
    2> >(
      trap '' INT TERM HUP
      exec sed -u -e '' "${lent[@]}" >&2
    )
}

# ---- where files may go ----

# identity PLACE: where a place of rclone is; of two names of one it is equal
identity() {
  local remote=${1%%:*} path=$1 type=local endpoint
  if is_remote "$1"; then
    path=${1#*:}
    type=$(setting "$remote" TYPE)
  fi
  if [ "$type" = local ]; then
    realpath -m -- "$path"
    return
  fi
  path=$(printf '%s' "$path" | tr -s / | sed 's|^/||; s|/$||')
  endpoint=$(setting "$remote" ENDPOINT)
  endpoint=${endpoint#*://}
  # two remotes of one store are the same; of others the name is all there is
  [ "$type" = s3 ] || endpoint=$remote
  endpoint=${endpoint%/}
  printf '%s %s//%s' "$type" "${endpoint,,}" "$path"
}

# require_apart FROM TO: what is written, or deleted, is not the source
require_apart() {
  local from to remedy='give a place of its own as target'
  from=$(identity "$1") || return 2
  to=$(identity "$2") || return 2
  if [ "$from" = "$to" ]; then
    complain "source and target are the same: '$source_place', '$target_place'; $remedy"
    return 2
  fi
  case $to/ in
    "${from%/}"/*)
      complain "the target '$target_place' lies in the source '$source_place'; $remedy"
      return 2
      ;;
  esac
  case $from/ in
    "${to%/}"/*)
      complain "the source '$source_place' lies in the target '$target_place'; $remedy"
      return 2
      ;;
  esac
}

# list_metadata PLACE DEPTH PATTERN...: files of the patterns; nothing where
# there is no such folder. Without ListR a bucket is not listed as a whole.
list_metadata() {
  local words=() pattern status=0
  for pattern in "${@:3}"; do
    words+=(--include "$pattern")
  done
  rclone_masked lsf -R --files-only --disable ListR --max-depth "$2" \
    --retries 1 --contimeout "${VQE_SYNC_CONNECT_TIMEOUT:-30s}" \
    "${words[@]}" "$1" 2>"$folder/metadata.log" || status=$?
  [ "$status" -ne 3 ] || status=0
  return "$status"
}

# the folder, or prefix, above a place; nothing above a bucket
above() {
  local path=$1
  if ! is_remote "$1"; then
    path=$(realpath -m -- "$1")
    [ "$path" = / ] || dirname -- "$path"
  elif [[ ${path#*:} == */* ]]; then
    printf '%s' "${path%/*}"
  fi
}

refuse_warehouse() {
  complain "the target '$target_place' is, or lies in, Iceberg tables, in $1:" \
    "plain files do not go there, and --delete would take theirs;" \
    "give a place of its own as target"
}

# require_no_tables TO: neither the target nor what it lies in are tables. What
# lies above it may be closed to this key.
require_no_tables() {
  local at=$1 found
  found=$(list_metadata "$at" 3 '/*/metadata/*') || {
    cat "$folder/metadata.log" >&2
    complain "the target '$target_place' cannot be listed; run this again"
    return 1
  }
  if [ -n "$found" ]; then
    refuse_warehouse "$at"
    return 2
  fi
  while [ -n "$at" ]; do
    found=$(list_metadata "$at/metadata" 1 version-hint.text '*.metadata.json') || found=
    if [ -n "$found" ]; then
      refuse_warehouse "$at"
      return 2
    fi
    found=$(list_metadata "$at/quantum_features" 3 '/*/metadata/*') || found=
    if [ -n "$found" ]; then
      refuse_warehouse "$at/quantum_features"
      return 2
    fi
    at=$(above "$at")
  done
}

# ---- files ----

# sizes and names of the Parquet files below a place; none where it is not there
list_target() {
  local status=0
  rclone_masked lsf -R --files-only --format sp --separator ' ' \
    --include '*.parquet' "$1" >"$2.unsorted" 2>"$2.log" || status=$?
  # 3: there is no such folder
  if [ "$status" -ne 0 ] && [ "$status" -ne 3 ]; then
    cat "$2.log" >&2
    return 1
  fi
  LC_ALL=C sort "$2.unsorted" >"$2"
}

# names_of FILE: lines "SIZE NAME" without the size
names_of() {
  cut -d' ' -f2- "$1" | LC_ALL=C sort
}

count_of() {
  awk '{ n += 1; bytes += $1 } END { printf "%d file%s, %.0f bytes", n, n == 1 ? "" : "s", bytes }' "$1"
}

copy_files() {
  rclone_masked copy --files-from-raw "$3" --size-only \
    --transfers "${VQE_SYNC_TRANSFERS:-4}" --checkers "${VQE_SYNC_CHECKERS:-8}" \
    --timeout "${VQE_SYNC_TIMEOUT:-5m}" --contimeout "${VQE_SYNC_CONNECT_TIMEOUT:-30s}" \
    --retries "${VQE_SYNC_RETRIES:-3}" --stats 0 "$1" "$2"
}

check_files() {
  local words=()
  [ "${VQE_SYNC_CHECK:-}" != download ] || words=(--download)
  rclone_masked check --one-way --files-from-raw "$3" "${words[@]}" \
    --checkers "${VQE_SYNC_CHECKERS:-8}" --timeout "${VQE_SYNC_TIMEOUT:-5m}" \
    "$1" "$2" 2>"$3.log" || {
    cat "$3.log" >&2
    return 1
  }
}

# what writers of tables name with a UUID, as all do; other files are not ours
of_tables() {
  grep -E '[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}[^/]*\.parquet$' "$1" || true
}

# sync_files NAME: the files of a table; a file that is merged away meanwhile
# is a failure, and the next run copies what took its place
sync_files() {
  local table=$1 from to at=$folder/$1 deleted=
  from=$(as_rclone "$source_place" "$source_remote")/quantum_features/$table/data
  to=$(as_rclone "$target_place" "$target_remote")/$table
  # the folder of the table may be a link
  require_apart "$(as_rclone "$source_place" "$source_remote")" "$to" || return 2
  "$lake" files "$(as_lake "$source_place")" --table "$table" >"$at.raw" || return $?
  sed "s|^\([0-9]* \)quantum_features/$table/data/|\1|" "$at.raw" | LC_ALL=C sort >"$at.wanted"
  list_target "$to" "$at.there" || return 1
  LC_ALL=C comm -23 "$at.wanted" "$at.there" >"$at.missing"
  names_of "$at.wanted" >"$at.names"
  names_of "$at.there" | LC_ALL=C comm -23 - "$at.names" >"$at.others"
  of_tables "$at.others" >"$at.extra"
  if [ -n "$delete" ]; then
    deleted=", $(wc -l <"$at.extra") ${dry_run:+to be }deleted"
    cmp -s "$at.others" "$at.extra" ||
      deleted+=", $(LC_ALL=C comm -23 "$at.others" "$at.extra" | wc -l) not of a table left"
  fi
  if [ -n "$dry_run" ]; then
    echo "$table: $(count_of "$at.missing") to be copied$deleted"
    return 0
  fi
  # an empty list would stand for all files
  if [ -s "$at.missing" ]; then
    names_of "$at.missing" >"$at.copy"
    copy_files "$from" "$to" "$at.copy" || return 1
  fi
  if [ -s "$at.names" ]; then
    check_files "$from" "$to" "$at.names" || return 1
  fi
  if [ -n "$delete" ] && [ -s "$at.extra" ]; then
    rclone_masked delete --files-from-raw "$at.extra" "$to" || return 1
  fi
  echo "$table: $(count_of "$at.missing") copied, $(wc -l <"$at.names") checked$deleted"
}

sync_all_files() {
  local table failed=0 code
  read_arguments "$@"
  require_programs
  find_lake
  if [ ${#tables[@]} -eq 0 ]; then
    tables=(ml_iteration_features ml_run_summary)
  fi
  require_remote "$(as_rclone "$source_place" "$source_remote")" || exit 2
  require_remote "$(as_rclone "$target_place" "$target_remote")" || exit 2
  require_apart "$(as_rclone "$source_place" "$source_remote")" \
    "$(as_rclone "$target_place" "$target_remote")" || exit 2
  lend SOURCE "$source_place" "$source_remote"
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  require_no_tables "$(as_rclone "$target_place" "$target_remote")" || return $?
  for table in "${tables[@]}"; do
    code=0
    sync_files "$table" || code=$?
    case $code in
      0) ;;
      2)
        complain "$table of '$source_place' is not copied, for the reason above"
        return 2
        ;;
      *)
        complain "$table of '$source_place' is not copied to '$target_place'," \
          "or not whole; run this again"
        failed=1
        ;;
    esac
  done
  return "$failed"
}

case ${1:-} in
  health) health "${@:2}" ;;
  files) sync_all_files "${@:2}" ;;
  tables) sync_tables "${@:2}" ;;
  *) usage ;;
esac
