# A container image without a daemon: Debian with ffmpeg by mmdebstrap, the package in it, and the files of an OCI layout.

OCI_SUITE=trixie
DEBIAN_MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

make_oci() {
  local name=tonearm-$VERSION-oci-$ARCH deb=$OUT/tonearm_${VERSION}_$ARCH.deb image=$WORK/oci-$ARCH
  [ -f "$deb" ] || fail "$(basename "$deb") is needed first: armbuild/build.sh $ARCH"
  need mmdebstrap mmdebstrap
  say "$ARCH: $name.tar"
  # ffmpeg's packages bring drivers of graphics cards, which are loaded by name when something is shown: 200 MB.
  local without_graphics=() driver runtime=
  for driver in libLLVM libgallium libz3 dri/; do without_graphics+=("--dpkgopt=path-exclude=/usr/lib/*/$driver*"); done
  # What the package depends on, as dpkg alone fetches nothing.
  [ -n "$NODE_PACKAGE" ] || runtime=,nodejs,libatomic1
  mkdir -p "$image"
  mmdebstrap --quiet --variant=essential --arch="$ARCH" --include="ffmpeg,ca-certificates,tzdata,libstdc++6,passwd$runtime" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    "${without_graphics[@]}" \
    --customize-hook="copy-in '$deb' /tmp" --customize-hook="chroot \"\$1\" dpkg --install '/tmp/$(basename "$deb")' >/dev/null" \
    --customize-hook="copy-in '$HERE/oci' /opt/tonearm" --customize-hook='mv "$1/opt/tonearm/oci" "$1/opt/tonearm/container"' \
    --customize-hook='cd "$1" && rm -rf tmp/* opt/tonearm/container/Dockerfile opt/tonearm/container/compose.yaml var/log/* var/cache/apt/* var/lib/apt/lists/*' \
    --customize-hook='mkdir "$1/music" && mkdir -m 700 "$1/data" && chown 1000:1000 "$1/data"' \
    "$OCI_SUITE" "$image/layer.tar" "$DEBIAN_MIRROR"
  node "$HERE/lib/oci-image.mjs" "$image/layer.tar" "$image/layout" "$ARCH" "$VERSION"
  tar --create --directory "$image/layout" --sort=name --owner=0 --group=0 --numeric-owner \
    --mtime="@$SOURCE_DATE_EPOCH" --file "$OUT/$name.tar" .
  rm -rf "$image"
}
