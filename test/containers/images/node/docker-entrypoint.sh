#!/bin/sh
set -eu
case "$1" in
-*) exec node "$@" ;;
esac
command -v "$1" >/dev/null || exec node "$@"
exec "$@"
