# Another architecture's tree under qemu, with the libraries of its Debian and nothing else of it.

# emulate CPU: registers qemu for that processor's programs, if nobody has; for as long as the tests run.
emulate() {
  local cpu=$1 entries=/proc/sys/fs/binfmt_misc
  [ -e "$entries/register" ] || mount -t binfmt_misc binfmt_misc "$entries"
  if [ ! -e "$entries/qemu-$cpu" ]; then
    grep -v '^#' "/usr/lib/binfmt.d/qemu-$cpu.conf" >"$entries/register"
    EMULATED=$entries/qemu-$cpu
  fi
}

# test_foreign ARCH QEMU_CPU PACKAGES
test_foreign() {
  local arch=$1 cpu=$2 packages=$3 root=$WORK/root-$1 port=4633 link rss
  say "the $arch tree under qemu-$cpu-static"
  emulate "$cpu"
  mkdir -p "$root"
  # Unpacked only: no script of Debian's runs, which would take an hour.
  mmdebstrap --quiet --variant=extract --arch="$arch" --include="$packages" "$SUITE" "$root" "$DEBIAN_MIRROR"
  for link in bin sbin lib; do [ -e "$root/$link" ] || ln -s "usr/$link" "$root/$link"; done
  dpkg-deb --extract "$OUT/tonearm_${VERSION}_$arch.deb" "$root"
  mkdir -p "$root/data" "$root/music" "$root/dev" "$root/proc"
  cp -R "$MUSIC/." "$root/music"
  mount --bind /dev "$root/dev" && mount -t proc proc "$root/proc"
  chown 1000:1000 "$root/data"
  expect 'uWebSockets.js loads' chroot "$root" /usr/bin/env sh -c 'node=/opt/tonearm/bin/node; [ -x $node ] || node=node; cd /opt/tonearm && exec $node -e "import(\"uWebSockets.js\").then(({ App }) => App())"'
  chroot --userspec=1000:1000 "$root" /usr/bin/env HOME=/data /opt/tonearm/src/launch.sh serve --data /data --music /music \
    --host 127.0.0.1 --port "$port" --set log.format=json >"$WORK/foreign.log" 2>&1 &
  FOREIGN=$!
  node "$HERE/test/listen.mjs" "http://127.0.0.1:$port" "$root/data/initial-admin-password.txt" 20 ||
    fail "the $arch tree does not serve: $(tail -n 5 "$WORK/foreign.log")"
  rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$FOREIGN/status")
  ok "memory: $((rss / 1024)) MB with qemu"
  kill "$FOREIGN"
  wait "$FOREIGN" || fail "it did not stop well: $(tail -n 5 "$WORK/foreign.log")"
  FOREIGN=
  ok 'stops'
  umount "$root/dev" "$root/proc"
}

# test_foreign_install ARCH CPU PACKAGES: the package's own scripts under qemu, in a root whose systemd does not run.
test_foreign_install() {
  local arch=$1 cpu=$2 packages=$3 root=$WORK/root-$1-installed now=tonearm_${VERSION}_$1.deb
  say "the $arch package installed under qemu-$cpu-static"
  emulate "$cpu"
  mmdebstrap --quiet --variant=essential --arch="$arch" --include="passwd,$packages" "$SUITE" "$root" "$DEBIAN_MIRROR"
  cp "$OUT/$now" "$root/root"
  expect 'it installs, and tells where the password lies' bash -o pipefail -c 'chroot "$1" dpkg --install "$2" | grep initial-admin-password.txt' bash "$root" "/root/$now"
  expect 'its user is there' chroot "$root" getent passwd tonearm
  expect 'its folders are that one'"'"'s' chroot "$root" sh -c '[ "$(stat -c %U:%a /var/lib/tonearm)" = tonearm:700 ] && [ -d /srv/music ]'
  expect 'its command runs' chroot "$root" tonearm --version
  expect 'it installs again' chroot "$root" dpkg --install "/root/$now"
  expect 'it is removed' chroot "$root" dpkg --remove tonearm
  expect 'data and settings stay' chroot "$root" sh -c '[ -d /var/lib/tonearm ] && [ -s /etc/tonearm/config.yaml ]'
  expect 'it is purged' chroot "$root" dpkg --purge tonearm
  expect 'nothing of it stays' chroot "$root" sh -c '! ls -d /var/lib/tonearm /var/cache/tonearm /etc/tonearm /opt/tonearm /usr/bin/tonearm 2>/dev/null'
}
