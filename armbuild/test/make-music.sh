#!/bin/sh
# 20 songs of 10 seconds with tags and a cover, by ffmpeg: make-music.sh FOLDER
set -eu
mkdir -p "$1/Blue Album"
ffmpeg -nostdin -loglevel error -y -f lavfi -i testsrc2=size=600x600:rate=1 -frames:v 1 "$1/Blue Album/cover.jpg"
for number in $(seq 20); do
  ffmpeg -nostdin -loglevel error -y -f lavfi -i "sine=frequency=$((200 + number * 20)):duration=10" -ac 2 \
    -metadata title="Song $number" -metadata artist='The Testers' -metadata album='Blue Album' -metadata track="$number" \
    "$1/Blue Album/$(printf %02d "$number").flac"
done
