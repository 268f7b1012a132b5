#!/bin/sh
# Makes the roles and schemas of the services named as arguments. PGHOST, PGUSER and PGDATABASE say where;
# SECRETS names the folder with the password files, SUPERUSER_PASSWORD the superuser's among them.
set -eu
PGPASSWORD="$(cat "$SECRETS/$SUPERUSER_PASSWORD")"
export PGPASSWORD
for service in "$@"; do
  psql --no-psqlrc --quiet --set service="$service" --file "$(dirname "$0")/roles.sql"
done
