#!/usr/bin/env bash
# Usage: jobs/site/site.sh [FOLDER]
#
# Builds the site of the project out of the pages that stand beside the code
# (README.md, doc, jobs/*/README.md, src/*/README.md, ...) into FOLDER
# (build/site), with the options that the programs of build/release know
# (VQE_BATCH: of another build). FOLDER/html/index.html is the first page;
# nothing is fetched to read it.
#
# Anything wrong is an error: links and anchors that lead nowhere, pages without
# a place, words that are misspelled. Python packages are installed once into
# build/site-python, by hash; status 3 where they cannot be had.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-$root/build/site}
python=$root/build/site-python
program=${VQE_BATCH:-$root/build/release/vqe_batch}
if [ ! -x "$program" ]; then
  echo "site: there is no $program; build it (jobs/setup/build.sh release)," \
    "or name another by VQE_BATCH" >&2
  exit 2
fi

if ! cmp -s "$root/jobs/site/site_requirements.txt" "$python/site_requirements.txt"; then
  rm -rf "$python"
  if ! python3 -I -m venv "$python" ||
    ! "$python/bin/python" -I -m pip install --quiet \
      --disable-pip-version-check --require-hashes --no-deps \
      --only-binary=:all: -r "$root/jobs/site/site_requirements.txt"; then
    rm -rf "$python"
    echo "site: the packages of jobs/site/site_requirements.txt cannot be" \
      "installed; see above" >&2
    exit 3
  fi
  cp "$root/jobs/site/site_requirements.txt" "$python/site_requirements.txt"
fi

mkdir -p "$folder"
status=0
"$python/bin/python" -I "$root/jobs/site/collect.py" "$root" "$folder" \
  "$program" || status=1
# what the pages say, not what is linked to
(cd "$folder/pages" && find . -name '*.md' -print0 |
  xargs -0 "$python/bin/codespell" --ignore-words "$root/jobs/site/words.txt") ||
  {
    echo "site: a word above is misspelled, in the page of that name; or it is" \
      "right: then add it to jobs/site/words.txt" >&2
    status=1
  }
# the only warnings are of pages: not of what comes after MkDocs 1
# (--quiet would count no warning either)
NO_MKDOCS_2_WARNING=1 "$python/bin/mkdocs" build --strict \
  --config-file "$folder/mkdocs.yml" >"$folder/build.log" 2>&1 || status=1
grep -v '^INFO' "$folder/build.log" >&2 || true
if [ "$status" -eq 0 ]; then
  echo "site: $folder/html/index.html"
fi
exit "$status"
