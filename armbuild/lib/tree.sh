# The folder that all packages of an architecture hold: the program, what it loads, and Node.

# make_tree: $WORK/tree-$ARCH, made once.
make_tree() {
  TREE=$WORK/tree-$ARCH
  [ -d "$TREE" ] && return 0
  say "$ARCH: program, modules, Node"
  mkdir -p "$TREE"
  put_program "$TREE"
  put_modules "$TREE"
  put_node "$TREE"
  level_tree "$TREE"
}

# level_tree FOLDER: rights and times that do not depend on who builds, and when.
level_tree() {
  find "$1" -type d -exec chmod 755 {} +
  find "$1" -type f -exec chmod 644 {} +
  find "$1" -type f \( -path '*/bin/*' ! -name '*.LICENSE' -o -name '*.sh' \) -exec chmod 755 {} +
  find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
}
