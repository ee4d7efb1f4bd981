#!/usr/bin/env bash
# curl into DuckDB. Usage: duckdb.sh URL DATABASE
#
# The list goes through a file beside the database, because DuckDB reads a file
# with all cores; a pipe was slower. The columns are named, which spares it the
# detection of types and the parsing of everything else.
set -euo pipefail

list=$2.json
trap 'rm -f "$list"' EXIT

curl --silent --show-error --fail --compressed --output "$list" "$1"
duckdb "$2" -bail -c "
    CREATE TABLE IF NOT EXISTS tokens (
        mint VARCHAR PRIMARY KEY, name VARCHAR, symbol VARCHAR, decimals UTINYINT, icon VARCHAR,
        token_program VARCHAR, tags VARCHAR[], is_verified BOOLEAN, created_at TIMESTAMP,
        first_seen_at TIMESTAMP, updated_at TIMESTAMP, website VARCHAR, twitter VARCHAR,
        launchpad VARCHAR, mint_authority VARCHAR, freeze_authority VARCHAR
    );
    INSERT OR IGNORE INTO tokens
    SELECT id, name, symbol, decimals, icon, tokenProgram, list_sort(tags), isVerified, createdAt,
           now()::TIMESTAMP, now()::TIMESTAMP, website, twitter, launchpad, mintAuthority, freezeAuthority
    FROM read_json('$list', format = 'array', columns = {
        id: 'VARCHAR', name: 'VARCHAR', symbol: 'VARCHAR', decimals: 'UTINYINT', icon: 'VARCHAR',
        tokenProgram: 'VARCHAR', tags: 'VARCHAR[]', isVerified: 'BOOLEAN', createdAt: 'TIMESTAMP',
        website: 'VARCHAR', twitter: 'VARCHAR', launchpad: 'VARCHAR', mintAuthority: 'VARCHAR',
        freezeAuthority: 'VARCHAR'
    });"
