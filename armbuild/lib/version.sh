# What the packages are called, and the time that they carry.

# set_version: VERSION, and SOURCE_DATE_EPOCH (seconds) of the last commit unless the environment has one.
# ARMBUILD_VERSION_SUFFIX, such as +1, tells builds of the same release apart.
set_version() {
  VERSION=$(node -p 'JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8")).version' "$ROOT/package.json")
  VERSION+=${ARMBUILD_VERSION_SUFFIX:-}
  if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git -C "$ROOT" log -1 --format=%ct 2>/dev/null) || fail 'no git history here: set SOURCE_DATE_EPOCH'
  fi
  export SOURCE_DATE_EPOCH
}
