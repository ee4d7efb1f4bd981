#!/usr/bin/env bash
# Writes startup.ld: which functions a small run calls, so that the linker puts them together.
#
#     benches/startup.sh
#
# Needs valgrind. To be repeated when `cargo bench --bench frame` shows a peak that has grown.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

cargo build --release --locked
program=target/release/punctual
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PUNCTUAL_STATE_DIR=$work/state

"$program" hello >/dev/null
count=0
watch() {
    count=$((count + 1))
    valgrind --quiet --tool=callgrind --demangle=no --callgrind-out-file="$work/$count.calls" \
        "$program" "$@" >/dev/null
}
# The more often, the more of what happens now and then.
for _ in {1..12}; do
    watch hello
    watch hello --quiet
    watch exec --name true -- true
done

# Names of functions, without the mark of a recursive call; then all names of each, for the compiler
# gives functions of equal code one place.
grep -ohE '^c?fn=\([0-9]+\) .+' "$work"/*.calls | sed -E "s/^[^ ]+ //; s/'[0-9]+$//" | sort -u >"$work/called"
nm "$program" | awk '$2 ~ /^[tT]$/ { print $3, $1 }' | sort >"$work/places"
join "$work/called" "$work/places" | awk '{ print $2 }' | sort -u >"$work/called-places"
awk '{ print $2, $1 }' "$work/places" | sort | join - "$work/called-places" | awk '{ print $2 }' >"$work/own"

# Without what differs between builds: rustc's hashes, and the numbers of copies, LLVM's and gcc's.
sed -E 's/17h[0-9a-f]{16}E.*/17h*/; s/Cs[0-9A-Za-z]+_/Cs*_/g; s/\.((constprop|isra|part)\..*|[0-9]+$)/.*/' \
    "$work/own" | sort -u >"$work/patterns"
{
    cat <<'HEAD'
/* What a small run calls, put together by the linker: a program that starts a thousand times a day
   then reads a quarter of its code, and not most of it. Written by benches/startup.sh. A function
   whose name has changed since is merely not among them. */
SECTIONS
{
  .text.startup :
  {
    *(.text.startup .text.startup.*)
HEAD
    sed 's/.*/    *(.text.& .text.unlikely.&)/' "$work/patterns"
    printf '  }\n}\nINSERT BEFORE .text;\n'
} >startup.ld
