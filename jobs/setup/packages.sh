#!/usr/bin/env bash
# Usage: jobs/setup/packages.sh GROUP
#
# GROUP: main, go, tests, java, airflow, garage, slurm, prometheus, compose,
# images, package or browser.
#
# Installs what is missing of the packages that building (main), fetching
# DuckDB (go), testing (tests), Kafka and Spark (java), Airflow (airflow),
# building Garage (garage), the SLURM test (slurm), metrics (prometheus;
# where there is systemd, the package starts one of its own at boot),
# containers (compose, images), tarballs (package) or PDFs and tests of reports
# (browser) need, on Debian 12 and Ubuntu 24.04; says what
# and why first, and asks for sudo only when something is missing. What a
# module, Spack or conda already provides counts as there. Elsewhere it lists
# what is needed and goes on.
set -euo pipefail

# package | how else to find it: a command, pc:NAME for pkg-config, or
# rust:VERSION for Rust of that version or later | why
packages_of() {
  case $1 in
    main)
      cat <<'LIST'
gcc|gcc|C compiler
g++|g++|C++ runtime of DuckDB
libc6-dev|gcc|headers of the C library
cmake|cmake|configures the build
ninja-build|ninja|builds
pkg-config|pkg-config|finds libraries
libopenmpi-dev|mpicc|MPI
openmpi-bin|mpirun|starts MPI programs
libopenblas-dev|pc:openblas|matrix products
liblapacke-dev|pc:lapacke|eigenvalues
libhdf5-dev|pc:hdf5|result file
libnlopt-dev|pc:nlopt|optimizers
libgsl-dev|pc:gsl|optimizers
libjansson-dev|pc:jansson|JSON
libssl-dev|pc:libcrypto|SHA-256
uthash-dev||hash sets
zlib1g-dev|pc:zlib|checksums of the journal
libavro-dev|pc:avro-c|manifests of the tables
libcurl4-openssl-dev|pc:libcurl|object stores
libexpat1-dev|pc:expat|listings of object stores
librdkafka-dev|pc:rdkafka|Kafka
libmicrohttpd-dev|pc:libmicrohttpd|the page of metrics
python3|python3|unpacks libcint
python3-pip|pip3|fetches libcint
ca-certificates||fetching over https
LIST
      ;;
    go)
      cat <<'LIST'
golang-go|go|fetches DuckDB
LIST
      ;;
    tests)
      cat <<'LIST'
libcmocka-dev|pc:cmocka|unit tests
valgrind|valgrind|memory checks
clang-14|clang-14|fuzzing
libclang-rt-14-dev||fuzzing: sanitizer and libFuzzer runtime
libomp-14-dev||fuzzing: OpenMP of clang
clang-format-14|clang-format-14|style
clang-tidy-14|clang-tidy-14|static analysis
cppcheck|cppcheck|static analysis
doxygen|doxygen|reference of the C API
python3-venv||Python of the tests
rclone|rclone|copies between object stores
zsh|zsh|completion of zsh
fish|fish|completion of fish
mandoc|mandoc|the man pages
LIST
      ;;
    java)
      cat <<'LIST'
openjdk-17-jre-headless|java|runs Kafka and Spark
maven|mvn|fetches them
curl|curl|asks whether services respond
python3-venv||Python of Spark
LIST
      ;;
    airflow)
      cat <<'LIST'
python3|python3|runs Airflow
python3-venv||Python of Airflow
rclone|rclone|copies tables to a second store
LIST
      ;;
    garage)
      # the plain packages of Debian 12 are too old, those for the web are newer
      cat <<'LIST'
gcc|gcc|links Garage
libc6-dev|gcc|headers of the C library
pkg-config|pkg-config|finds libsodium
libsodium-dev|pc:libsodium|cryptography of Garage
curl|curl|asks whether it responds
cargo-web|rust:1.91|builds Garage
rustc-web|rust:1.91|compiles Garage
LIST
      ;;
    slurm)
      cat <<'LIST'
munge|munged|authenticates SLURM's daemons
slurmctld|slurmctld|SLURM controller
slurmd|slurmd|SLURM node
slurm-client|sbatch|sbatch and squeue
LIST
      ;;
    compose)
      cat <<'LIST'
docker-compose|docker-compose|reads compositions of containers
LIST
      ;;
    images)
      cat <<'LIST'
buildah|buildah|builds images
debootstrap|debootstrap|makes their base from packages
LIST
      ;;
    package)
      cat <<'LIST'
patchelf|patchelf|lets libraries find each other
dpkg-dev|dpkg-shlibdeps|dependencies of a Debian package
LIST
      ;;
    browser)
      cat <<'LIST'
chromium|chromium|prints reports as PDFs, opens them in tests
chromium-driver|chromedriver|lets tests look at pages
npm|npm|fetches the libraries of reports and axe-core
LIST
      ;;
    prometheus)
      cat <<'LIST'
prometheus|prometheus|collects metrics
prometheus-pushgateway|prometheus-pushgateway|takes metrics of jobs
prometheus-node-exporter|prometheus-node-exporter|metrics of the machine
LIST
      ;;
    *)
      echo "usage: jobs/setup/packages.sh GROUP" >&2
      exit 2
      ;;
  esac
}

is_debian_like() {
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null
}

rust_is() {
  local found
  found=$(rustc --version 2>/dev/null | cut -d' ' -f2)
  [ -n "$found" ] && command -v cargo >/dev/null &&
    [ "$(printf '%s\n' "$1" "$found" | sort -V | head -n 1)" = "$1" ]
}

is_there() {
  local package=$1 probe=$2
  if command -v dpkg-query >/dev/null &&
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = \
      installed ]; then
    return 0
  fi
  case $probe in
    '') return 1 ;;
    pc:hdf5)
      pkg-config --exists hdf5-serial 2>/dev/null ||
        pkg-config --exists hdf5 2>/dev/null
      ;;
    rust:*) rust_is "${probe#rust:}" ;;
    pc:*) pkg-config --exists "${probe#pc:}" 2>/dev/null ;;
    *) command -v "$probe" >/dev/null ;;
  esac
}

missing=()
while IFS='|' read -r package probe why; do
  if ! is_there "$package" "$probe"; then
    if [ ${#missing[@]} -eq 0 ]; then
      echo "Missing:"
    fi
    printf '  %-20s %s\n' "$package" "$why"
    missing+=("$package")
  fi
done < <(packages_of "${1:-}")
packages_of "${1:-}" >/dev/null

if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
if ! is_debian_like; then
  echo "These are the names of Debian and Ubuntu; provide them by modules," \
    "Spack or conda (doc/install.md, \"On a cluster, without root\"). Going on."
  exit 0
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "Installing them takes root and there is no sudo. Ask for" >&2
    echo "  apt-get install ${missing[*]}" >&2
    echo "or provide them without root (doc/install.md, \"On a cluster, without root\")." >&2
    exit 1
  fi
  echo "Installing them takes root: sudo may ask for your password."
  as_root=(sudo)
fi
# one at a time, as apt does not wait for another
# shellcheck source=jobs/setup/cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
cache=$(cache_folder)
exec 9>"$cache/packages.lock"
flock 9
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get -qq update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
  -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" \
  </dev/null >/dev/null 9>&-
echo "Installed."
