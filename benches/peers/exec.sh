#!/bin/sh
# What a crontab would hold in place of `punctual exec -- true`: a lock, a deadline, the command,
# and a history that knows of a run while it is going: one row made, one completed. Usage:
# exec.sh LOCK DATABASE; the driver made the table beforehand, in WAL mode.
id=$$-$(date +%s%N)
sqlite3 "$2" "INSERT INTO runs (id, job, trigger, started_at)
    VALUES ('$id', 'true', 'cli', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"
flock -n "$1" timeout 300 true
code=$?
sqlite3 "$2" "UPDATE runs SET finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
    outcome = iif($code = 0, 'succeeded', 'failed'), exit_code = $code WHERE id = '$id'"
exit "$code"
