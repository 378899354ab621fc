#!/bin/sh
# supervise.sh PROGRAM ARGUMENT...: runs the server and stays beside it where systemd does not. A plugin that loops lets nothing
# else run in that process, no signal handler either; so this passes signals on, ends a server that stands still, and starts it
# again. Two shells and a `sleep`, together a third of a megabyte; a second Node would take a hundred times as much.
#
# The server tells of itself by a file in memory, see src/cli/launcher-beat.ts: written every few seconds while its loop
# turns, it holds how long a plugin may stand there, and the folder in which the name of the plugin lies that runs.
set -u

# How often the server is started again within an hour.
RESTARTS=5
# Seconds for a first sign of life after somebody asked it to stop, and how many such times without a plugin's name.
STOP_SECONDS=3
STOP_ROUNDS=3
# Looks into one limit, and how many limits without a plugin's name: that may be work of the server's own.
ROUNDS=4
NAMELESS=3

beat=
for folder in "${XDG_RUNTIME_DIR:-}" /dev/shm; do
  if [ -n "$folder" ] && beat=$(mktemp "$folder/tonearm-beat.XXXXXX" 2>/dev/null); then break; fi
  beat=
done
# Without memory to write to there is nothing to look at.
[ -n "$beat" ] || exec "$@"
export TONEARM_LAUNCHER_FILE="$beat"
mark=$beat.mark ended=$beat.ended life=$beat.life server= watcher= asked= restarts=0 since=0

say() {
  # Over a progress bar that nobody takes away any more.
  if [ -t 2 ]; then printf '\r\033[K' >&2; fi
  echo "tonearm: $*" >&2
}

clean() { rm -f "$beat" "$mark" "$ended" "$life"; }

# The server reads its end of this pipe and ends at once when this shell is killed, as it did when it was killed itself.
if mkfifo -m 600 "$life" 2>/dev/null; then exec 9<>"$life"; else exec 9>/dev/null; fi

# Stopped by somebody, held by a debugger, or waiting for a disk: none of it is a loop.
is_held() {
  line=
  { read -r line <"/proc/$server/stat"; } 2>/dev/null
  case ${line##*) } in [TtD]*) return 0 ;; esac
  return 1
}

# watch SECONDS ROUNDS NAMELESS_ROUNDS: looks every so many seconds (0: as the server tells), and ends a server that has been
# without a beat for that many looks.
watch() {
  stood=0 nap=
  trap '[ -z "$nap" ] || kill "$nap" 2>/dev/null; exit 0' TERM
  while :; do
    limit= where=
    { read -r limit where <"$beat"; } 2>/dev/null
    case $limit in '' | *[!0-9]*) limit= ;; esac
    step=$1
    if [ "$step" -eq 0 ]; then step=$(((${limit:-4} + ROUNDS - 1) / ROUNDS)); fi
    if [ "$step" -eq 0 ]; then step=60; fi
    : >"$mark"
    sleep "$step" &
    nap=$!
    wait "$nap"
    nap=
    if ! kill -0 "$$" 2>/dev/null; then kill -9 "$server" 2>/dev/null; fi
    if ! kill -0 "$server" 2>/dev/null; then break; fi
    # It has not begun to tell, it never does (a debugger), or it is not to be ended by itself.
    if [ -z "$limit" ] || { [ "$1" -eq 0 ] && [ "$limit" -eq 0 ]; }; then continue; fi
    if [ "$beat" -nt "$mark" ] || is_held; then
      stood=0
      continue
    fi
    stood=$((stood + 1))
    who=
    { read -r who <"$where/plugin"; } 2>/dev/null
    case $who in *[!a-z0-9-]*) who= ;; esac
    if [ -n "$who" ]; then
      if [ "$stood" -lt "$2" ]; then continue; fi
      what="the plugin $who has let nothing else run for $((stood * step)) seconds"
    else
      if [ "$stood" -lt "$3" ]; then continue; fi
      what="nothing has run for $((stood * step)) seconds, and no plugin is known for it"
    fi
    echo "the server hangs: $what. It is ended." >"$ended"
    { echo "$who" >"$where/hung"; } 2>/dev/null
    kill -9 "$server"
    break
  done
  # Whoever started this shell has ended it the hard way.
  if ! kill -0 "$$" 2>/dev/null; then clean; fi
  exit 0
}

# Whoever reads the server's output waits for none of these.
rewatch() {
  if [ -n "$watcher" ]; then kill "$watcher" 2>/dev/null; fi
  (
    exec </dev/null >/dev/null 2>&1 9>&-
    watch "$@"
  ) &
  watcher=$!
}

# The signal goes on as one that the server knows to be ours: a terminal has told it already.
stop() {
  if [ -z "$asked" ]; then
    asked=$1
    if [ -n "$server" ]; then rewatch "$STOP_SECONDS" 1 "$STOP_ROUNDS"; fi
  fi
  if [ -n "$server" ]; then kill -USR2 "$server" 2>/dev/null; fi
}

finish() {
  if [ -n "$watcher" ]; then kill "$watcher" 2>/dev/null; fi
  clean
  exit "$1"
}

trap 'stop 2' INT
trap 'stop 15' TERM
trap 'asked=1; [ -z "$server" ] || kill -HUP "$server" 2>/dev/null' HUP
trap '[ -z "$server" ] || kill -USR1 "$server" 2>/dev/null' USR1

while :; do
  if [ -n "$asked" ]; then finish $((128 + asked)); fi
  rm -f "$ended"
  : >"$beat"
  "$@" 9>&- &
  server=$!
  rewatch 0 "$ROUNDS" $((ROUNDS * NAMELESS))
  while :; do
    wait "$server"
    code=$?
    # A signal of ours ends the waiting too.
    kill -0 "$server" 2>/dev/null || break
  done
  server=
  if [ -s "$ended" ]; then say "$(cat "$ended")"; fi
  # Ended by a signal before it could hear of it, or by the watch while it was to stop.
  if [ -n "$asked" ] && [ "$code" -gt 128 ]; then finish $((128 + asked)); fi
  if [ -n "$asked" ] || [ ! -e "$ended" ]; then finish "$code"; fi
  now=$(date +%s)
  if [ $((now - since)) -gt 3600 ]; then since=$now restarts=0; fi
  restarts=$((restarts + 1))
  if [ "$restarts" -gt "$RESTARTS" ]; then
    say "the server hung $restarts times within an hour and stays off. \`tonearm plugin disable NAME\` leaves a plugin out."
    finish 1
  fi
  say 'the server is started again.'
done
