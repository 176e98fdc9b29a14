#!/bin/sh
# Writes to the file named the flags that link the Check library. Where Check
# is missing, installs it through the machine's package manager, saying so.
set -eu
flags_file=$1
cc=${CC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/probe.c" <<'C'
#include <check.h>
int main(void)
{
    SRunner *runner = srunner_create(suite_create("probe"));
    srunner_run_all(runner, CK_SILENT);
    srunner_free(runner);
    return 0;
}
C

# Debian's Check is static and wants its own libraries named, others' is not.
find_check() {
    for flags in "-lcheck" "-lcheck -lm -lrt" "-lcheck -lsubunit -lm -lrt"; do
        if $cc -o "$work/probe" "$work/probe.c" $flags -pthread 2> /dev/null
        then
            echo "$flags" > "$flags_file"
            return 0
        fi
    done
    return 1
}

find_check && exit

if command -v apt-get > /dev/null; then
    install="apt-get update && apt-get install -y check"
elif command -v dnf > /dev/null; then install="dnf install -y check-devel"
elif command -v apk > /dev/null; then install="apk add check-dev"
elif command -v pacman > /dev/null; then install="pacman -Sy --noconfirm check"
elif command -v zypper > /dev/null; then
    install="zypper --non-interactive install check-devel"
else
    echo "The tests need the Check library, https://libcheck.github.io/check/." >&2
    echo "Install it, then type: make check" >&2
    exit 1
fi
run="sh -c '$install'"
[ "$(id -u)" = 0 ] || run="sudo $run"
echo "The tests need the Check library, which is not installed. Installing it:"
echo "    $run"
eval "$run" && find_check && exit
echo "That failed. The tests need the Check library; please type:" >&2
echo "    $run" >&2
exit 1
