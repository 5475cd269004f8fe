# shellcheck shell=bash
# Sourced: bare roots of Debian and Ubuntu, and programs run in them.
#
#   need_roots               status 77, with a word, where roots cannot be made
#   make_root SUITE FOLDER   a minimal system by debootstrap, from VQE_MIRROR or
#                            its own default, with the machine's own
#                            authorities for TLS
#   in_root FOLDER COMMAND...  run in it, in a mount namespace of its own, whose
#                            mounts are gone when the command ends: its /dev has
#                            nodes of its own, so that nothing in a root leads to
#                            the machine's
#   remove_root FOLDER       without going into other file systems

need_roots() {
  if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: only root can make roots"
    return 77
  fi
  if ! command -v debootstrap >/dev/null; then
    "$root/jobs/setup/packages.sh" images || {
      echo "skipped: debootstrap cannot be installed"
      return 77
    }
  fi
}

make_root() {
  local suite=$1 folder=$2
  mkdir -p "$(dirname "$folder")"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$folder" \
    ${VQE_MIRROR:+"$VQE_MIRROR"} >"$folder.log" 2>&1 || {
    tail -n 20 "$folder.log"
    return 1
  }
  if [ -d /usr/local/share/ca-certificates ]; then
    cp -r /usr/local/share/ca-certificates "$folder/usr/local/share/"
    in_root "$folder" update-ca-certificates >/dev/null 2>&1
  fi
  cp -L /etc/resolv.conf "$folder/etc/resolv.conf"
}

in_root() {
  local folder=$1
  shift
  # shellcheck disable=SC2016
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    unshare --mount --pid --fork --propagation private sh -c '
      root=$1
      shift
      mount -t proc proc "$root/proc" &&
        mount -t sysfs -o ro sysfs "$root/sys" &&
        mount -t tmpfs -o mode=755 tmpfs "$root/dev" || exit 125
      for node in null:3 zero:5 full:7 random:8 urandom:9; do
        mknod -m 666 "$root/dev/${node%:*}" c 1 "${node#*:}" || exit 125
      done
      mkdir "$root/dev/shm" "$root/dev/pts"
      mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" &&
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts" ||
        exit 125
      ln -s pts/ptmx "$root/dev/ptmx"
      ln -s /proc/self/fd "$root/dev/fd"
      exec chroot "$root" "$@"
    ' sh "$folder" "$@"
}

remove_root() {
  if [ -n "$1" ] && [ -d "$1" ]; then
    rm -rf --one-file-system "$1"
  fi
  rm -f "$1.log"
}
