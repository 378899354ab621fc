#!/usr/bin/env bash
# Makes the packages: armbuild/build.sh [arm64] [amd64] [armhf] [oci]; without arguments arm64 and amd64. No Docker, no root.
# oci adds a container image for each architecture named; ARMBUILD_ONLY=deb leaves the archives out.
# The results lie in armbuild/out, the same to the byte each time. README.md beside this file tells the rest.
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8 TZ=UTC

HERE=$(cd -- "$(dirname -- "$0")" && pwd -P)
ROOT=$(dirname "$HERE")
OUT=${ARMBUILD_OUT:-$HERE/out}
for part in say targets version strip node modules program config tree deb archive oci report; do . "$HERE/lib/$part.sh"; done

need node nodejs npm npm git git dpkg-deb dpkg xz xz-utils tar tar
set_version
mkdir -p "$OUT"
WORK=$(mktemp -d "$OUT/.work-XXXXXX")
trap 'rm -rf "$WORK"' EXIT

targets=() oci=
for argument in "$@"; do
  if [ "$argument" = oci ]; then oci=yes; else targets+=("$argument"); fi
done
if [ ${#targets[@]} -eq 0 ]; then
  # An image alone is one for this machine: another architecture's needs its emulation.
  if [ -n "$oci" ]; then targets=("$(dpkg --print-architecture)"); else targets=(arm64 amd64); fi
fi
for target in "${targets[@]}"; do
  set_target "$target"
  make_tree
  make_deb
  if [ "${ARMBUILD_ONLY:-}" != deb ]; then make_archive; fi
  if [ -n "$oci" ]; then make_oci; fi
done
report
