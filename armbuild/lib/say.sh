# Words to the person at the terminal.

say() { printf '== %s\n' "$*"; }

fail() {
  printf 'armbuild: %s\n' "$*" >&2
  exit 1
}

# need COMMAND PACKAGE ...: names all that is missing at once, with the line that installs it.
need() {
  local missing=()
  while [ $# -gt 0 ]; do
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
    shift 2
  done
  [ ${#missing[@]} -eq 0 ] || fail "these packages are missing; run: sudo apt-get install -y --no-install-recommends ${missing[*]}"
}
