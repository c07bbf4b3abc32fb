#!/bin/sh
# Does with the file system what Grafana does: reads what is provisioned, and writes its database and a temporary file.
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
