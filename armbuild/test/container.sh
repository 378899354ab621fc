# A Debian root, booted with its own systemd by systemd-nspawn, so that units and maintainer scripts run as on a machine.
# Without a network: what is tried there talks to itself.

SUITE=${ARMBUILD_SUITE:-trixie}
# What a root needs to boot, and the package to install.
BOOTED=systemd,systemd-sysv,dbus,iproute2,passwd

# make_root ARCH FOLDER PACKAGES: unpacked from an archive that is made once a day.
make_root() {
  local arch=$1 folder=$2 packages=$3 archive
  archive=$CACHE/root-$SUITE-$arch-$(printf %s "$packages" | sha256sum | cut -c 1-8).tar
  if [ ! -s "$archive" ] || [ -n "$(find "$archive" -mtime +0)" ]; then
    mmdebstrap --quiet --variant=apt --arch="$arch" --include="$packages" "$SUITE" "$archive.new.tar" "$DEBIAN_MIRROR"
    mv "$archive.new.tar" "$archive"
  fi
  mkdir -p "$folder"
  tar -xf "$archive" -C "$folder" --exclude='./dev/*'
}

# boot ROOT: sets LEADER, the process to enter.
boot() {
  local root=$1 name try
  name=armbuild-$$
  unshare --mount --propagation slave sh -c '
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    exec systemd-nspawn --keep-unit --register=no --quiet --boot --directory="$1" --machine="$2" --private-network
  ' sh "$root" "$name" >"$WORK/boot.log" 2>&1 </dev/null &
  NSPAWN=$!
  for try in $(seq 120); do
    sleep 0.5
    LEADER=$(pgrep --parent "$NSPAWN" --exact systemd || true)
    [ -n "$LEADER" ] || continue
    case $(inside systemctl is-system-running 2>/dev/null) in running | degraded) break ;; esac
    [ "$try" -lt 120 ] || fail "the container does not start: $(tail -n 3 "$WORK/boot.log")"
  done
  inside ip link set lo up
}

inside() { nsenter --target "$LEADER" --all -- "$@"; }

halt() {
  [ -n "${LEADER:-}" ] || return 0
  # From outside: the shutdown stops what runs inside, and a stopped nsenter would hold it up.
  kill -s RTMIN+4 "$LEADER" 2>/dev/null || true
  wait "$NSPAWN" 2>/dev/null || true
  LEADER=
}
