# What was made, with sizes and hashes.

report() {
  (cd "$OUT" && find . -maxdepth 1 -type f -name "tonearm[_-]$VERSION*" -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
  say "in $OUT"
  local sum file
  while read -r sum file; do
    printf '%8.1f MB  %s  %s\n' "$(stat -c %s "$OUT/$file" | awk '{print $1 / 1e6}')" "${sum:0:16}" "$file"
  done <"$OUT/SHA256SUMS"
}
