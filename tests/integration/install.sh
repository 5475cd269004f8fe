#!/usr/bin/env bash
# Usage: tests/integration/install.sh
#
# Installs build/release into a prefix, moves that prefix, and uses it without
# the checkout: the programs run, no library resolves into the checkout, and
# small programs in C and C++ build and run by find_package and by pkg-config.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/tests/integration/install
unset LD_LIBRARY_PATH
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$root/build/release" --prefix "$folder/first" >"$folder/log"
prefix=$folder/moved
mv "$folder/first" "$prefix"

fail() {
  echo "FAILED: $*"
  exit 1
}

# every entry of a RUNPATH is absolute and elsewhere, or relative to the file
check_paths() {
  local file=$1 path entry
  if readelf -d "$file" | grep NEEDED | grep '\[.*/'; then
    fail "$file needs a library by its path"
  fi
  path=$(readelf -d "$file" | sed -n 's/.*(R.*PATH).*\[\(.*\)\]/\1/p')
  case ":$path:" in
    *::*) [ -z "$path" ] || fail "$file has an empty entry in $path" ;;
  esac
  while read -r -d : entry; do
    case $entry in
      "$root"*) fail "$file looks for libraries in the checkout: $entry" ;;
      "\$ORIGIN"*) ;;
      /*) ;;
      *) fail "$file has a relative entry: $entry" ;;
    esac
  done <<<"${path:+$path:}"
  ldd "$file" >"$folder/ldd"
  if grep -E "not found|$root" "$folder/ldd"; then
    fail "$file: these libraries do not come from the prefix or the system"
  fi
}

count=0
for file in "$prefix"/bin/* "$prefix"/lib*/libvqe.so; do
  # programs are links, which ldd, unlike a start, does not follow
  check_paths "$(readlink -f "$file")"
  count=$((count + 1))
done
[ "$count" -ge 3 ] || fail "$count programs and libraries are installed, not 3"

cat >"$folder/job.json" <<'JOB'
{"molecules": [{"symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.7414]]}]}
JOB
(
  cd "$folder"
  "$prefix/bin/vqe_batch" job.json --quiet
  "$prefix/bin/vqe_lake" query -w job.warehouse -f csv \
    "SELECT round(total_energy, 8) FROM ml_run_summary"
) | tee "$folder/energy"
grep -q -e '-1.13727' "$folder/energy" || fail "vqe_lake has no energy of H2"
# a basis set whose file is in share; PySCF: -1.16826260
(
  cd "$folder"
  "$prefix/bin/vqe_batch" job.json --basis def2-TZVP --no-lake --output set.h5 \
    --quiet --seed 1
) | tee "$folder/energy"
grep -q -e '-1.16826' "$folder/energy" || fail "no energy of H2 in def2-TZVP"

expected='0.2.0 -1.13727017'
cmake -S "$here" -B "$folder/consumer" -DCMAKE_PREFIX_PATH="$prefix" \
  >"$folder/log" 2>&1 || { cat "$folder/log"; fail "find_package(vqe)"; }
cmake --build "$folder/consumer" >"$folder/log" 2>&1 ||
  { cat "$folder/log"; fail "building with vqe::vqe"; }
[ "$("$folder/consumer/h2_energy")" = "$expected" ] ||
  fail "H2 by find_package: $("$folder/consumer/h2_energy")"
"$folder/consumer/h2_json" >"$folder/result.json"
grep -q '"energy": -1.13727017' "$folder/result.json" ||
  fail "H2 by JSON: $(cat "$folder/result.json")"
[ "$("$folder/consumer/options")" = good ] || fail "the options from C++"

PKG_CONFIG_PATH=$(echo "$prefix"/lib*/pkgconfig)
export PKG_CONFIG_PATH
read -r -a flags <<<"$(pkg-config --cflags --libs vqe)"
libdir=$(pkg-config --variable=libdir vqe)
cc -std=c11 -Wall -Wextra -Werror -o "$folder/h2_energy" \
  "$here/h2_energy.c" "${flags[@]}" "-Wl,-rpath,$libdir"
[ "$("$folder/h2_energy")" = "$expected" ] ||
  fail "H2 by pkg-config: $("$folder/h2_energy")"
[ "$(pkg-config --modversion vqe)" = "${expected% *}" ] ||
  fail "vqe.pc has version $(pkg-config --modversion vqe)"
echo "installed, moved and used: $count programs and libraries"
