"""requests into sqlite3. Usage: python.py URL DATABASE"""

import itertools
import json
import sqlite3
import sys
from datetime import datetime, timezone

import requests

BATCH = 10_000


def main(url: str, path: str) -> None:
    response = requests.get(url, timeout=60)
    response.raise_for_status()
    tokens = response.json()

    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(
        """CREATE TABLE IF NOT EXISTS tokens (
               mint TEXT PRIMARY KEY, name TEXT, symbol TEXT, decimals INTEGER NOT NULL, icon TEXT,
               token_program TEXT, tags TEXT, is_verified INTEGER, created_at TEXT,
               first_seen_at TEXT NOT NULL, updated_at TEXT NOT NULL, website TEXT, twitter TEXT,
               launchpad TEXT, mint_authority TEXT, freeze_authority TEXT)"""
    )
    known = {mint for (mint,) in database.execute("SELECT mint FROM tokens")}
    seen_at = datetime.now(timezone.utc).isoformat()
    rows = (
        (
            token["id"],
            token.get("name"),
            token.get("symbol"),
            token["decimals"],
            token.get("icon"),
            token.get("tokenProgram"),
            json.dumps(sorted(token.get("tags") or [])),
            token.get("isVerified"),
            token.get("createdAt"),
            seen_at,
            seen_at,
            token.get("website"),
            token.get("twitter"),
            token.get("launchpad"),
            token.get("mintAuthority"),
            token.get("freezeAuthority"),
        )
        for token in tokens
        if token["id"] not in known
    )
    insert = f"INSERT OR IGNORE INTO tokens VALUES ({', '.join('?' * 16)})"
    while batch := list(itertools.islice(rows, BATCH)):
        with database:
            database.executemany(insert, batch)
    database.close()


main(*sys.argv[1:])
