# The archive: a service of the system, then everything in one folder without systemd, as on a NAS.

test_archive() {
  local root=$WORK/root-archive name=tonearm-$VERSION-linux-amd64
  say 'the amd64 archive'
  make_root amd64 "$root" "$BOOTED"
  mkdir -p "$root/root/test"
  cp "$HERE/test/listen.mjs" "$root/root/test"
  tar -xJf "$OUT/$name.tar.xz" -C "$root/root"
  boot "$root"
  expect 'a system service installs' inside "/root/$name/install.sh"
  cp -R "$MUSIC/." "$root/srv/music"
  until_true 'it answers' answers
  expect 'a scan is done when asked for' inside tonearm scan
  inside "${LISTEN[@]}" || fail 'the installed archive does not serve'
  expect 'installing again renews it' inside "/root/$name/install.sh"
  until_true 'it answers' answers
  expect 'it is removed' inside "/root/$name/uninstall.sh" --purge
  refuse 'nothing answers' answers
  expect 'nothing of it stays but music' inside sh -c '! ls -d /var/lib/tonearm /etc/tonearm /opt/tonearm 2>/dev/null && [ -d /srv/music ]'

  expect 'a user is there' inside useradd --create-home listener
  expect 'root must name a user' inside sh -c "! '/root/$name/install.sh' --plain /srv/tonearm --music /srv/music"
  expect 'one folder installs' inside "/root/$name/install.sh" --plain /srv/tonearm --music /srv/music --user listener
  until_true 'it answers' answers
  expect 'as that user' runs_as listener
  inside /srv/tonearm/program/bin/node /root/test/listen.mjs "http://127.0.0.1:$SERVICE_PORT" /srv/tonearm/data/initial-admin-password.txt 20 || fail 'the folder does not serve'
  expect 'its commands reach it' inside /srv/tonearm/tonearm scan
  expect 'installing again renews it' inside "/root/$name/install.sh" --plain /srv/tonearm
  until_true 'it answers' answers
  expect 'it stops' inside /srv/tonearm/tonearm stop
  refuse 'nothing answers' answers
  expect 'it is removed' inside "/root/$name/uninstall.sh" --plain /srv/tonearm --purge
  refuse 'nothing of it stays' inside test -e /srv/tonearm
  halt
}
