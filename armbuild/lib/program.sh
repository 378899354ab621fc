# The bundle, made in a clean copy of the sources so that neither old builds nor plugins in the making get in.
# tsconfig.json has a say in it, and one above the copy would have.

make_program() {
  local copy=$WORK/program
  [ -d "$copy/dist" ] && return 0
  mkdir -p "$copy"
  (cd "$ROOT" && cp -R package.json package-lock.json .npmrc tsconfig.json src plugins config "$copy")
  find "$copy/plugins" -name node_modules -prune -exec rm -rf {} +
  npm ci --prefix "$copy" --omit=dev --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error >/dev/null
  node "$copy/src/build.mjs" --force
}

# put_program FOLDER: what of a clone a server needs. Without sources there is no build at start.
put_program() {
  local folder=$1
  make_program
  mkdir -p "$folder/src" "$folder/config"
  cp -R "$WORK/program/dist" "$ROOT/package.json" "$ROOT/LICENSE" "$ROOT/README.md" "$folder"
  rm -rf "$folder/dist/.stamp" "$folder/dist/types"
  cp "$ROOT/src/launch.sh" "$ROOT/src/supervise.sh" "$folder/src"
  cp "$ROOT"/config/*.yaml "$folder/config"
}
