#!/usr/bin/env bash
# The composition of containers is whole: docker-compose reads it with secrets
# made anew, and each file, image and folder that it names is there; secrets
# are kept out of it. With VQE_TEST_IMAGE=1 (root, ten minutes) the CPU image
# is built by buildah on a base of debootstrap, and computes H2 in it.
# Exit status 77: no docker-compose can be installed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if ! command -v docker-compose >/dev/null; then
  "$root/jobs/setup/packages.sh" compose || {
    echo "skipped: docker-compose cannot be installed"
    exit 77
  }
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/jobs"
cp -r "$root/jobs/containers" "$root/jobs/connect" "$root/jobs/monitoring" \
  "$folder/jobs/"
rm -f "$folder/jobs/containers/.env"

fail() {
  echo "FAILED: $*"
  exit 1
}

cd "$folder/jobs/containers"
if docker-compose config >config 2>errors; then
  fail "it is read without secrets"
fi
grep -q 'secrets.sh' errors || fail "the remedy is not named: $(cat errors)"
./secrets.sh
[ "$(stat -c %a .env)" = 600 ] || fail "others may read .env"
cp .env before
./secrets.sh
cmp -s .env before || fail "secrets are made anew over those that are there"
docker-compose config >config
for service in kafka registry garage connect vqe_batch spark airflow prometheus \
  pushgateway; do
  grep -q "^  $service:\$" config || fail "no service $service"
done
# all ports on loopback
if ! grep -qE '^    - 127.0.0.1:9090:9090/tcp$' config ||
  grep -E '^    - .*/(tcp|udp)$' config | grep -v ' 127.0.0.1:'; then
  fail "a port is open to others"
fi
sed -n 's/^ *- \(\.[^:]*\):.*/\1/p; s/.*\["\(\.[^:]*\):.*/\1/p' compose.yaml |
  while read -r path; do
    [ -e "$path" ] || fail "$path is named and is not there"
  done
sed -n 's/^ *dockerfile: //p' compose.yaml | while read -r path; do
  [ -f "$root/$path" ] || fail "$path is named and is not there"
done
grep -oE '[0-9a-f]{40,}' .env | while read -r secret; do
  ! grep -rq --exclude=.env --exclude=before --exclude=config "$secret" . ||
    fail "a secret stands in another file"
done
echo "composition: passed"

if [ "${VQE_TEST_IMAGE:-}" = 1 ]; then
  export VQE_BUILD_OPTIONS="--isolation chroot"
  "$root/jobs/containers/build_image.sh" --debootstrap cpu
  container=$(buildah from vqe_batch:cpu)
  buildah run --isolation chroot "$container" -- sh -c '
    echo "{\"molecules\": [{\"symbols\": [\"H\", \"H\"],
           \"coords\": [[0, 0, 0], [0, 0, 0.7414]]}]}" >/tmp/h2.json
    cd /tmp && mpirun -np 2 vqe_batch h2.json &&
    vqe_lake query "SELECT total_energy FROM ml_run_summary" -w h2.warehouse' |
    tee "$folder/said"
  buildah rm "$container" >/dev/null
  grep -q -- '-1.13727017' "$folder/said" || fail "the energy of H2"
  echo "image: passed"
fi
