// fetch into better-sqlite3. Usage: node.js URL DATABASE, with NODE_PATH set to
// the node_modules that install.sh made.
"use strict";

const { Readable, compose } = require("node:stream");
const Database = require("better-sqlite3");

// A JavaScript string holds 512 MiB at most, so a longer body cannot go through
// response.json() and is parsed as a stream, which takes several times as long.
// A compressed body is judged by its length on the wire, times three.
const LONGEST_STRING = 500_000_000;

async function* tokensOf(response) {
  const packed = response.headers.get("content-encoding") ? 3 : 1;
  if (Number(response.headers.get("content-length")) * packed < LONGEST_STRING) {
    yield await response.json();
    return;
  }
  const { streamArray } = require("stream-json/streamers/stream-array.js");
  let batch = [];
  for await (const { value } of compose(Readable.fromWeb(response.body), streamArray.withParserAsStream())) {
    batch.push(value);
    if (batch.length === 10_000) {
      yield batch;
      batch = [];
    }
  }
  yield batch;
}

async function main(url, path) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);

  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = NORMAL");
  database.exec(`CREATE TABLE IF NOT EXISTS tokens (
    mint TEXT PRIMARY KEY, name TEXT, symbol TEXT, decimals INTEGER NOT NULL, icon TEXT,
    token_program TEXT, tags TEXT, is_verified INTEGER, created_at TEXT,
    first_seen_at TEXT NOT NULL, updated_at TEXT NOT NULL, website TEXT, twitter TEXT,
    launchpad TEXT, mint_authority TEXT, freeze_authority TEXT)`);
  const places = Array(16).fill("?").join(", ");
  const insert = database.prepare(`INSERT OR IGNORE INTO tokens VALUES (${places})`);
  const seenAt = new Date().toISOString();
  const insertAll = database.transaction((tokens) => {
    for (const token of tokens) {
      insert.run(
        token.id,
        token.name ?? null,
        token.symbol ?? null,
        token.decimals,
        token.icon ?? null,
        token.tokenProgram ?? null,
        JSON.stringify((token.tags ?? []).sort()),
        token.isVerified ? 1 : 0,
        token.createdAt ?? null,
        seenAt,
        seenAt,
        token.website ?? null,
        token.twitter ?? null,
        token.launchpad ?? null,
        token.mintAuthority ?? null,
        token.freezeAuthority ?? null,
      );
    }
  });
  for await (const tokens of tokensOf(response)) insertAll(tokens);
  database.close();
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
