#!/bin/sh
set -eu
: "${BIND_ON_IP:?the stand-in looks up no address}" "${TEMPORAL_BROADCAST_ADDRESS:?the stand-in looks up no address}"
dockerize -template /etc/temporal/config/config_template.yaml:/etc/temporal/config/docker.yaml
exec temporal-server --env docker start
