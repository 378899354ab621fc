#!/bin/sh
# Installs Tonearm from this archive, or renews it; data and settings stay as they are.
#   sudo ./install.sh                        a service of the system, where systemd runs: /opt/tonearm
#   ./install.sh [--music DIR]               a service of yours, where systemd runs for you: ~/.local/lib/tonearm
#   ./install.sh --plain DIR [--music DIR]   everything in one folder, with a start script: NAS and others
#                [--user NAME]               whom it runs as, needed when root installs
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
plain='' music='' user=''
fail() {
  echo "install.sh: $*" >&2
  exit 1
}
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || fail "$1 wants a value, or is unknown; see the head of this file"
  case $1 in
    --plain) plain=$2 ;;
    --music) music=$2 ;;
    --user) user=$2 ;;
    *) fail "unknown: $1; see the head of this file" ;;
  esac
  shift 2
done
node=$here/bin/node
[ -x "$node" ] || node=$(command -v node) || fail 'this archive brings no Node.js: install version 20 or newer'
"$node" --version >/dev/null 2>&1 || fail 'Node.js does not run here: the C library is too old (glibc 2.28 is needed), or the architecture another. A container may still do: see README'

# put_program FOLDER: the new one whole beside the old one, then in its place.
put_program() {
  rm -rf "$1.new"
  mkdir -p "$1.new"
  for part in bin config dist node_modules src LICENSE README.md package.json; do
    if [ -e "$here/$part" ]; then cp -R "$here/$part" "$1.new"; fi
  done
  rm -rf "$1"
  mv "$1.new" "$1"
}

# put_settings FILE MUSIC: only where there are none.
put_settings() {
  if [ -e "$1" ]; then return 0; fi
  mkdir -p "$(dirname "$1")"
  sed "s|^music: .*|music: [${2:-/srv/music}]|" "$here/service/config.yaml" >"$1"
  chmod 640 "$1"
}

# await_start SYSTEMCTL...: it may end at once, for want of music or for a port that is taken; systemd told only that it began.
await_start() {
  sleep 2
  if "$@" is-active --quiet tonearm.service; then return 0; fi
  fail "installed, but it does not run; the reason: journal${1#system}${2:+ $2} -u tonearm -n 5"
}

install_system() {
  . "$here/service/account.sh"
  systemctl stop tonearm.service 2>/dev/null || true
  put_program /opt/tonearm
  chown -R root:root /opt/tonearm
  install -D -m 755 "$here/service/tonearm" /usr/local/bin/tonearm
  install -D -m 644 "$here/service/tonearm.service" /etc/systemd/system/tonearm.service
  install -D -m 644 "$here/service/tonearm.sysusers" /etc/sysusers.d/tonearm.conf
  make_user
  make_folders
  if [ ! -e /etc/tonearm/config.yaml ]; then
    put_settings /etc/tonearm/config.yaml "$music"
    guard_settings
    [ -n "$music" ] || make_music_folder
  fi
  if [ -d /etc/avahi/services ] && [ ! -e /etc/avahi/services/tonearm.service ]; then
    install -m 644 "$here/service/tonearm.avahi" /etc/avahi/services/tonearm.service
  fi
  systemctl daemon-reload
  systemctl enable --now tonearm.service
  await_start systemctl
  tell
}

install_user() {
  systemctl --user stop tonearm.service 2>/dev/null || true
  put_program "$HOME/.local/lib/tonearm"
  mkdir -p "$HOME/.local/bin" "$HOME/.config/systemd/user"
  ln -sf ../lib/tonearm/src/launch.sh "$HOME/.local/bin/tonearm"
  cp "$here/service/tonearm-user.service" "$HOME/.config/systemd/user/tonearm.service"
  data=${XDG_DATA_HOME:-$HOME/.local/share}/tonearm
  [ -d "$data" ] || mkdir -p -m 700 "$data"
  put_settings "$data/config.yaml" "${music:-$HOME/Music}"
  systemctl --user daemon-reload
  systemctl --user enable --now tonearm.service
  await_start systemctl --user
  echo "Tonearm runs: http://localhost:4533, user admin, password in $data/initial-admin-password.txt"
  echo "Settings: $data/config.yaml. So that it runs while you are logged out: sudo loginctl enable-linger $(id -un)"
}

install_plain() {
  if [ "$(id -u)" -eq 0 ] && [ -z "$user" ] && [ ! -s "$plain/user" ]; then
    fail 'name whom it shall run as, by --user NAME: Tonearm does not run as root'
  fi
  [ -n "$music$(cat "$plain/config.yaml" 2>/dev/null)" ] || fail 'name the music folder by --music DIR'
  mkdir -p "$plain/data"
  if [ -x "$plain/tonearm" ]; then "$plain/tonearm" stop; fi
  put_program "$plain/program"
  cp "$here/service/tonearm-plain" "$plain/tonearm"
  chmod 755 "$plain/tonearm"
  put_settings "$plain/config.yaml" "$music"
  if [ -n "$user" ]; then echo "$user" >"$plain/user"; fi
  if [ -s "$plain/user" ] && [ "$(id -u)" -eq 0 ]; then
    chown -R "$(cat "$plain/user")" "$plain/data" "$plain/config.yaml"
  fi
  "$plain/tonearm" start
  echo "At each start of the machine run: $plain/tonearm start"
}

if [ -n "$plain" ]; then
  install_plain
elif [ "$(id -u)" -eq 0 ] && [ -d /run/systemd/system ]; then
  install_system
elif [ "$(id -u)" -ne 0 ] && systemctl --user show-environment >/dev/null 2>&1; then
  install_user
else
  fail 'systemd does not run here, or not for you: install by --plain DIR --music DIR'
fi
