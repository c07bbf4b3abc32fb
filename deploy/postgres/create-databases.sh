#!/bin/bash
# The PostgreSQL image runs this once, on an empty data folder (a file that is not executable it would source).
# Temporal and Directus get a role and databases of their own, and neither can look into the other's.
set -euo pipefail

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
-- Read here, not passed as arguments: those show in the list of processes.
\getenv temporal_password TEMPORAL_DB_PASSWORD
\getenv directus_password DIRECTUS_DB_PASSWORD

CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;

CREATE ROLE directus LOGIN PASSWORD :'directus_password';
CREATE DATABASE directus OWNER directus;

REVOKE CONNECT ON DATABASE temporal, temporal_visibility, directus FROM PUBLIC;
SQL
