# Symbols that only debuggers read, taken off binaries. What the dynamic linker needs stays.

# strip_binary FILE, of the target's architecture.
strip_binary() {
  local tool=$TRIPLET-strip
  command -v "$tool" >/dev/null 2>&1 || fail "$tool is missing; run: sudo apt-get install -y --no-install-recommends binutils-$(printf %s "$TRIPLET" | tr _ -)"
  "$tool" --strip-unneeded "$1"
}
