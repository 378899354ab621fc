# The archive: a service of the system, then everything in one folder without systemd, as on a NAS, then a user's service.

test_archive() {
  local root=$WORK/root-archive name=tonearm-$VERSION-linux-amd64 uid
  say 'the amd64 archive'
  make_root amd64 "$root" "$BOOTED,libpam-systemd"
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

  # As the words after the installation say. Without that, systemd ends that user's manager ten seconds after the last login,
  # and the start script's `su` was one.
  uid=$(inside id -u listener)
  expect 'its services outlast a login' inside loginctl enable-linger listener
  until_true 'a manager of that user runs' inside systemctl is-active --quiet "user@$uid.service"
  as_listener() { inside runuser -u listener -- env HOME=/home/listener XDG_RUNTIME_DIR="/run/user/$uid" "$@"; }
  inside cp -R "/root/$name" /home/listener/unpacked
  inside cp /root/test/listen.mjs /home/listener/unpacked
  inside chown -R listener /home/listener/unpacked
  refuse 'without the music it does not say that it runs' as_listener /home/listener/unpacked/install.sh --music /srv/nowhere
  inside rm -r /home/listener/.local/share/tonearm
  expect 'a service of the user installs' as_listener /home/listener/unpacked/install.sh --music /srv/music
  until_true 'it answers' answers
  expect 'as that user' runs_as listener
  expect 'its commands reach it' as_listener /home/listener/.local/bin/tonearm scan
  as_listener /home/listener/.local/lib/tonearm/bin/node /home/listener/unpacked/listen.mjs "http://127.0.0.1:$SERVICE_PORT" /home/listener/.local/share/tonearm/initial-admin-password.txt 20 ||
    fail 'the service of the user does not serve'
  expect 'installing again renews it' as_listener /home/listener/unpacked/install.sh
  until_true 'it answers' answers
  expect 'it is removed' as_listener /home/listener/unpacked/uninstall.sh --purge
  refuse 'nothing answers' answers
  expect 'nothing of it stays' inside sh -c '! ls -d /home/listener/.local/lib/tonearm /home/listener/.local/share/tonearm /home/listener/.local/bin/tonearm 2>/dev/null'
  halt
}
