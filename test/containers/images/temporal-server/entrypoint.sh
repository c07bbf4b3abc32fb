#!/bin/sh
set -eu
: "${BIND_ON_IP:?the stand-in looks up no address}" "${TEMPORAL_BROADCAST_ADDRESS:?the stand-in looks up no address}"
exec temporal-server start
