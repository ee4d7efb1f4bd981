#!/usr/bin/env bash
# curl into jq into sqlite3. Usage: jq.sh URL DATABASE
set -euo pipefail

curl --silent --show-error --fail --compressed "$1" |
    jq -r '.[] | [.id, .name, .symbol, .decimals, .icon, .tokenProgram, (.tags // [] | sort | tojson),
                  (if .isVerified then 1 else 0 end), .createdAt] | @csv' |
    sqlite3 -bail "$2" \
        'PRAGMA journal_mode = WAL' \
        'PRAGMA synchronous = NORMAL' \
        'CREATE TABLE IF NOT EXISTS tokens (
             mint TEXT PRIMARY KEY, name TEXT, symbol TEXT, decimals INTEGER NOT NULL, icon TEXT,
             token_program TEXT, tags TEXT, is_verified INTEGER, created_at TEXT,
             first_seen_at TEXT NOT NULL)' \
        'CREATE TEMP TABLE incoming (
             mint TEXT, name TEXT, symbol TEXT, decimals INTEGER, icon TEXT, token_program TEXT,
             tags TEXT, is_verified INTEGER, created_at TEXT)' \
        '.import --csv --schema temp /dev/stdin incoming' \
        "INSERT OR IGNORE INTO tokens
         SELECT mint, name, symbol, decimals, nullif(icon, ''), token_program, tags, is_verified,
                nullif(created_at, ''), strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
         FROM incoming"
