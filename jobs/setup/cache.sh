# shellcheck shell=bash
# Sourced by the scripts that keep what they fetch in the user's cache. Programs
# are run from there with the rights of whoever calls, so nobody else may be able
# to put one there; that is checked at each use.
#
#   cache_folder      Prints the cache, $XDG_CACHE_HOME/vqe_batch (by default
#                     ~/.cache/vqe_batch), and makes it where it is missing.
#                     Status 1, with a word, where others could change it.
#   is_own PATH...    Do these belong, with all that is below them, to the user
#                     (or root), and may nobody else write there?
#   is_complete MARK FOLDER
#                     Is the file MARK there and FOLDER our own? Says why a
#                     folder that others could change is fetched again.
#   fresh_folder FOLDER
#                     Makes it, and anew where others could change what is in it.
#   has_only FOLDER LIST
#                     Are the files of FOLDER those of LIST, by SHA-256, and no
#                     others?
#   is_other LOG      Is it by a hash that pip failed, whose errors are in LOG? Shows
#                     them. Scripts end with status 4 then: no network failed.
#   fetch_wheel NAME PACKAGE==VERSION FILE SHA256 PLATFORM WHAT [REMEDY]
#                     The wheel FILE into the cache, where it is missing; NAME,
#                     WHAT and REMEDY are for what it says. Exits with 4 where
#                     what comes is not what was tested, with 1 where none does.
#                     Needs find.sh.
#   private_folder    Prints a new folder in the cache for one fetch, mode 700.
#                     Not in /tmp: tools look for settings in the folders above.
#
# What is made after this has been sourced is writable by the user alone.
# Python is started as `python3 -I`, as it imports what lies in the current
# folder otherwise.

umask "$(printf '%04o' $((8#$(umask) | 8#022)))"

# who besides the user and root may change what is at a path, by it or by the
# folders above it; nothing where nobody may
cache_intruders() {
  local path=$1 owner mode group name
  name=$(id -un 2>/dev/null) || name=
  while [ "$path" != / ]; do
    path=$(dirname -- "$path")
    read -r owner mode group < <(stat -L -c '%u %a %G' -- "$path")
    # owners that a container does not know look like this one
    if [ "$owner" -ne 0 ] && [ "$owner" -ne "$(id -u)" ] &&
      [ "$owner" != "$(cat /proc/sys/kernel/overflowuid 2>/dev/null)" ]; then
      echo "$path belongs to another user ($owner)"
      return
    fi
    mode=$((8#$mode))
    # entries of a sticky folder are safe from others
    if ((mode & 8#1000)); then
      continue
    fi
    if ((mode & 8#002)) || { ((mode & 8#020)) && [ "$group" != "$name" ] &&
      [ "$group" != root ]; }; then
      echo "others may write in $path"
      return
    fi
  done
}

cache_folder() {
  local home=${HOME:-} base folder wrong
  if [ -z "${XDG_CACHE_HOME:-}" ] && [ -z "$home" ]; then
    home=$(getent passwd "$(id -u)" | cut -d: -f6) || home=
  fi
  base=${XDG_CACHE_HOME:-${home:+$home/.cache}}
  case $base in
    /*) ;;
    *)
      echo "cache: neither HOME nor XDG_CACHE_HOME names a folder; set" \
        "XDG_CACHE_HOME to a folder of yours, by its whole path" >&2
      return 1
      ;;
  esac
  folder=$base/vqe_batch
  if ! mkdir -p "$folder"; then
    echo "cache: $folder cannot be made; set XDG_CACHE_HOME to a folder that" \
      "can be written" >&2
    return 1
  fi
  folder=$(realpath -- "$folder")
  wrong=$(cache_intruders "$folder")
  if [ -z "$wrong" ] && ! is_own_one "$folder"; then
    wrong="$folder belongs to another user, or others may write there"
  fi
  if [ -n "$wrong" ]; then
    echo "cache: $wrong: what is run from the cache could be anybody's. Set" \
      "XDG_CACHE_HOME to a folder of yours that nobody else can change, or" \
      "remove the folder $folder and let it be made again" >&2
    return 1
  fi
  echo "$folder"
}

# the folder, without what is below
is_own_one() {
  [ -z "$(find "$1" -maxdepth 0 \( ! -uid 0 ! -uid "$(id -u)" -o -perm /022 \) \
    -print -quit 2>&1)" ]
}

is_own() {
  local path
  for path in "$@"; do
    # of links the target counts, which lies below, or is the system's
    [ -e "$path" ] &&
      [ -z "$(find -H "$path" ! -type l \( ! -uid 0 ! -uid "$(id -u)" -o \
        -perm /022 \) -print -quit 2>&1)" ] || return 1
  done
}

is_complete() {
  [ -f "$1" ] || return 1
  if ! is_own "$2"; then
    echo "cache: something in $2 belongs to another user, or others may write" \
      "there: it is not used" >&2
    return 1
  fi
}

fresh_folder() {
  if [ -e "$1" ] && ! is_own "$1"; then
    rm -rf "$1"
  fi
  mkdir -p "$1"
}

is_other() {
  cat -- "$1" >&2
  grep -q 'DO NOT MATCH THE HASHES' -- "$1"
}

private_folder() {
  local folder
  folder=$(cache_folder) || return 1
  mktemp -d "$folder/fetch-XXXXXX"
}

fetch_wheel() {
  local name=$1 requirement=$2 file=$3 hash=$4 platform=$5 what=$6
  local remedy=${7:-} folder
  folder=$(cache_folder) || exit 1
  if is_right "$folder/$file" "$hash"; then
    return 0
  fi
  echo "$name: fetching $what"
  fetched=$(private_folder) || exit 1
  trap 'rm -rf "$fetched"' EXIT
  echo "$requirement --hash=sha256:$hash" >"$fetched/wheel.txt"
  # pip is imported from the current folder, if one is there
  if ! (cd "$fetched" && python3 -m pip download --quiet --no-deps \
    --only-binary=:all: --platform "$platform" --require-hashes \
    --disable-pip-version-check --no-cache-dir --dest "$fetched" \
    -r wheel.txt 2>pip.log); then
    if is_other "$fetched/pip.log"; then
      echo "$name: what was fetched is not the wheel that was tested (SHA-256" \
        "differs); nothing was installed" >&2
      exit 4
    fi
    echo "$name: pip could not fetch $requirement; without a network, put" \
      "$file into $folder$remedy" >&2
    exit 1
  fi
  mv "$fetched/$file" "$folder/$file"
  rm -rf "$fetched"
  trap - EXIT
}

has_only() {
  local folder=$1 list=$2 others
  (cd "$folder" && sha256sum --check --strict --quiet "$list") || {
    echo "what was fetched is not what was tested: see $list" >&2
    return 1
  }
  others=$(cd "$folder" && comm -23 <(find . -type f -printf '%P\n' | LC_ALL=C sort) \
    <(cut -c67- "$list" | LC_ALL=C sort))
  [ -z "$others" ] || {
    echo "what was fetched has files that are not in $list:" $others >&2
    return 1
  }
}
