#!/usr/bin/env bash
# Usage: tests/long/sbom_tools.sh
#
# The list of contents of a tarball is valid for the SPDX project's own tools
# (spdx-tools, fetched by hash into build/spdx), and is not when a licence or a
# relationship in it is wrong. Exit status 77: they cannot be fetched.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
tools=build/spdx
if ! [ -x "$tools/bin/pyspdxtools" ]; then
  rm -rf "$tools"
  if ! { python3 -I -m venv "$tools" && "$tools/bin/python" -I -m pip install \
    --quiet --disable-pip-version-check --require-hashes --no-deps \
    --only-binary=:all: -r jobs/package/spdx_requirements.txt; }; then
    echo "skipped: spdx-tools cannot be fetched"
    exit 77
  fi
fi
tarball=$(echo build/package/vqe_batch-*-linux-"$(uname -m)".tar.gz)
[ -f "$tarball" ] || jobs/package/tarball.sh
tarball=$(echo build/package/vqe_batch-*-linux-"$(uname -m)".tar.gz)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xzf "$tarball" -C "$work" --wildcards '*/sbom.spdx.json' --strip-components=4
list=$work/sbom.spdx.json
"$tools/bin/pyspdxtools" --infile "$list" --version SPDX-2.3 >"$work/log" 2>&1 || {
  cut -c1-400 "$work/log" | head -n 20
  exit 1
}
sed 's/"licenseDeclared": "MIT"/"licenseDeclared": "as you like"/' "$list" \
  >"$work/licence.spdx.json"
sed '0,/"relatedSpdxElement": "SPDXRef-Package/s//"relatedSpdxElement": "SPDXRef-Nothing/' \
  "$list" >"$work/relation.spdx.json"
for wrong in licence relation; do
  ! cmp -s "$list" "$work/$wrong.spdx.json"
  if "$tools/bin/pyspdxtools" --infile "$work/$wrong.spdx.json" >"$work/log" 2>&1; then
    echo "FAILED: a wrong $wrong passes"
    exit 1
  fi
done
echo "valid: $(python3 -I -c 'import json, sys
text = json.load(open(sys.argv[1]))
print(len(text["packages"]), "packages,", len(text["files"]), "files,",
      len(text["relationships"]), "relationships")' "$list")"
