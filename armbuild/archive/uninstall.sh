#!/bin/sh
# Removes what install.sh put: ./uninstall.sh [--plain DIR] [--purge]. Data and settings go only with --purge, music never.
set -eu

plain='' purge=''
while [ $# -gt 0 ]; do
  case $1 in
    --plain) plain=${2:?--plain wants a folder} && shift ;;
    --purge) purge=yes ;;
    *) echo "uninstall.sh: unknown: $1" >&2 && exit 1 ;;
  esac
  shift
done

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/service/forget-data.sh"

if [ -n "$plain" ]; then
  "$plain/tonearm" stop || true
  rm -rf "$plain/program" "$plain/tonearm" "$plain"/tonearm.log* "$plain/tonearm.pid"
  if [ -n "$purge" ]; then
    forget_data "$plain/data"
    rm -f "$plain/config.yaml" "$plain/user"
    rmdir "$plain" 2>/dev/null || true
  fi
elif [ "$(id -u)" -eq 0 ]; then
  systemctl disable --now tonearm.service 2>/dev/null || true
  rm -rf /opt/tonearm /usr/local/bin/tonearm /etc/systemd/system/tonearm.service /etc/sysusers.d/tonearm.conf \
    /etc/avahi/services/tonearm.service
  systemctl daemon-reload
  if [ -n "$purge" ]; then
    forget_data /var/lib/tonearm
    rm -rf /var/cache/tonearm /etc/tonearm /etc/default/tonearm
  fi
else
  systemctl --user disable --now tonearm.service 2>/dev/null || true
  rm -rf "$HOME/.local/lib/tonearm" "$HOME/.local/bin/tonearm" "$HOME/.config/systemd/user/tonearm.service"
  systemctl --user daemon-reload
  if [ -n "$purge" ]; then forget_data "${XDG_DATA_HOME:-$HOME/.local/share}/tonearm"; fi
fi
