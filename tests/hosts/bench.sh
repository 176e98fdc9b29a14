#!/bin/sh
# A round trip over UDP in several shapes: medians of seven runs on one CPU, where
# the shapes take turns. bench.c says what each is.
#
#     sh tests/hosts/bench.sh PROGRAM [UV_PROGRAM]
set -eu
pinned="taskset -c $(taskset -cp $$ | sed 's/.*[^0-9]//')" # the last CPU
[ $# = 2 ] || echo "skip    there is no libuv here (Debian: libuv1-dev)"
for _ in 1 2 3 4 5 6 7; do
    for shape in trale reactor fast by_hand rearms never_rearms; do
        $pinned "$1" $shape
    done
    [ $# = 1 ] || $pinned "$2"
done | sort -k1,1 -k2,2n | awk '
    { ns[$1, ++n[$1]] = $2 }
    END {
        print "\nA UDP round trip on one CPU: ns, median of 7 (min .. max)\n"
        printf "%-28s%8s%19s%12s\n", "", "ns", "", "of by_hand"
        count = split("trale reactor fast libuv by_hand rearms never_rearms", names, " ")
        for (i = 1; i <= count; i++) {
            name = names[i]
            if (n[name]) printf "%-28s%8d  (%6d .. %6d)%12.2f\n", name,
                ns[name, 4], ns[name, 1], ns[name, 7],
                ns[name, 4] / ns["by_hand", 4]
        }
    }'
