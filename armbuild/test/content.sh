# What lies in a package, against the list of it that was looked at; what Debian's own checker says of it.

# Of the bundle only its start: the rest changes with each change of the sources, and their own tests look at it.
list_content() {
  dpkg-deb --contents "$1" | awk '{ print $1, $2, $6 }' |
    sed -E -e '\|/tonearm/dist/|{\|/dist/(main\.mjs)?$|!d}' -e 's/(libvips-cpp\.so)\.[0-9.]+/\1.VERSION/' | LC_ALL=C sort -k 3
}

check_content() {
  local arch=$1 golden=$HERE/test/golden/$1.txt
  if [ -n "${UPDATE_GOLDEN:-}" ]; then
    mkdir -p "$(dirname "$golden")"
    list_content "$OUT/tonearm_${VERSION}_$arch.deb" >"$golden"
  fi
  list_content "$OUT/tonearm_${VERSION}_$arch.deb" | diff -u "$golden" - || fail "the content of the $arch package is another than $golden tells (UPDATE_GOLDEN=1 takes it over)"
  ok "content of the $arch package"
}

check_lintian() {
  local errors
  errors=$(lintian --allow-root --fail-on none "$OUT/tonearm_${VERSION}_$1.deb" 2>/dev/null | grep '^E:' || true)
  [ -z "$errors" ] || fail "lintian on $1: $errors"
  ok "lintian on the $1 package: no errors"
}
