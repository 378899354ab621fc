# Node inside the package: fetched by npm, known by its hash.

# put_node FOLDER: bin/node and its licence.
put_node() {
  [ -n "$NODE_PACKAGE" ] || return 0
  local folder=$1 tarball=$WORK/$NODE_PACKAGE-$NODE_VERSION.tgz
  [ -f "$tarball" ] || (cd "$WORK" && npm pack --silent --prefer-offline "$NODE_PACKAGE@$NODE_VERSION" >/dev/null)
  echo "$NODE_SHA512  $tarball" | sha512sum --check --quiet - || fail "$NODE_PACKAGE@$NODE_VERSION is not what was pinned"
  mkdir -p "$folder/bin"
  tar -xzf "$tarball" -C "$folder/bin" --strip-components=2 --no-same-owner package/bin/node
  tar -xzf "$tarball" -C "$folder/bin" --strip-components=1 --no-same-owner package/LICENSE
  mv "$folder/bin/LICENSE" "$folder/bin/node.LICENSE"
  strip_binary "$folder/bin/node"
}
