#!/bin/sh
# Whether Mermaid's own parser accepts the diagrams, and reads in them what they
# are to say. Installs it from npm, into BUILD/npm. Run it from the repository's
# top, after tests/check_diagram.sh: sh tests/check_mermaid.sh
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
mkdir -p "$BUILD/npm"
check=mermaid
. tests/diagram/tools.sh

need node nodejs
need npm npm
version=11.17.2
if ! grep -q "\"version\": \"$version\"" \
    $BUILD/npm/node_modules/mermaid/package.json 2> /dev/null
then
    npm install --prefix $BUILD/npm --no-save --ignore-scripts --no-audit \
        --no-fund --loglevel=error "mermaid@$version" \
        > $BUILD/install.log 2>&1 ||
        skip "npm cannot install mermaid: $(head -n 1 $BUILD/install.log)"
fi
runs=$(runs readme states sub_tasks timer udp udp_echo hosts/scenario hosts/drop odd joins cut story)
node tests/diagram/mermaid.mjs $BUILD/npm/node_modules/mermaid $runs
