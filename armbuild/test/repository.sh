# The apt repository: made with a key of the moment, then installed from by apt itself.

test_repository() {
  local root=$WORK/root-apt site=$WORK/site
  say 'the apt repository'
  export GNUPGHOME=$WORK/gnupg
  mkdir -m 700 "$GNUPGHOME"
  gpg --batch --quiet --passphrase '' --quick-generate-key 'Tonearm test <test@tonearm.invalid>' ed25519 sign never
  expect 'it is made' "$HERE/apt-repository.sh" "$site" test@tonearm.invalid
  expect 'a second time too' "$HERE/apt-repository.sh" "$site" test@tonearm.invalid
  unset GNUPGHOME
  make_root amd64 "$root" "$BOOTED"
  mkdir -p "$root/srv/site"
  cp -R "$site/." "$root/srv/site"
  rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
  install -D -m 644 "$site/tonearm.gpg" "$root/etc/apt/keyrings/tonearm.gpg"
  echo 'deb [signed-by=/etc/apt/keyrings/tonearm.gpg] file:/srv/site stable main' >"$root/etc/apt/sources.list.d/tonearm.list"
  boot "$root"
  expect 'apt believes it' inside apt-get update --error-on=any
  expect 'and installs from it' inside apt-get install --yes --no-install-recommends tonearm
  until_true 'it answers' answers
  halt
}
