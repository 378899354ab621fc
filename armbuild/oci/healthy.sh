#!/bin/bash
# Ends with 0 when the server answers its ping.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${TONEARM_SERVER_PORT:-4533}"
printf 'GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 5 _ status _ <&3
[ "$status" = 200 ]
