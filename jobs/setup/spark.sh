#!/usr/bin/env bash
# Usage: jobs/setup/spark.sh
#
# Provides PySpark 4.0.5 in a Python of its own (with PyIceberg, for the tests
# of the lake), and the jars by which it reads raw records and reads and writes
# Iceberg tables, on S3 too: about 600 MB from PyPI and Maven Central (or the
# mirrors that pip and Maven are set up for), checked by hash, into the user's
# cache. Nothing is done when they are there. Java 17 and Maven are installed
# where they are missing. The last line of output is the folder: bin/python,
# bin/spark-submit, jars/*.jar, and spark.properties, the settings of jobs/spark
# with the jars' folder in them.
set -euo pipefail

readonly spark=4.0.5
readonly plugin=org.apache.maven.plugins:maven-dependency-plugin:2.8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=jobs/setup/cache.sh
. "$here/jobs/setup/cache.sh"
cache=$(cache_folder)
target=$cache/spark-$spark
wanted=$(cat "$here"/jobs/spark/{spark_pom.xml,spark_jars.sha256,spark_requirements.txt} \
  "$here/tests/requirements.txt" | sha256sum | cut -c1-16)
complete=$target/complete-$wanted

# the settings may change where the jars do not
write_properties() {
  sed "s#@JARS@#$target/jars#" "$here/jobs/spark/spark.properties" \
    >"$target/spark.properties.part"
  mv "$target/spark.properties.part" "$target/spark.properties"
}

command -v java >/dev/null || "$here/jobs/setup/packages.sh" java
if is_complete "$complete" "$target"; then
  write_properties
  echo "$target"
  exit 0
fi
"$here/jobs/setup/packages.sh" java

# one fetch at a time; the second finds what the first brought
fresh_folder "$target"
exec 9>"$target/lock"
flock 9
if is_complete "$complete" "$target"; then
  write_properties
  echo "$target"
  exit 0
fi
echo "spark: fetching PySpark $spark and Iceberg, once; log in" \
  "$target/fetch.log"
rm -rf "$target/jars" "$target/pom" "$target/bin" "$target/lib" \
  "$target"/complete-*
# Maven looks for settings of a project in the folders above it, up to the
# first that has .mvn
mkdir -p "$target/pom/.mvn"
cp "$here/jobs/spark/spark_pom.xml" "$target/pom/pom.xml"
if ! {
  mvn -q -B -C -f "$target/pom/pom.xml" "$plugin:copy-dependencies" \
    "-DoutputDirectory=$target/jars" -DincludeScope=runtime &&
    has_only "$target/jars" "$here/jobs/spark/spark_jars.sha256" &&
    python3 -I -m venv "$target" &&
    "$target/bin/python" -I -m pip install --quiet --no-cache-dir \
      --disable-pip-version-check --require-hashes --no-deps \
      -r "$here/jobs/spark/spark_requirements.txt" &&
    "$target/bin/python" -I -m pip install --quiet --no-cache-dir \
      --disable-pip-version-check --require-hashes --no-deps \
      -r "$here/tests/requirements.txt"
} >"$target/fetch.log" 2>&1 9>&-; then
  tail -n 20 "$target/fetch.log" >&2
  echo "spark: fetching failed, see $target/fetch.log; behind mirrors, name" \
    "them in ~/.m2/settings.xml and pip.conf" >&2
  exit 1
fi
rm -rf "$target/pom"
write_properties
touch "$complete"
echo "$target"
