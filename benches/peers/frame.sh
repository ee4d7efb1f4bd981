#!/bin/sh
# What a crontab would hold in place of `punctual hello`: a lock, a deadline, the
# job, and one row of history. Usage: frame.sh LOCK DATABASE; the driver made the
# table beforehand, in WAL mode.
flock -n "$1" timeout 10 sh -c 'echo "Hello, world!"'
code=$?
sqlite3 "$2" "INSERT INTO runs (id, job, trigger, started_at, finished_at, outcome, exit_code)
    VALUES (lower(hex(randomblob(16))), 'hello', 'cli', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
            strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), iif($code = 0, 'succeeded', 'failed'), $code)"
exit "$code"
