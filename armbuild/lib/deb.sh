# The Debian package.

MAINTAINER=${ARMBUILD_MAINTAINER:-Tonearm <packages@tonearm.invalid>}

make_deb() {
  local root=$WORK/deb-$ARCH result=$OUT/tonearm_${VERSION}_$ARCH.deb
  say "$ARCH: $(basename "$result")"
  rm -rf "$root"
  mkdir -p "$root/opt" "$root/DEBIAN"
  cp -R "$TREE" "$root/opt/tonearm"
  put_system_files "$root"
  put_documents "$root/usr/share/doc/tonearm"
  level_tree "$root"
  put_control "$root"
  dpkg-deb --root-owner-group -Zxz "-z${ARMBUILD_XZ_LEVEL:-6}" --threads-max=1 --build "$root" "$result" >/dev/null
}

put_system_files() {
  local root=$1
  install -D "$HERE/service/tonearm" "$root/usr/bin/tonearm"
  install -D "$ROOT/systemd/tonearm.service" "$root/usr/lib/systemd/system/tonearm.service"
  install -D "$ROOT/systemd/tonearm.sysusers" "$root/usr/lib/sysusers.d/tonearm.conf"
  install -D "$ROOT/systemd/tonearm.tmpfiles" "$root/usr/lib/tmpfiles.d/tonearm.conf"
  install -D "$HERE/service/tonearm.avahi" "$root/etc/avahi/services/tonearm.service"
  install -D "$HERE/debian/lintian-overrides" "$root/usr/share/lintian/overrides/tonearm"
  put_config "$root/etc/tonearm/config.yaml" /srv/music
}

put_documents() {
  local folder=$1 date
  date=$(LC_ALL=C date --utc --date="@$SOURCE_DATE_EPOCH" '+%a, %d %b %Y %H:%M:%S +0000')
  mkdir -p "$folder"
  cp "$HERE/debian/copyright" "$folder"
  printf 'tonearm (%s) stable; urgency=medium\n\n  * Release %s.\n\n -- %s  %s\n' "$VERSION" "$VERSION" "$MAINTAINER" "$date" |
    gzip -9n >"$folder/changelog.gz"
}

put_control() {
  local root=$1 script size depends note
  size=$(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)
  if [ -n "$NODE_PACKAGE" ]; then
    depends='libc6 (>= 2.28), libstdc++6 (>= 9), passwd'
    note="Node.js $NODE_VERSION comes inside and is renewed with the package only."
  else
    depends="libc6 (>= 2.28), libstdc++6 (>= 9), passwd, libatomic1, nodejs (>= $DEBIAN_NODE)"
    note="Runs on Debian's own Node.js."
  fi
  sed -e "s|@VERSION@|$VERSION|" -e "s|@ARCH@|$ARCH|" -e "s|@MAINTAINER@|$MAINTAINER|" -e "s|@SIZE@|$size|" \
    -e "s|@DEPENDS@|$depends|" -e "s|@NODE_NOTE@|$note|" "$HERE/debian/control.in" >"$root/DEBIAN/control"
  install -m 644 "$HERE/debian/conffiles" "$root/DEBIAN/conffiles"
  for script in postinst prerm postrm; do
    paste_parts "$HERE/debian/$script" >"$root/DEBIAN/$script"
    chmod 755 "$root/DEBIAN/$script"
  done
  (cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
  chmod 644 "$root"/DEBIAN/{control,conffiles,md5sums}
  find "$root/DEBIAN" -exec touch --date="@$SOURCE_DATE_EPOCH" {} +
}

# A line @NAME@ stands for a file that the archive's scripts share: a maintainer script must be whole by itself.
paste_parts() {
  sed -e "/^@ACCOUNT@$/{
r $HERE/service/account.sh
d
}" -e "/^@FORGET@$/{
r $HERE/service/forget-data.sh
d
}" "$1"
}
