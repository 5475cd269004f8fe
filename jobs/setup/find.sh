# shellcheck shell=bash
# Sourced by the scripts that provide a library.
#
#   find_library NAME VARIABLE HEADER PATTERN
#       Status 0, with a word about where, when a prefix that $VARIABLE or
#       CMAKE_PREFIX_PATH names, or the system, has include/HEADER and a
#       library like PATTERN; 1 when none has; ends the script when $VARIABLE
#       is set and wrong.
#   is_right FILE SHA256
#       Is it that file?

find_library() {
  local name=$1 variable=$2 header=$3 pattern=$4
  local given=${!variable:-}
  local prefix prefixes
  IFS=: read -r -a prefixes <<<"$given:${CMAKE_PREFIX_PATH:-}:/usr/local:/usr"
  for prefix in "${prefixes[@]}"; do
    if [ -n "$prefix" ] && [ -f "$prefix/include/$header" ] &&
      [ -n "$(find "$prefix"/lib* -maxdepth 2 -name "$pattern" -print -quit \
        2>/dev/null)" ]; then
      echo "$name: using that of $prefix"
      return 0
    fi
  done
  if [ -n "$given" ]; then
    echo "$name: $variable=$given has no include/$header or no" \
      "lib/$pattern; correct or unset it" >&2
    exit 1
  fi
  return 1
}

is_right() {
  [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status
}
