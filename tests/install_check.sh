#!/bin/sh
# install_check.sh FILE: finds the Check library, and writes how it is linked to
# FILE and how it is compiled with to FILE.c. Where it is missing, unpacks the
# distribution's package beside FILE: no root is needed, and nothing is
# installed. CHECK_CFLAGS and CHECK_LIBS name another.
set -eu
flags_file=$1
here=$(dirname "$1")/check-library
cc=${CC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

echo 'int main(void) { return 0; }' > "$work/probe.c"
# shellcheck disable=SC2086 # CC and the flags may be several words
$cc -o "$work/probe" "$work/probe.c" -pthread 2> "$work/log" ||
    die "The compiler does not work, so nothing can be built: $cc says" \
        "$(sed 's/^/    /' "$work/log")"

cat > "$work/probe.c" << 'C'
#include <check.h>
int main(void)
{
    SRunner *runner = srunner_create(suite_create("probe"));
    srunner_run_all(runner, CK_SILENT);
    srunner_free(runner);
    return 0;
}
C

# works CFLAGS LIBS: if so, writes the files.
works() {
    # shellcheck disable=SC2086
    $cc $1 -o "$work/probe" "$work/probe.c" $2 -pthread 2> "$work/log" ||
        return
    echo "$1" > "$flags_file.c"
    echo "$2" > "$flags_file"
    exit 0
}

# Debian's Check is static and wants its own libraries named, others' is not.
find_check() { # find_check CFLAGS FLAGS
    for flags in "-lcheck" "-lcheck -lm -lrt" "-lcheck -lsubunit -lm -lrt"; do
        works "$1" "$2 $flags" || true
    done
}

# unpacked: makes $here/usr of what the distribution has.
unpacked() {
    if command -v apt-get && command -v dpkg; then
        set -- check libsubunit-dev libsubunit0
        (cd "$here" && apt-get download "$@" &&
            for package in ./*.deb; do dpkg -x "$package" .; done)
    elif command -v dnf && command -v rpm2cpio && command -v cpio; then
        (cd "$here" && dnf download check check-devel &&
            for package in ./*.rpm; do rpm2cpio "$package" | cpio -id; done)
    elif command -v apk; then
        (cd "$here" && apk fetch check check-dev &&
            for package in ./*.apk; do tar -xzf "$package"; done)
    else
        echo "there is no apt-get, dnf or apk here"
        return 1
    fi
} > "$work/log" 2>&1

if [ -n "${CHECK_CFLAGS-}${CHECK_LIBS-}" ]; then
    works "${CHECK_CFLAGS-}" "${CHECK_LIBS--lcheck}" || true
    die "CHECK_CFLAGS and CHECK_LIBS do not lead to a Check library:" \
        "$(sed 's/^/    /' "$work/log")"
fi
find_check "" ""

echo "The tests need the Check library. Unpacking the distribution's to $here"
echo "(nothing is installed, and root is not needed)."
mkdir -p "$here"
if unpacked; then
    for library in "$here"/usr/lib/*/libcheck.* "$here"/usr/lib*/libcheck.*; do
        [ -e "$library" ] || continue
        folder=${library%/*}
        find_check "-isystem $here/usr/include" "-L$folder -Wl,-rpath,$folder"
    done
fi
die "That failed:" "$(tail -n 3 "$work/log" | sed 's/^/    /')" \
    "Install Check (Debian's package is check, Fedora's check-devel), or say" \
    "where it is: make test CHECK_CFLAGS=-I... CHECK_LIBS='-L... -lcheck'"
