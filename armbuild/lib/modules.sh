# The packages that the bundle loads from node_modules, for the target instead of this machine, and of them what runs.

# `external` of src/build.mjs but esbuild: an installed server bundles nothing.
RUNTIME=(uWebSockets.js node-sqlite3-wasm sharp @ffmpeg/core)

# put_modules FOLDER
put_modules() {
  local folder=$1 install=$WORK/modules-$ARCH
  mkdir -p "$install" "$folder/node_modules"
  cp "$ROOT/package.json" "$ROOT/package-lock.json" "$ROOT/.npmrc" "$install"
  # Else npm takes what fits the Node that builds.
  node "$HERE/lib/for-any-node.mjs" "$install/package-lock.json" uWebSockets.js
  npm ci --prefix "$install" --omit=dev --ignore-scripts --os=linux --cpu="$CPU" --prefer-offline \
    --no-audit --no-fund --loglevel=error >/dev/null
  local name
  node "$HERE/lib/runtime-closure.mjs" "$install/node_modules" "${RUNTIME[@]}" | while read -r name; do
    mkdir -p "$folder/node_modules/$(dirname "$name")"
    cp -R "$install/node_modules/$name" "$folder/node_modules/$name"
  done
  prune_modules "$folder/node_modules"
  local addon
  find "$folder/node_modules" \( -name '*.node' -o -name '*.so*' \) -type f | while read -r addon; do strip_binary "$addon"; done
}

# Types, maps, read-mes, sources in C++, other systems' addons, and the second copy of ffmpeg, for browsers.
prune_modules() {
  local modules=$1
  rm -rf "$modules"/@ffmpeg/core/dist/esm "$modules"/sharp/src "$modules"/sharp/install "$modules"/@img/*/lib/glib-2.0
  rm -rf "$modules"/*/node_modules/.bin "$modules"/semver/bin
  find "$modules" -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -iname 'readme*' \
    -o -iname 'changelog*' \) -delete
  find "$modules" -name '*.node' ! -path '*/@img/*' ! -name "*linux_${CPU}_$ABI.node" -delete
  find "$modules" -type d -empty -delete
}
