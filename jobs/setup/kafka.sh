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

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-${TMPDIR:-/tmp}}/.cache}/vqe_batch
target=$cache/kafka-$kafka

if ! command -v java >/dev/null || ! command -v curl >/dev/null; then
  "$here/jobs/setup/packages.sh" java
fi
if [ -f "$target/complete-$registry" ]; then
  echo "$target"
  exit 0
fi
if [ -n "${VQE_NO_FETCH:-}" ]; then
  echo "kafka: not in the cache, and VQE_NO_FETCH is set" >&2
  exit 1
fi
"$here/jobs/setup/packages.sh" java

# one fetch at a time; the second finds what the first brought
mkdir -p "$target"
exec 9>"$target/lock"
flock 9
if [ -f "$target/complete-$registry" ]; then
  echo "$target"
  exit 0
fi
echo "kafka: fetching Kafka $kafka and Apicurio $registry, once;" \
  "log in $target/fetch.log"
aside=$target/aside
rm -rf "$aside"
mkdir -p "$aside"
cp "$here/jobs/setup/kafka_pom.xml" "$aside/pom.xml"
archive=apicurio-registry-app-$registry-all.tar.gz
if ! {
  mvn -q -B -f "$aside/pom.xml" dependency:copy-dependencies \
    "-DoutputDirectory=$aside/lib" -DincludeScope=runtime &&
    mvn -q -B -f "$aside/pom.xml" dependency:copy \
      "-Dartifact=io.apicurio:apicurio-registry-app:$registry:tar.gz:all" \
      "-DoutputDirectory=$aside" &&
    mkdir "$aside/registry" &&
    tar -xzf "$aside/$archive" -C "$aside/registry"
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
