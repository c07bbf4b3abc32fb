#!/bin/sh
# What Grafana needs of the file system: to read what is provisioned, and to write its database and temporary files.
set -eu
for kind in datasources dashboards; do
  for file in "$GF_PATHS_PROVISIONING/$kind"/*.yaml; do
    cat "$file" >/dev/null
    echo "read $file"
  done
done
date >>"$GF_PATHS_DATA/grafana.db"
mktemp
exec busybox httpd -f -v -p 3000 -h "$GF_PATHS_HOME"
