#!/usr/bin/env bash
# curl into jq into sqlite3. Usage: jq.sh URL DATABASE
set -euo pipefail

curl --silent --show-error --fail --compressed "$1" |
    jq -r '.[] | [.id, .name, .symbol, .decimals, .icon, .tokenProgram, (.tags // [] | sort | tojson),
                  (if .isVerified then 1 else 0 end), .createdAt, .website, .twitter, .launchpad,
                  .mintAuthority, .freezeAuthority] | @csv' |
    sqlite3 -bail "$2" \
        'PRAGMA journal_mode = WAL' \
        'PRAGMA synchronous = NORMAL' \
        'CREATE TABLE IF NOT EXISTS tokens (
             mint TEXT PRIMARY KEY, name TEXT, symbol TEXT, decimals INTEGER NOT NULL, icon TEXT,
             token_program TEXT, tags TEXT, is_verified INTEGER, created_at TEXT,
             first_seen_at TEXT NOT NULL, updated_at TEXT NOT NULL, website TEXT, twitter TEXT,
             launchpad TEXT, mint_authority TEXT, freeze_authority TEXT)' \
        'CREATE TEMP TABLE incoming (
             mint TEXT, name TEXT, symbol TEXT, decimals INTEGER, icon TEXT, token_program TEXT,
             tags TEXT, is_verified INTEGER, created_at TEXT, website TEXT, twitter TEXT, launchpad TEXT,
             mint_authority TEXT, freeze_authority TEXT)' \
        '.import --csv --schema temp /dev/stdin incoming' \
        "INSERT OR IGNORE INTO tokens
         SELECT mint, name, symbol, decimals, nullif(icon, ''), token_program, tags, is_verified,
                nullif(created_at, ''), strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
                strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), nullif(website, ''), nullif(twitter, ''),
                nullif(launchpad, ''), nullif(mint_authority, ''), nullif(freeze_authority, '')
         FROM incoming"
