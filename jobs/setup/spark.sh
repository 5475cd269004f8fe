#!/usr/bin/env bash
# Usage: jobs/setup/spark.sh
#
# Provides PySpark 4.0.5 with PyIceberg beside it in a Python of their own, and
# the jars by which Spark reads Iceberg tables and S3, for the tests of the
# lake: about 600 MB from PyPI and Maven Central (or the mirrors that pip and
# Maven are set up for), into the user's cache. Nothing is done when they are
# there. Java 17 and Maven are installed where they are missing. The last line
# of output is the folder: bin/python, and jars/*.jar.
set -euo pipefail

readonly spark=4.0.5
readonly iceberg=1.11.0

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-${TMPDIR:-/tmp}}/.cache}/vqe_batch
target=$cache/spark-$spark
complete=$target/complete-$iceberg

command -v java >/dev/null || "$here/jobs/setup/packages.sh" java
if [ -f "$complete" ]; then
  echo "$target"
  exit 0
fi
"$here/jobs/setup/packages.sh" java

# one fetch at a time; the second finds what the first brought
mkdir -p "$target"
exec 9>"$target/lock"
flock 9
if [ -f "$complete" ]; then
  echo "$target"
  exit 0
fi
echo "spark: fetching PySpark $spark and Iceberg $iceberg, once; log in" \
  "$target/fetch.log"
rm -rf "$target/jars" "$target/pom"
mkdir "$target/pom"
cp "$here/tests/integration/spark/spark_pom.xml" "$target/pom/pom.xml"
if ! {
  mvn -q -B -f "$target/pom/pom.xml" dependency:copy-dependencies \
    "-DoutputDirectory=$target/jars" -DincludeScope=runtime &&
    python3 -m venv "$target" &&
    "$target/bin/python" -m pip install --quiet --no-cache-dir \
      --disable-pip-version-check -r "$here/tests/requirements.txt" \
      "pyspark==$spark"
} >"$target/fetch.log" 2>&1 9>&-; then
  tail -n 20 "$target/fetch.log" >&2
  echo "spark: fetching failed, see $target/fetch.log; behind mirrors, name" \
    "them in ~/.m2/settings.xml and pip.conf" >&2
  exit 1
fi
rm -rf "$target/pom"
touch "$complete"
echo "$target"
