#!/bin/sh
# supervise.sh PROGRAM ARGUMENT...: runs the server and stays beside it where systemd does not. A plugin that loops lets nothing
# else run in that process, no signal handler either; so this passes signals on, ends a server that stands still, and starts it
# again. Two shells and a `sleep`, together a third of a megabyte; a second Node would take a hundred times as much.
#
# The server tells of itself by a file in memory, see src/cli/launcher-beat.ts: written every few seconds while its loop
# turns, it holds how long a plugin may stand there, and the folder in which the name of the plugin lies that runs.
set -u

# How often the server is started again within an hour, or within sixty limits where these are longer.
RESTARTS=5
# Looks after somebody asked it to stop: seconds, and how many without a sign of life, with and without a plugin's name.
STOP_SECONDS=5
STOP_ROUNDS=2
STOP_NAMELESS=3
# Looks into one limit, and how many limits without a plugin's name: that may be work of the server's own.
ROUNDS=4
NAMELESS=3

folder= server= watched= watcher= asked= asked_at=0 insisted= restarts=0 since=0

say() {
  # Over a progress bar that nobody takes away any more.
  if [ -t 2 ]; then printf '\r\033[K' >&2; fi
  echo "tonearm: $*" >&2
}

clean() { [ -z "$folder" ] || rm -rf "$folder"; }

# A private folder in memory. What lies there is used by descriptors, which hold when somebody empties it, as a logout may:
# 6 what the watch said when it ended the server, 7 the time of the last look, 8 the server's signs of life. The server reads its
# end of the pipe 9, and ends at once when this shell is killed, as it did when it was killed itself.
open_folder() {
  for parent in /dev/shm "${XDG_RUNTIME_DIR:-}"; do
    case $([ -z "$parent" ] || stat -f -c %T "$parent" 2>/dev/null) in tmpfs | ramfs) ;; *) continue ;; esac
    folder=$(mktemp -d "$parent/tonearm-beat.XXXXXX" 2>/dev/null) || folder=
    if [ -n "$folder" ] && mkfifo -m 600 "$folder/beat.life" 2>/dev/null &&
      { true >"$folder/ended" && true >"$folder/mark" && true >"$folder/beat"; } 2>/dev/null; then
      exec 6<>"$folder/ended" 7<>"$folder/mark" 8<>"$folder/beat" 9<>"$folder/beat.life"
      export TONEARM_LAUNCHER_FILE="$folder/beat"
      if [ -e /proc/self/fd/8 ]; then return 0; fi
    fi
    clean
    folder=
  done
  unset TONEARM_LAUNCHER_FILE
  return 1
}

# Stopped by somebody, held by a debugger, or waiting for a disk: none of it is a loop.
is_held() {
  line=
  { read -r line <"/proc/$server/stat"; } 2>/dev/null
  case ${line##*) } in [TtD]*) return 0 ;; esac
  return 1
}

# How many seconds a plugin may stand there, and the folder with its name.
read_beat() {
  limit= where=
  { read -r limit where </proc/self/fd/8; } 2>/dev/null
  case $limit in '' | *[!0-9]*) limit= ;; esac
}

# watch SECONDS ROUNDS NAMELESS_ROUNDS: looks every so many seconds (0: as the server tells), and ends a server that has been
# without a beat for that many looks.
watch() {
  stood=0 nap=
  trap '[ -z "$nap" ] || kill "$nap" 2>/dev/null; exit 0' TERM
  while :; do
    read_beat
    step=$1
    if [ "$step" -eq 0 ]; then step=$(((${limit:-4} + ROUNDS - 1) / ROUNDS)); fi
    if [ "$step" -eq 0 ]; then step=60; fi
    # Not `:`, a special builtin: where nothing can be written that would end the shell.
    true 2>/dev/null >/proc/self/fd/7
    sleep "$step" &
    nap=$!
    wait "$nap"
    nap=
    if ! kill -0 "$$" 2>/dev/null; then kill -9 "$server" 2>/dev/null; fi
    if ! kill -0 "$server" 2>/dev/null; then break; fi
    # It has not begun to tell, it never does (a debugger), or it is not to be ended by itself.
    if [ -z "$limit" ] || { [ "$1" -eq 0 ] && [ "$limit" -eq 0 ]; }; then continue; fi
    if [ /proc/self/fd/8 -nt /proc/self/fd/7 ] || is_held; then
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
    { echo "the server hangs: $what. It is ended." >/proc/self/fd/6; } 2>/dev/null
    # Who was merely busy when somebody asked for a stop is not to blame.
    if [ -z "$asked" ] || { [ "$limit" -gt 0 ] && [ $((stood * step)) -ge "$limit" ]; }; then
      { echo "$who" >"$where/hung"; } 2>/dev/null
    fi
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

# Between fork and exec the server is this shell still, and would lose the signal.
send() {
  tries=0
  while [ "$tries" -lt 20 ] && [ "/proc/$server/exe" -ef "/proc/$$/exe" ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  kill -"$1" "$server" 2>/dev/null
}

# However it ends from now on, also by somebody who loses patience: the next start is to blame nobody (a minus says so).
await_stop() {
  read_beat
  if [ -n "$where" ]; then { echo - >"$where/hung"; } 2>/dev/null; fi
  rewatch "$STOP_SECONDS" "$STOP_ROUNDS" "$STOP_NAMELESS"
}

# Asked a second time, a server whose loop turns ends at once by itself.
insist() {
  insisted=1
  kill "$watcher" 2>/dev/null
  (
    exec </dev/null >/dev/null 2>&1 9>&-
    sleep 1
    kill -9 "$server"
  ) &
  watcher=$!
}

# The signal goes on as one that the server knows to be ours: a terminal has told it already. While the server is being started
# it is enough to know that somebody asked.
stop() {
  before=$asked
  : "${asked:=$1}"
  press=$(date +%s)
  if [ -z "$before" ]; then
    asked_at=$press
    if [ -n "$watched" ]; then await_stop; fi
  # npm passes on what the terminal told already: that is the same press.
  elif [ -n "$watched" ] && [ -z "$insisted" ] && [ $((press - asked_at)) -ge 2 ]; then
    insist
  fi
  if [ -n "$watched" ]; then send USR2; fi
}

finish() {
  if [ -n "$watcher" ]; then kill "$watcher" 2>/dev/null; fi
  clean
  exit "$1"
}

trap 'stop 2' INT
trap 'stop 15' TERM
trap 'asked=1; [ -z "$watched" ] || send HUP' HUP
trap '[ -z "$watched" ] || send USR1' USR1

while :; do
  # Without memory to write to there is nothing to look at.
  if ! { [ "$folder/beat" -ef /proc/self/fd/8 ] && [ "$folder/beat.life" -ef /proc/self/fd/9 ]; }; then
    clean
    if ! open_folder && [ -z "$asked" ]; then exec "$@"; fi
  fi
  if [ -n "$asked" ]; then finish $((128 + asked)); fi
  { true >/proc/self/fd/6 && true >/proc/self/fd/8; } 2>/dev/null
  "$@" 6>&- 7>&- 8>&- 9>&- &
  server=$!
  rewatch 0 "$ROUNDS" $((ROUNDS * NAMELESS))
  watched=1
  # Told while it was started: it may not know yet what is passed on.
  if [ -n "$asked" ]; then
    await_stop
    send TERM
  fi
  while :; do
    # The shell's own words about a signal are for nobody.
    wait "$server" 2>/dev/null
    code=$?
    # A signal of ours ends the waiting too.
    kill -0 "$server" 2>/dev/null || break
  done
  watched= server=
  ended=
  { read -r ended </proc/self/fd/6; } 2>/dev/null
  if [ -n "$ended" ]; then say "$ended"; fi
  # Ended by a signal before it could hear of it, or by the watch while it was to stop.
  if [ -n "$asked" ] && [ "$code" -gt 128 ]; then finish $((128 + asked)); fi
  if [ -n "$asked" ] || [ -z "$ended" ]; then finish "$code"; fi
  read_beat
  hour=$((${limit:-0} * 60))
  if [ "$hour" -lt 3600 ]; then hour=3600; fi
  now=$(date +%s)
  if [ $((now - since)) -gt "$hour" ]; then since=$now restarts=0; fi
  restarts=$((restarts + 1))
  if [ "$restarts" -gt "$RESTARTS" ]; then
    say "the server hung $restarts times within $((hour / 60)) minutes and stays off. \`tonearm plugin disable NAME\` leaves a plugin out."
    finish 1
  fi
  say 'the server is started again.'
done
