# What is asked of the results; the first that does not hold ends the test.

ok() { printf '  ok  %s\n' "$*"; }

# expect WORDS COMMAND...: the command must end with 0.
expect() {
  local words=$1
  shift
  "$@" >"$WORK/output" 2>&1 || fail "not so: $words: $(tail -n 5 "$WORK/output")"
  ok "$words"
}

refuse() {
  local words=$1
  shift
  ! "$@" >"$WORK/output" 2>&1 || fail "not so: $words"
  ok "$words"
}

# until_true WORDS COMMAND...: within a minute.
until_true() {
  local words=$1 try
  shift
  for try in $(seq 120); do
    if "$@" >"$WORK/output" 2>&1; then
      ok "$words"
      return 0
    fi
    sleep 0.5
  done
  fail "not within a minute ($try tries): $words: $(tail -n 5 "$WORK/output")"
}
