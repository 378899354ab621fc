# The tree as an archive for machines without dpkg, with scripts that install and remove it.

make_archive() {
  local name=tonearm-$VERSION-linux-$ARCH folder
  folder=$WORK/archive-$ARCH/$name
  say "$ARCH: $name.tar.xz"
  rm -rf "$folder"
  mkdir -p "$folder/service"
  cp -R "$TREE/." "$folder"
  cp "$HERE"/archive/*.sh "$folder"
  cp "$HERE"/service/* "$ROOT"/systemd/tonearm.{service,sysusers} "$folder/service"
  put_config "$folder/service/config.yaml" /srv/music
  level_tree "$folder"
  chmod 755 "$folder"/service/tonearm "$folder"/service/tonearm-plain
  touch --date="@$SOURCE_DATE_EPOCH" "$folder"/service/tonearm*
  tar --create --directory "$WORK/archive-$ARCH" --sort=name --owner=0 --group=0 --numeric-owner \
    --mtime="@$SOURCE_DATE_EPOCH" --format=gnu "$name" | xz "-${ARMBUILD_XZ_LEVEL:-6}" -T1 >"$OUT/$name.tar.xz"
}
