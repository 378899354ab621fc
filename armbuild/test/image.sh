# The container image, unpacked by umoci and run by runc or crun with its own settings: not root, root folder read-only.

# crun takes no mixture of both kinds of cgroups, as machines without systemd have it.
CGROUPS_BEFORE='[ -e /sys/fs/cgroup/cgroup.controllers ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec "$@"'
with_cgroups() { unshare --mount --propagation slave sh -c "$CGROUPS_BEFORE" sh "$@"; }

# test_images: those that were made; of another architecture under qemu.
test_images() {
  local arch
  expect 'an image was made' ls "$OUT"/tonearm-"$VERSION"-oci-*.tar
  for arch in $(ls "$OUT"/tonearm-"$VERSION"-oci-*.tar | sed 's/.*-oci-\(.*\)\.tar/\1/'); do test_image "$arch"; done
}

test_image() {
  local arch=$1 layout=$WORK/layout-$1 bundle=$WORK/bundle-$1 data=$WORK/image-data-$1 runtime
  say "the $arch image"
  case $arch in
    arm64) need qemu-aarch64-static qemu-user-static && emulate aarch64 ;;
    armhf) need qemu-arm-static qemu-user-static && emulate arm ;;
  esac
  mkdir -p "$layout" "$data"
  tar -xf "$OUT/tonearm-$VERSION-oci-$arch.tar" -C "$layout"
  expect 'umoci unpacks it' umoci unpack --image "$layout:$VERSION" "$bundle"
  expect 'its user is not root' grep -q '"uid": *1000' "$bundle/config.json"
  chown 1000:1000 "$data"
  node "$HERE/test/bundle.mjs" "$bundle/config.json" "$MUSIC" "$data"
  for runtime in runc crun; do
    rm -rf "${data:?}"/*
    (with_cgroups "$runtime" run --bundle "$bundle" "tonearm-$$" >"$WORK/image.log" 2>&1 || true) &
    node "$HERE/test/listen.mjs" http://127.0.0.1:4733 "$data/initial-admin-password.txt" 20 ||
      fail "the image does not serve under $runtime: $(tail -n 5 "$WORK/image.log")"
    expect "its health check holds under $runtime" with_cgroups "$runtime" exec "tonearm-$$" /opt/tonearm/container/healthy.sh
    expect 'it runs as 1000' with_cgroups "$runtime" exec "tonearm-$$" sh -c '[ "$(stat -c %u /proc/1)" = 1000 ]'
    refuse 'its root folder is read-only' with_cgroups "$runtime" exec --user 0 "tonearm-$$" touch /opt/x
    with_cgroups "$runtime" kill "tonearm-$$" TERM
    wait
    ok "stops under $runtime"
  done
  mkdir -p "$bundle/rootfs/data"
  chown 0:0 "$bundle/rootfs/data"
  chroot "$bundle/rootfs" env PUID=1026 PGID=100 TONEARM_MUSIC=/srv /opt/tonearm/container/entry.sh doctor >/dev/null 2>&1 || true
  expect 'started as root it becomes PUID and PGID' [ "$(stat -c %u:%g "$bundle/rootfs/data")" = 1026:100 ]
  refuse 'which may not be root' chroot "$bundle/rootfs" env PUID=0 /opt/tonearm/container/entry.sh doctor
}
