#!/usr/bin/env bash
# Installs what the peers of `cargo bench --bench sync`, `--bench daemon` and
# `--bench postgres` need into target/bench-peers: a Python virtual environment with
# requests, APScheduler, psycopg and the DuckDB command line, Node modules, and a program around
# tokio-cron-scheduler. Run it again at any time; what is there stays.
#
# From the system it needs: cargo, python3 with venv, node 20 or newer with npm, a
# C++ compiler (better-sqlite3 is built where no ready binary can be fetched), and
# curl, jq, sqlite3 and flock.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
peers=${CARGO_TARGET_DIR:-$root/target}/bench-peers

for tool in cargo python3 node npm curl jq sqlite3 flock timeout bash; do
    command -v "$tool" >/dev/null || {
        echo "error: $tool is missing: install it with the system's package manager" >&2
        exit 1
    }
done

mkdir -p "$peers"
if ! "$peers/venv/bin/python" -c 'import apscheduler, psycopg, requests' 2>/dev/null ||
    ! "$peers/venv/bin/duckdb" --version >/dev/null 2>&1; then
    python3 -m venv "$peers/venv"
    "$peers/venv/bin/pip" install --quiet --disable-pip-version-check requests apscheduler \
        'psycopg[binary]' duckdb-cli
fi

cd "$peers"
if ! node -e 'new (require("better-sqlite3"))(":memory:"); require("stream-json");
    require("croner"); require("node-cron")' 2>/dev/null; then
    [ -f package.json ] || echo '{ "private": true }' >package.json
    npm install --silent --no-audit --no-fund better-sqlite3 stream-json croner node-cron
    node -e 'new (require("better-sqlite3"))(":memory:")'
fi

CARGO_TARGET_DIR=$peers/cargo cargo install --quiet --locked --root "$peers" \
    --path "$root/benches/peers/daemon/tokio-cron-scheduler"

echo "peers are ready in $peers: duckdb $("$peers/venv/bin/duckdb" --version | cut -d' ' -f1)," \
    "$("$peers/venv/bin/python" --version), node $(node --version), $(jq --version)," \
    "sqlite3 $(sqlite3 --version | cut -d' ' -f1)"
