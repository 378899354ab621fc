#!/bin/sh
# Starts Tonearm: brings the bundle up to date where the sources are there, then runs it with the flags that keep SQLite's
# WebAssembly and the young heap small (together 35 MB less), let the old heap grow in small steps (with a thousand streams
# 15 MB beyond rest instead of 30 to 55; requests are as quick) and let the server collect its garbage when it has come to
# rest (5 MB). The three settings of glibc's malloc (one arena for all threads, freed memory goes back to the system at
# once) take 8 MB off at rest and 23 MB off the peak of a first scan.
set -eu

self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname "$self")/$target ;;
  esac
done
root=$(CDPATH='' cd -- "$(dirname -- "$self")/.." && pwd -P)

# Packages bring Node along, and have no sources.
node=$root/bin/node
if [ ! -x "$node" ]; then node=$(command -v node) || {
  echo 'tonearm: Node.js 20 or newer is needed; see https://nodejs.org' >&2
  exit 69
}; fi

# Whether anything that the bundle is made of may have changed since; src/build.mjs looks closer. Starting Node for it would take
# ten times as long. Changes of the status tell of what older files came in place of, and of folders what went away. An npm
# package brings no lock file, and never changes. Where `find` does not know these words, Node looks each time.
is_stale() {
  stamp=$root/dist/.stamp
  [ -f "$stamp" ] || return 0
  [ -f "$root/package-lock.json" ] || return 1
  set -- "$root/src" "$root/package-lock.json" "$node"
  if [ -d "$root/plugins" ]; then set -- "$@" "$root/plugins"; fi
  changed=$(find -H "$@" \( -name node_modules -o -name test -o -name dist \) -prune -o -cnewer "$stamp" -print -quit 2>/dev/null) ||
    return 0
  [ -n "$changed" ]
}
if [ -f "$root/src/build.mjs" ] && is_stale; then "$node" "$root/src/build.mjs"; fi

# Node 22 and later keep the code there that they compiled, written when the server stops: the next start takes a tenth less.
code=
if [ -n "${CACHE_DIRECTORY:-}" ]; then code=${CACHE_DIRECTORY%%:*}/code; elif [ -w "$root/dist" ]; then code=$root/dist/.code; fi
if [ -n "$code" ]; then export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$code}"; fi

export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}"
export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-131072}"
export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-131072}"

# Whether it is the server that is asked for: by `serve`, or by no command at all. A word behind an option is its value.
is_server() {
  command= value=
  for word in "$@"; do
    if [ -n "$value" ]; then
      value=
      continue
    fi
    case $word in
      -h | --help | -v | --version) return 1 ;;
      -c | --config | -m | --music | -d | --data | --host | -p | --port | --set | -l | --library | --name | --dir) value=1 ;;
      -*) ;;
      *) [ "${command:=$word}" = serve ] || return 1 ;;
    esac
  done
}

# Who watches that the server goes on: systemd where its unit asks for it, else a shell that stays beside it. Other commands
# are gone in a moment.
watch=
if [ -z "${WATCHDOG_USEC:-}" ] || [ "${WATCHDOG_PID:-$$}" != "$$" ]; then
  # Meant for a program around this one.
  unset WATCHDOG_USEC WATCHDOG_PID
  if [ -f "$root/src/supervise.sh" ] && is_server "$@"; then watch=$root/src/supervise.sh; fi
fi
exec ${watch:+/bin/sh "$watch"} "$node" --liftoff-only --max-semi-space-size=1 --optimize-for-size --expose-gc "$root/dist/main.mjs" "$@"
