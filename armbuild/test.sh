#!/usr/bin/env bash
# The slow tests of the packages, by hand, most as root on Debian: armbuild/test.sh [PART...]
# Parts: build (and again in a fresh clone: the same bytes), content, package, archive, arm64, apt; these without arguments. And, of
# what else was built: armhf, installed-arm64, installed-armhf (the package's scripts under qemu), oci (all images), dockerfile.
# It tests what lies in armbuild/out, but for `build`.
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8 TZ=UTC

HERE=$(cd -- "$(dirname -- "$0")" && pwd -P)
ROOT=$(dirname "$HERE")
OUT=$HERE/out
DEBIAN_MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
for part in say version; do . "$HERE/lib/$part.sh"; done
for part in expect container content package archive foreign repository image dockerfile; do . "$HERE/test/$part.sh"; done

need_root() {
  [ "$(id -u)" -eq 0 ] || fail 'this test boots a system, or changes its root folder: run it as root'
  need mmdebstrap mmdebstrap ffmpeg ffmpeg "$@"
  [ -d "$MUSIC" ] || "$HERE/test/make-music.sh" "$MUSIC"
  chmod -R a+rX "$WORK"
}

set_version
CACHE=${ARMBUILD_CACHE:-/var/tmp/tonearm-armbuild}
mkdir -p "$CACHE" "$OUT"
WORK=$(mktemp -d /var/tmp/armbuild-test-XXXXXX)
MUSIC=$WORK/music
LEADER='' FOREIGN='' EMULATED='' COMPOSED='' CGROUPS=''
clean_up() {
  [ -z "$FOREIGN" ] || kill "$FOREIGN" || true
  for runtime in runc crun; do
    if command -v "$runtime" >/dev/null; then "$runtime" delete --force "tonearm-$$" >/dev/null 2>&1 || true; fi
  done
  halt
  if [ -n "$COMPOSED" ]; then beside_cgroups podman-compose --file "$COMPOSED" down >/dev/null 2>&1 || true; fi
  [ -z "$CGROUPS" ] || kill "$CGROUPS" || true
  if [ -n "$EMULATED" ]; then echo -1 >"$EMULATED"; fi
  for mounted in $(awk -v work="$WORK/" 'index($2, work) == 1 { print $2 }' /proc/mounts | sort -r); do umount "$mounted"; done
  rm -rf "$WORK"
}
trap clean_up EXIT

test_build() {
  say 'a second build, in a fresh clone'
  [ -z "$(git -C "$ROOT" status --porcelain)" ] || fail 'what is not committed would make a difference'
  "$HERE/build.sh" arm64 amd64
  git clone --quiet "$ROOT" "$WORK/clone"
  ARMBUILD_OUT=$WORK/again "$WORK/clone/armbuild/build.sh" arm64 amd64 >/dev/null
  local file
  for file in "$WORK"/again/tonearm*; do
    expect "the same bytes: $(basename "$file")" cmp "$file" "$OUT/$(basename "$file")"
  done
}

test_content() {
  need lintian lintian dpkg-deb dpkg
  say 'what the packages hold'
  local arch
  for arch in arm64 amd64; do
    check_content "$arch"
    check_lintian "$arch"
  done
}

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(build content package archive arm64 apt)
started=$SECONDS
for part in "${parts[@]}"; do
  case $part in
    package | archive | apt) need_root systemd-nspawn systemd-container apt-ftparchive apt-utils gpg gnupg ;;
    arm64 | armhf | installed-*) need_root qemu-aarch64-static qemu-user-static ;;
    dockerfile) need_root buildah buildah podman podman podman-compose podman-compose crun crun ;;
    oci) need_root umoci umoci runc runc crun crun ;;
  esac
  case $part in
    build) test_build ;;
    content) test_content ;;
    package) test_package ;;
    archive) test_archive ;;
    arm64) test_foreign arm64 aarch64 libc6,libstdc++6,dash,coreutils ;;
    armhf) test_foreign armhf arm nodejs,libatomic1,libstdc++6,dash,coreutils ;;
    installed-arm64) test_foreign_install arm64 aarch64 libc6,libstdc++6 ;;
    installed-armhf) test_foreign_install armhf arm nodejs,libatomic1,libstdc++6 ;;
    oci) test_images ;;
    dockerfile) test_dockerfile ;;
    apt) test_repository ;;
    *) fail "unknown part $part; see the head of this file" ;;
  esac
done
say "all well, in $((SECONDS - started)) s"
