#!/bin/sh
# Runs once, on an empty volume. The password is the one that .env gives the programs.
set -e
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "CREATE ROLE shop LOGIN PASSWORD 'warehouse-test-password'"
