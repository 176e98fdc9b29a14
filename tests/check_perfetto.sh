#!/bin/sh
# Whether Perfetto's own trace processor reads the JSON, and finds in it the
# polls and the arrows. It comes with the Python package perfetto, in a virtual
# environment below build/. Run it from the repository's top, after
# tests/check_diagram.sh: sh tests/check_perfetto.sh
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
mkdir -p "$BUILD"
check=perfetto
. tests/diagram/tools.sh

need python3 python3
venv=$BUILD/perfetto
[ -x "$venv/bin/pip" ] || python3 -m venv "$venv" > "$BUILD/install.log" 2>&1 ||
    skip "python3 has no venv: $(tail -n 1 "$BUILD/install.log")"
"$venv/bin/python" -c 'import perfetto' 2> /dev/null ||
    timeout 120 "$venv/bin/pip" install -q --retries 1 --timeout 10 perfetto \
        > "$BUILD/install.log" 2>&1 ||
    skip "pip cannot install perfetto: $(tail -n 1 "$BUILD/install.log")"
FORMAT=perfetto
export FORMAT
runs=$(runs readme timer udp)
# shellcheck disable=SC2086
timeout 120 "$venv/bin/python" tests/diagram/trace_processor.py $runs
