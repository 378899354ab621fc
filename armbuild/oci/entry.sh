#!/bin/sh
# Starts Tonearm in a container: music in /music, everything of its own in /data. Started as root (for a NAS, whose
# shares belong to whom they belong), it becomes PUID and PGID first; the program itself never runs as root.
set -eu

export TONEARM_MUSIC="${TONEARM_MUSIC:-/music}" STATE_DIRECTORY=/data CACHE_DIRECTORY=/data/cache HOME=/data
export TONEARM_LOG_FORMAT="${TONEARM_LOG_FORMAT:-json}"
program=/opt/tonearm/src/launch.sh

if [ "$(id -u)" -ne 0 ]; then
  if [ -n "${PUID:-}" ] && [ "$PUID" != "$(id -u)" ]; then
    echo "tonearm: PUID is $PUID, but the container was started as $(id -u): start it as root (user: \"0:0\")" >&2
  fi
  exec "$program" "$@"
fi
uid=${PUID:-1000} gid=${PGID:-1000}
if [ "$uid" -eq 0 ]; then
  echo 'tonearm: PUID must not be 0: Tonearm does not run as root' >&2
  exit 78
fi
# A new volume belongs to root; one in use is right, or whoever moved it knows why.
if [ "$(stat -c %u /data)" -eq 0 ]; then chown -R "$uid:$gid" /data; fi
exec setpriv --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs -- "$program" "$@"
