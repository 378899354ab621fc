# The amd64 package as a new user has it: installed, listened to, upgraded from the former commit's, refused as a downgrade,
# removed, purged.

SERVICE_PORT=4533
LISTEN=(/opt/tonearm/bin/node /root/test/listen.mjs "http://127.0.0.1:$SERVICE_PORT" /var/lib/tonearm/initial-admin-password.txt 20)

answers() { inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/4533 && printf "GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" >&3 && grep -q "200" <&3'; }
state_is() { [ "$(inside systemctl show tonearm.service --property "$1" --value)" = "$2" ]; }
runs_as() {
  [ "$(inside sh -c 'for process in /proc/[0-9]*; do case $(readlink "$process/exe") in */node) stat -c %U "$process" ;; esac; done | sort -u')" = "$1" ]
}
counts_songs() { inside sh -c 'tonearm doctor 2>/dev/null | grep -q ", 20 songs"'; }

# former_package FILE: built by the former commit's own scripts, or by these from its sources where it had none.
former_package() {
  local clone=$WORK/former kept
  kept=$CACHE/former-$(git -C "$ROOT" rev-parse HEAD~1).deb
  if [ -f "$kept" ]; then
    cp "$kept" "$1"
    return 0
  fi
  git clone --quiet --no-hardlinks "$ROOT" "$clone"
  git -C "$clone" checkout --quiet HEAD~1
  [ -d "$clone/armbuild" ] || cp -R "$HERE" "$clone/armbuild"
  ARMBUILD_OUT=$WORK/former-out ARMBUILD_VERSION_SUFFIX='~former' ARMBUILD_XZ_LEVEL=0 ARMBUILD_ONLY=deb "$clone/armbuild/build.sh" amd64 >/dev/null
  cp "$WORK"/former-out/*.deb "$kept"
  mv "$WORK"/former-out/*.deb "$1"
}

# future_package FILE: this one with one more migration, as a later version would have.
future_package() {
  local clone=$WORK/future root=$WORK/future-root
  mkdir -p "$clone"
  cp -R "$ROOT"/{package.json,package-lock.json,src,plugins} "$clone"
  ln -s "$ROOT/node_modules" "$clone/node_modules"
  sed -i "/^export const MIGRATIONS/,/^\]/ s/^\]/  ['CREATE TABLE of_the_future (x)'],\n]/" "$clone/src/db/migrate.ts"
  expect 'a later version builds' node "$clone/src/build.mjs" --force
  dpkg-deb --raw-extract "$OUT/tonearm_${VERSION}_amd64.deb" "$root"
  rm -rf "$root/opt/tonearm/dist" "$clone/dist/.stamp"
  cp -R "$clone/dist" "$root/opt/tonearm/dist"
  sed -i "s/^Version: .*/Version: $VERSION+future/" "$root/DEBIAN/control"
  dpkg-deb --root-owner-group -Znone --build "$root" "$1" >/dev/null
}

test_package() {
  local root=$WORK/root-amd64 now=$OUT/tonearm_${VERSION}_amd64.deb
  say 'the amd64 package in a booted root'
  make_root amd64 "$root" "$BOOTED"
  mkdir -p "$root/root/test" "$root/srv/music"
  cp "$HERE/test/listen.mjs" "$root/root/test"
  cp "$now" "$root/root/now.deb"
  former_package "$root/root/former.deb"
  future_package "$root/root/future.deb"
  boot "$root"

  expect 'the former package installs' inside dpkg --install /root/former.deb
  until_true 'it answers' answers
  cp -R "$MUSIC/." "$root/srv/music"
  until_true 'the music is found by itself' counts_songs
  inside "${LISTEN[@]}" || fail 'the former package does not serve'
  expect 'a setting is changed' inside sed -i 's/^  #watchWait: 5s/  watchWait: 6s/' /etc/tonearm/config.yaml

  expect 'the upgrade installs' inside dpkg --install /root/now.deb
  until_true 'it answers' answers
  expect 'the library is still there' counts_songs
  expect 'the changed setting stays' inside grep -q '^  watchWait: 6s' /etc/tonearm/config.yaml
  inside "${LISTEN[@]}" || fail 'the upgraded package does not serve'
  expect 'it runs as its own user' runs_as tonearm
  expect 'nothing of root lies in its folders' inside sh -c '[ -z "$(find /var/lib/tonearm /var/cache/tonearm ! -user tonearm)" ]'
  expect 'the unit scores under 2.0' inside sh -c 'systemd-analyze security tonearm | tail -n 1 | grep -qE "level for [^ ]+: [01]\.[0-9]"'

  expect 'a later version installs' inside dpkg --install /root/future.deb
  until_true 'it answers' answers
  expect 'the database was copied before' inside sh -c 'ls -d /var/lib/tonearm/before-upgrade-*'
  expect 'the older version installs over it' inside dpkg --force-downgrade --install /root/now.deb
  until_true 'and refuses the newer database with exit 65' state_is ExecMainStatus 65
  expect 'systemd leaves it at that' state_is ActiveState failed
  expect 'the journal names the copy' inside sh -c 'journalctl --unit tonearm | grep -q "tonearm restore /var/lib/tonearm/before-upgrade-"'
  expect 'which goes back' inside sh -c 'tonearm restore /var/lib/tonearm/before-upgrade-*'
  expect 'it starts' inside systemctl restart tonearm
  until_true 'it answers' answers
  expect 'the library is still there' counts_songs

  expect 'it is removed' inside dpkg --remove tonearm
  refuse 'nothing answers' answers
  expect 'data and settings stay' inside sh -c '[ -s /var/lib/tonearm/tonearm.db ] && [ -s /etc/tonearm/config.yaml ]'
  refuse 'the program does not' inside test -e /opt/tonearm
  expect 'it installs again' inside dpkg --install /root/now.deb
  until_true 'it answers' answers
  expect 'with the library' counts_songs
  expect 'it is purged, asking nothing' inside dpkg --purge tonearm
  expect 'nothing of it stays' inside sh -c '! ls -d /var/lib/tonearm /var/cache/tonearm /etc/tonearm /opt/tonearm /usr/bin/tonearm /etc/avahi/services/tonearm.service /etc/systemd/system/*.wants/tonearm.service 2>/dev/null'
  expect 'the music does' inside test -s '/srv/music/Blue Album/01.flac'
  halt
}
