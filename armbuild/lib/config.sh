# The settings file of the packages: every setting with its explanation, as a comment, but the music folder.

# put_config FILE MUSIC_FOLDER
put_config() {
  mkdir -p "$(dirname "$1")"
  {
    cat <<EOF
# Settings of Tonearm. Every one is here with its default: take the # in front of a name away and change the value, then
# run: sudo systemctl restart tonearm
# The environment (/etc/default/tonearm) beats this file; its names stand in brackets.
EOF
    sed -e '/^#/{1,/^$/d}' "$ROOT/config/default.yaml" |
      sed -E -e "s|^music: .*|music: [$2]|" -e '/^music:/!s/^( *)([A-Za-z]+:.+)$/\1#\2/'
  } >"$1"
}
