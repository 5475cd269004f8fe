#!/usr/bin/env bash
# Usage: jobs/setup/pages.sh [axe]
#
# Provides what makes reports respond: Apache ECharts (charts) and 3Dmol.js
# (molecules), into .deps/pages, from where the build takes them into the
# programs. They come as packages of npm, which are checked and kept in the
# user's cache. npm is needed to fetch them, not to build. Status 3 where they
# cannot be fetched: a build without them has reports whose drawings stand still.
#
# axe: what checks pages for people who cannot see them, for the tests alone,
# into .deps/axe.
set -euo pipefail

# package | version | SHA-256 of its archive | file in it | name here
libraries="\
echarts|6.1.0|681aff88cc1038c3fa941a3a53d1b177a52250b05335efc607d6105ae13be481|dist/echarts.min.js|echarts.js
3dmol|2.5.5|26d91c5036d4efe78fc032c22cb692fea92bbb3cb1e65d20bf3869673fb3d8f5|build/3Dmol-min.js|3dmol.js"

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
name=pages
if [ "${1:-}" = axe ]; then
  name=axe
  libraries="axe-core|4.14.1|e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745|axe.min.js|axe.js"
fi
target=$root/.deps/$name
# shellcheck source=jobs/setup/cache.sh
. "$root/jobs/setup/cache.sh"
# shellcheck source=jobs/setup/find.sh
. "$root/jobs/setup/find.sh"

# names the versions, so that others are fetched where these change
mark=complete
while IFS='|' read -r package version _; do
  mark+=-$package-$version
done <<<"$libraries"
if is_complete "$target/$mark" "$target"; then
  exit 0
fi

# fetch PACKAGE VERSION SHA256: its archive into the cache
fetch() {
  local package=$1 version=$2 sha256=$3
  local archive=$package-$version.tgz fetched
  if is_right "$cache/$archive" "$sha256"; then
    return 0
  fi
  if ! command -v npm >/dev/null; then
    echo "pages: fetching $package $version takes npm, which is not here;" \
      "install it, or put $archive into $cache. Reports work without: their" \
      "drawings stand still" >&2
    exit 3
  fi
  echo "pages: fetching $package $version"
  fetched=$(private_folder)
  # npm looks for settings in the folders above
  if ! (cd "$fetched" && npm pack --silent --ignore-scripts \
    --cache "$fetched/npm" "$package@$version" >/dev/null); then
    rm -rf "$fetched"
    echo "pages: npm could not fetch $package $version; without a network," \
      "put $archive into $cache. Reports work without: their drawings stand" \
      "still" >&2
    exit 3
  fi
  if ! is_right "$fetched/$archive" "$sha256"; then
    rm -rf "$fetched"
    echo "pages: what was fetched is not the $package that was tested" \
      "(SHA-256 differs); nothing was installed" >&2
    exit 1
  fi
  mv "$fetched/$archive" "$cache/$archive"
  rm -rf "$fetched"
}

cache=$(cache_folder)
mkdir -p "$root/.deps"
aside=$(mktemp -d "$root/.deps/$name-XXXXXX")
trap 'rm -rf "$aside"' EXIT
while IFS='|' read -r package version sha256 file here; do
  fetch "$package" "$version" "$sha256"
  tar -xzOf "$cache/$package-$version.tgz" "package/$file" >"$aside/$here"
done <<<"$libraries"
touch "$aside/$mark"
rm -rf "$target"
chmod 755 "$aside"
mv "$aside" "$target"
trap - EXIT
echo "pages: in .deps/$name"
