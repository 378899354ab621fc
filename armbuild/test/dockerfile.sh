# Dockerfile and compose.yaml as people use them, but by buildah and podman, which need no daemon: the image is built from
# the package, then `up`, listened to, and `down`. The image it starts from is made here, as debian:trixie-slim is.

# What a container of the test may ask of the machine: no cgroups and no higher limits, which it may not have.
write_podman_settings() {
  cat >"$1/storage.conf" <<EOF
[storage]
driver = "vfs"
graphroot = "$1/storage"
runroot = "$1/run"
EOF
  cat >"$1/containers.conf" <<EOF
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
EOF
  export CONTAINERS_STORAGE_CONF=$1/storage.conf CONTAINERS_CONF=$1/containers.conf
}

make_debian_image() {
  local base
  mmdebstrap --quiet --variant=minbase trixie "$1/base.tar" "$DEBIAN_MIRROR"
  base=$(buildah from scratch)
  buildah add --quiet "$base" "$1/base.tar" / >/dev/null
  buildah commit --quiet --rm "$base" docker.io/library/debian:trixie-slim >/dev/null
  rm "$1/base.tar"
}

# One mount namespace for all calls, as podman finds a container's network by what is mounted.
beside_cgroups() {
  if [ -z "$CGROUPS" ]; then
    unshare --mount --propagation slave sh -c "$CGROUPS_BEFORE" sh sleep infinity &
    CGROUPS=$!
    until_true 'cgroups are there' nsenter --target "$CGROUPS" --mount test -e /sys/fs/cgroup/cgroup.controllers
  fi
  nsenter --target "$CGROUPS" --mount -- "$@"
}

test_dockerfile() {
  local folder=$WORK/containers data=$WORK/compose-data context=$WORK/context
  say 'Dockerfile and compose.yaml'
  mkdir -p "$folder" "$data" "$context/out"
  chown 1000:1000 "$data"
  cp -R "$HERE/oci" "$context"
  cp "$OUT/tonearm_${VERSION}_amd64.deb" "$context/out"
  write_podman_settings "$folder"
  make_debian_image "$folder"
  expect 'the image is built' buildah bud --isolation chroot --pull-never --format docker --tag tonearm:latest --file "$context/oci/Dockerfile" "$context"
  expect 'with a health check' sh -c 'buildah inspect --type image tonearm:latest | grep -q healthy.sh'
  export PORT=4833 DATA=$data MUSIC TZ=UTC
  expect 'up' beside_cgroups podman-compose --file "$context/oci/compose.yaml" up -d
  COMPOSED=$context/oci/compose.yaml
  node "$HERE/test/listen.mjs" "http://127.0.0.1:$PORT" "$data/initial-admin-password.txt" 20 ||
    fail "the container does not serve: $(beside_cgroups podman logs --tail 5 tonearm 2>&1)"
  expect 'what it writes belongs to that user' [ "$(stat -c %u "$data/tonearm.db")" = 1000 ]
  expect 'down' beside_cgroups podman-compose --file "$COMPOSED" down
  COMPOSED=
  refuse 'nothing answers' curl --silent --max-time 5 "http://127.0.0.1:$PORT/ping"
  kill "$CGROUPS"
  CGROUPS=
  unset CONTAINERS_STORAGE_CONF CONTAINERS_CONF PORT DATA
}
