#!/bin/sh
# Brings both Temporal databases to the schema of this version of the server. Done again, it changes nothing; after an
# upgrade of the image it applies what is new, before the new server starts.
# The connection comes from the environment: SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD.
set -eu

schema=${TEMPORAL_SCHEMA_DIR:-/etc/temporal/schema}/postgresql/v12

set_up() {
  database=$1
  versions=$2
  echo "Setting up the schema of $database"
  temporal-sql-tool --db "$database" setup-schema --version 0.0
  temporal-sql-tool --db "$database" update-schema --schema-dir "$versions"
}

set_up temporal "$schema/temporal/versioned"
set_up temporal_visibility "$schema/visibility/versioned"
