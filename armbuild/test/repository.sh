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
  install -D -m 644 "$site/tonearm.gpg" "$root/etc/apt/keyrings/tonearm.gpg"
  echo 'deb [signed-by=/etc/apt/keyrings/tonearm.gpg] copy:/srv/site stable main' >"$root/etc/apt/sources.list.d/tonearm.list"
  # The booted root has no network: what Debian adds is fetched before.
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  expect 'apt believes it' chroot "$root" apt-get update --error-on=any
  expect 'and finds all that is recommended' chroot "$root" apt-get install --yes --download-only tonearm
  boot "$root"
  expect 'and installs from it' inside apt-get install --yes --no-download tonearm
  until_true 'it answers' answers
  expect 'ffmpeg came along' inside ffmpeg -version
  cp -R "$MUSIC/." "$root/srv/music"
  expect 'a scan is done when asked for' inside tonearm scan
  mkdir -p "$root/root/test"
  cp "$HERE/test/listen.mjs" "$root/root/test"
  inside "${LISTEN[@]}" || fail 'the package of the repository does not serve'
  expect 'nothing waits for an upgrade' inside sh -c '! apt-get --simulate --no-download upgrade | grep -q "^Inst tonearm"'
  halt
}
