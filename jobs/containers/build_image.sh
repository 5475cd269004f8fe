#!/usr/bin/env bash
# Usage: jobs/containers/build_image.sh [--debootstrap] cpu|cuda|spark|airflow
#
# Builds the image vqe_batch:KIND from Containerfile.KIND by podman, docker or
# buildah, whichever is installed. --debootstrap makes the Debian base from
# packages, by the machine's own apt sources, where no registry of images can
# be reached (as root; debootstrap and buildah).
#
# VQE_BUILD_OPTIONS  further options of the builder, such as
#                    "--isolation chroot" where containers may not be run
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bootstrap=
if [ "${1:-}" = --debootstrap ]; then
  bootstrap=yes
  shift
fi
kind=${1:-}
recipe=$root/jobs/containers/Containerfile.$kind
if [ $# -ne 1 ] || ! [ -f "$recipe" ]; then
  sed -n '2,11p' "${BASH_SOURCE[0]}" | cut -c3- >&2
  exit 2
fi
read -r -a options <<<"${VQE_BUILD_OPTIONS:-}"

# the first URI of the machine's apt sources
apt_source() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1
}

make_base() {
  local work folder container
  "$root/jobs/setup/packages.sh" images
  if buildah inspect localhost/vqe_base:bookworm >/dev/null 2>&1; then
    return 0
  fi
  work=$(mktemp -d)
  folder=$work/base
  debootstrap --variant=minbase --include=ca-certificates bookworm \
    "$folder" "$(apt_source)" >"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    exit 1
  }
  # the same mirrors, and the same keys, as here
  rm -f "$folder/etc/apt/sources.list"
  cp -r /etc/apt/sources.list* "$folder/etc/apt/"
  cp /usr/share/keyrings/debian-archive-* "$folder/usr/share/keyrings/"
  cp -r /usr/local/share/ca-certificates "$folder/usr/local/share/"
  chroot "$folder" update-ca-certificates >/dev/null 2>&1
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$folder" / >/dev/null
  buildah commit --quiet --rm "$container" localhost/vqe_base:bookworm \
    >/dev/null
  rm -rf "$work"
}

if [ -n "$bootstrap" ]; then
  make_base
  options+=(--build-arg BASE=localhost/vqe_base:bookworm)
  builder=(buildah bud --layers)
elif command -v podman >/dev/null; then
  builder=(podman build)
elif command -v docker >/dev/null; then
  builder=(docker build)
elif command -v buildah >/dev/null; then
  builder=(buildah bud --layers)
else
  echo "build: no podman, docker or buildah" >&2
  exit 1
fi
exec "${builder[@]}" "${options[@]}" -f "$recipe" -t "vqe_batch:$kind" "$root"
