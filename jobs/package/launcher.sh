#!/bin/sh
# Starts the program of its own name from a bundle of vqe_batch, wherever the
# bundle lies, with Open MPI of the bundle or of the machine.
#
# VQE_MPI  own: that of the bundle; system: that of the machine, whose libmpi.so
#          the loader must find (module load). Else own, but for ranks that an
#          mpirun of the machine has started.
self=$(readlink -f -- "$0")
name=${self##*/}
top=${self%/bin/*}
home=$top/lib/vqe_batch
mpi=$home/openmpi

# without it, Open MPI loads plugins from below the current folder
export HOME="${HOME:-/nonexistent}"

say() {
  echo "$name: $*" >&2
}

if [ "$(uname -m)" = x86_64 ] && [ -f "$home/march" ] &&
  [ -r /proc/cpuinfo ] && ! grep -qw avx2 /proc/cpuinfo; then
  say "this bundle is for processors with AVX2 ($(cat "$home/march"));" \
    "build from source on this machine"
  exit 2
fi

# programs of other distributions keep the authorities that they trust elsewhere
if [ ! -e /etc/ssl/certs/ca-certificates.crt ] && [ -z "${SSL_CERT_FILE:-}" ]; then
  for file in /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
    /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/ssl/cert.pem; do
    if [ -r "$file" ]; then
      export SSL_CERT_FILE="$file"
      break
    fi
  done
fi

if [ "$name" = vqe_lake ]; then
  exec "$home/$name" "$@"
fi

has_system_mpi() {
  ! LD_TRACE_LOADED_OBJECTS=1 "$home/vqe_batch" 2>/dev/null |
    grep -q 'libmpi\.so[.0-9]* => not found'
}

which_mpi() {
  case ${VQE_MPI:-} in
    own | system) echo "$VQE_MPI" ;;
    '')
      if [ ! -d "$mpi" ]; then
        echo system
      elif [ "$name" != mpirun ] && [ "${OPAL_PREFIX:-}" != "$mpi" ] &&
        [ -n "${OMPI_COMM_WORLD_SIZE:-}${PMIX_RANK:-}" ] && has_system_mpi; then
        echo system
      else
        echo own
      fi
      ;;
    *)
      say "VQE_MPI is own or system, not '$VQE_MPI'"
      echo none
      ;;
  esac
}

choice=$(which_mpi)
case $choice in
  own)
    if [ ! -d "$mpi" ]; then
      say "this bundle has no MPI of its own; VQE_MPI=system"
      exit 2
    fi
    # settings of another Open MPI that a module has loaded would lead there
    unset OPAL_BINDIR OPAL_DATADIR OPAL_PKGDATADIR OPAL_PKGLIBDIR OPAL_LIBDIR
    export OPAL_PREFIX="$mpi" OPAL_SYSCONFDIR="$mpi/etc" \
      PMIX_INSTALL_PREFIX="$mpi/pmix" PMIX_LIBDIR="$mpi/pmix/lib"
    # hwloc would load plugins of the machine, built for another version of it
    export HWLOC_PLUGINS_PATH="$mpi/lib/hwloc"
    export LD_LIBRARY_PATH="$mpi/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    ;;
  system)
    if [ "$name" = mpirun ]; then
      # the next one on the path
      IFS=:
      for folder in $PATH; do
        if [ -x "$folder/mpirun" ] &&
          [ "$(readlink -f -- "$folder/mpirun")" != "$self" ]; then
          exec "$folder/mpirun" "$@"
        fi
      done
      say "there is no other mpirun on PATH (VQE_MPI=system)"
      exit 2
    fi
    if ! has_system_mpi; then
      say "the loader finds no Open MPI 4 or 5 (libmpi.so.40) on this machine:" \
        "load its module, or take the bundle's own by VQE_MPI=own and its mpirun"
      exit 2
    fi
    ;;
  *) exit 2 ;;
esac

if [ "$name" = mpirun ]; then
  # it would end where there is no way to another machine, also when it needs none
  if [ -z "${OMPI_MCA_plm:-}" ] && ! command -v ssh >/dev/null &&
    ! command -v rsh >/dev/null; then
    export OMPI_MCA_plm=^rsh
  fi
  exec "$mpi/bin/orterun" "$@"
fi
exec "$home/$name" "$@"
