# The service's user and folders, for the package and the archive alike. Sourced, or pasted into postinst.

make_user() {
  if getent passwd tonearm >/dev/null; then return 0; fi
  if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers tonearm.conf
  else
    useradd --system --user-group --home-dir /var/lib/tonearm --no-create-home --shell /usr/sbin/nologin \
      --comment 'Tonearm music server' tonearm
  fi
}

make_folders() {
  for folder in /var/lib/tonearm /var/cache/tonearm; do
    [ -d "$folder" ] || install -d -m 700 -o tonearm -g tonearm "$folder"
  done
}

# Settings may hold secrets. At the first installation only: later an administrator may have meant other rights.
guard_settings() {
  if [ -f /etc/tonearm/config.yaml ]; then
    chgrp tonearm /etc/tonearm/config.yaml
    chmod 640 /etc/tonearm/config.yaml
  fi
}

# Where the settings point at first: a folder that everyone of the group users can fill. Removed only by people.
make_music_folder() {
  [ -e /srv/music ] || install -d -m 2775 -g users /srv/music
}

tell() {
  name=$(hostname 2>/dev/null || echo localhost)
  address=$(hostname -I 2>/dev/null | cut -d ' ' -f 1)
  others=
  # Avahi answers for this name, whatever address the machine gets.
  if [ -S /run/avahi-daemon/socket ]; then others=" or http://${name%%.*}.local:4533"; fi
  cat <<EOF

  Tonearm serves the music in /srv/music; other folders and settings: /etc/tonearm/config.yaml

  Address for your client:  http://${address:-localhost}:4533$others
  User:                     admin
  Password:                 sudo cat /var/lib/tonearm/initial-admin-password.txt

EOF
  [ -d /run/systemd/system ] || echo '  systemd does not run here: start it by hand with "tonearm serve".'
}
