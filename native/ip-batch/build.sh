#!/bin/sh
# Builds ip-batch as one static binary: build.sh OUT
set -eu
[ $# -eq 1 ] || { echo "usage: build.sh OUT" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$1")"
${CC:-gcc} -O2 -static -s -pthread -Wall -Wextra -Werror -o "$1.tmp.$$" "$here/main.c" "$here/lines.c" "$here/netlink.c"
mv "$1.tmp.$$" "$1"
