#!/usr/bin/env bash
# Usage: jobs/setup/kafka.sh
#
# Provides Kafka 3.9.1 and the Apicurio schema registry 2.6.13 for the tests
# of the stream, from Maven Central (or the mirror that Maven is set up for),
# about 200 MB, into the user's cache. Nothing is done when they are there.
# VQE_NO_FETCH in the environment has it fail instead of fetching.
# Java 17 and Maven are installed where they are missing. The last line of
# output is the folder: lib/*.jar is Kafka, registry/ the registry.
set -euo pipefail

readonly kafka=3.9.1
readonly registry=2.6.13.Final
readonly plugin=org.apache.maven.plugins:maven-dependency-plugin:2.8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=jobs/setup/cache.sh
. "$here/jobs/setup/cache.sh"
cache=$(cache_folder)
target=$cache/kafka-$kafka

if ! command -v java >/dev/null || ! command -v curl >/dev/null; then
  "$here/jobs/setup/packages.sh" java
fi
if is_complete "$target/complete-$registry" "$target"; then
  echo "$target"
  exit 0
fi
if [ -n "${VQE_NO_FETCH:-}" ]; then
  echo "kafka: not in the cache as it should be, and VQE_NO_FETCH is set" >&2
  exit 1
fi
"$here/jobs/setup/packages.sh" java

# one fetch at a time; the second finds what the first brought
fresh_folder "$target"
exec 9>"$target/lock"
flock 9
if is_complete "$target/complete-$registry" "$target"; then
  echo "$target"
  exit 0
fi
echo "kafka: fetching Kafka $kafka and Apicurio $registry, once;" \
  "log in $target/fetch.log"
aside=$target/aside
rm -rf "$aside"
# Maven looks for settings of a project in the folders above it, up to the
# first that has .mvn
mkdir -p "$aside/.mvn" "$aside/lib"
cp "$here/jobs/setup/kafka_pom.xml" "$aside/pom.xml"
archive=apicurio-registry-app-$registry-all.tar.gz
if ! {
  mvn -q -B -C -f "$aside/pom.xml" "$plugin:copy-dependencies" \
    "-DoutputDirectory=$aside/lib" -DincludeScope=runtime &&
    mvn -q -B -C -f "$aside/pom.xml" "$plugin:copy" \
      "-Dartifact=io.apicurio:apicurio-registry-app:$registry:tar.gz:all" \
      "-DoutputDirectory=$aside/lib" &&
    has_only "$aside/lib" "$here/jobs/setup/kafka_jars.sha256" &&
    mkdir "$aside/registry" &&
    tar -xzf "$aside/lib/$archive" --no-same-owner --no-same-permissions \
      -C "$aside/registry" &&
    rm "$aside/lib/$archive"
} >"$target/fetch.log" 2>&1 9>&-; then
  tail -n 20 "$target/fetch.log" >&2
  echo "kafka: fetching failed, see $target/fetch.log; behind a mirror, name" \
    "it in ~/.m2/settings.xml" >&2
  exit 1
fi
rm -rf "$target/lib" "$target/registry"
mv "$aside/lib" "$aside/registry" "$target/"
rm -rf "$aside"
touch "$target/complete-$registry"
echo "$target"
