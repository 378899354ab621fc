# Takes data away, for the package and the archive alike. Sourced, or pasted into postrm.

# forget_data FOLDER: by name what Tonearm itself made there, so that songs or anything else stay.
forget_data() {
  [ -d "$1" ] || return 0
  rm -rf "$1"/tonearm.db* "$1"/tonearm.lock* "$1/control.sock" "$1/keys" "$1/plugins" "$1/plugin-data" "$1/cache" \
    "$1"/restore-* "$1"/before-restore-* "$1"/before-upgrade-* "$1"/backups/tonearm-* "$1/config.yaml" \
    "$1/initial-admin-password.txt"
  rmdir "$1/backups" 2>/dev/null || true
  rmdir "$1" 2>/dev/null || echo "tonearm: $1 is kept, as it holds files that are not Tonearm's own" >&2
}
