#!/bin/sh
# Opens the pages in headless Chromium and steps through them with its keys and
# buttons. Installs what is missing. Run it from the repository's top, after
# tests/check_diagram.sh: sh tests/check_page.sh
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
mkdir -p "$BUILD"
check=page
. tests/diagram/tools.sh

browser() {
    for browser in chromium chromium-browser google-chrome chrome; do
        command -v $browser && return
    done
}

need node nodejs
[ -n "$(browser)" ] || need chromium chromium
# Some machines have it and do not let it run.
"$(browser)" --headless --no-sandbox --disable-gpu --dump-dom about:blank \
    > $BUILD/browser.log 2>&1 ||
    skip "$(browser) does not run here: $(tail -n 1 $BUILD/browser.log)"
runs=$(runs timer readme udp states hosts/drop odd joins cut long)
node tests/diagram/page.mjs "$(browser)" $runs
