# For the checks of the pictures that need more than a compiler and awk. They
# are only as good as their tools, so they install those that are missing, and
# where that cannot be done say that they were skipped.

skip() {
    echo "$check: skipped: $*"
    exit 0
}

# need COMMAND PACKAGE...: the Debian packages are installed where the command
# is missing.
need() {
    command -v "$1" > /dev/null && return
    command=$1
    shift
    command -v apt-get > /dev/null ||
        skip "there is no $command, and no apt-get to install it with"
    sudo=
    [ "$(id -u)" = 0 ] || sudo="sudo -n"
    echo "$check: there is no $command; installing $*"
    # The lists of packages may be out of date, or not there at all.
    for update in false true; do
        $update && $sudo apt-get update -qq
        $sudo apt-get install -y -qq --no-install-recommends "$@" && break
    done > $BUILD/install.log 2>&1 || true
    command -v "$command" > /dev/null ||
        skip "$command could not be installed: $(tail -n 1 $BUILD/install.log)"
}

# The runs that tests/check_diagram.sh has left, drawn anew. Names them.
runs() {
    [ -s "$BUILD/diagram/odd.trace" ] || sh tests/check_diagram.sh >&2 || exit 1
    for name in "$@"; do
        sh examples/trace/draw.sh "$BUILD/diagram/$name.trace" || exit 1
        echo "$BUILD/diagram/$name"
    done
}
