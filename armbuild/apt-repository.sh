#!/usr/bin/env bash
# Makes an apt repository, a folder of plain files for any web server: armbuild/apt-repository.sh FOLDER KEY [PACKAGE.deb...]
# KEY: the id or address of a key in the owner's own GnuPG; it is never copied, only its public half is put into FOLDER.
# Without packages those of armbuild/out. What lies in FOLDER stays, so that old versions can be had.
set -euo pipefail
umask 022
HERE=$(cd -- "$(dirname -- "$0")" && pwd -P)
. "$HERE/lib/say.sh"

[ $# -ge 2 ] || fail 'usage: armbuild/apt-repository.sh FOLDER KEY [PACKAGE.deb...]'
need apt-ftparchive apt-utils gpg gnupg
folder=$1 key=$2
shift 2
packages=("$@")
[ ${#packages[@]} -gt 0 ] || packages=("$HERE"/out/tonearm_*.deb)
[ -f "${packages[0]}" ] || fail 'there are no packages: run armbuild/build.sh first'
gpg --list-secret-keys "$key" >/dev/null 2>&1 || fail "there is no secret key $key here"

pool=pool/main/t/tonearm
mkdir -p "$folder/$pool"
for package in "${packages[@]}"; do install -m 644 "$package" "$folder/$pool"; done
cd "$folder"
architectures=()
for arch in arm64 amd64 armhf; do
  ls "$pool"/*_"$arch".deb >/dev/null 2>&1 || continue
  architectures+=("$arch")
  index=dists/stable/main/binary-$arch
  mkdir -p "$index"
  apt-ftparchive --arch "$arch" packages pool >"$index/Packages"
  gzip -9nkf "$index/Packages"
  xz -kf "$index/Packages"
done
rm -f dists/stable/{Release,InRelease,Release.gpg}
apt-ftparchive -o APT::FTPArchive::Release::Origin=Tonearm -o APT::FTPArchive::Release::Label=Tonearm \
  -o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable \
  -o APT::FTPArchive::Release::Components=main -o APT::FTPArchive::Release::Architectures="${architectures[*]}" \
  release dists/stable >Release.new
mv Release.new dists/stable/Release
gpg --batch --yes --local-user "$key" --clearsign --output dists/stable/InRelease dists/stable/Release
gpg --batch --yes --local-user "$key" --armor --detach-sign --output dists/stable/Release.gpg dists/stable/Release
gpg --batch --yes --export --output tonearm.gpg "$key"
say "$folder: ${architectures[*]}; its public key is tonearm.gpg"
