#!/bin/sh
# Holds the simulator to its promises: a replay gives the same trace twice, a
# bug is found, and what it prints then is the command that shows it again.
# Then runs it with the narration, which takes both locks, and asks the clocks.
# Last, the same promises of the explorer.
# Usage: check_sim.sh build/tests/sim [build/explore/explore], from the top of
# the repository.
set -u
sim=$1 explore=${2-}
RUN=${RUN-}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

fail() {
    echo "check_sim: $*" >&2
    exit 1
}

for scenario in select_and_drop spawn_storm; do
    for run in 1 2; do
        $RUN "$sim" $scenario 7 > "$out/$run" || fail "$scenario 7 failed"
    done
    test "$(wc -l < "$out/1")" -gt 100 || fail "the trace of $scenario is short"
    cmp -s "$out/1" "$out/2" || fail "two traces of $scenario 7 differ"
done

# A scenario with a deadlock in it, on purpose. Every part of a search is there:
# the seed, the reason, and the replay, which fails with the same reason.
# shellcheck disable=SC2086 # RUN and the replay are several words
env -u TRALE_TEST_ROUNDS $RUN "$sim" 200 opposite_locks 2> "$out/1" > "$out/2" &&
    fail "200 seeds did not find the deadlock of opposite_locks"
replay=$(sed -n 's/^sim: opposite_locks, seed [0-9]*: deadlock: .*; replay with: //p' "$out/1")
test -n "$replay" || fail "no command to replay in: $(cat "$out/1")"
for run in 1 2; do
    # shellcheck disable=SC2086
    $RUN $replay > "$out/$run" && fail "the replay did not fail: $replay"
done
cmp -s "$out/1" "$out/2" || fail "the two traces differ of: $replay"
grep -q 'deadlock: main waits in pthread_join.*pthread_mutex_lock' "$out/1" ||
    fail "the replay does not say who waits where: $(tail -n 1 "$out/1")"
$RUN "$sim-talking" 50 > "$out/2" || fail "talking: $(grep '^sim' "$out/2")"
TRALE_TRACE=1 $RUN "$sim-talking" 50 2> "$out/1" > "$out/2" ||
    fail "with TRALE_TRACE=1: $(grep '^sim' "$out/1" "$out/2")"
grep -q ' executor poll  *block#1 ' "$out/1" || fail "nothing was narrated"
# Two scenarios with a bug in them. One preemption is enough, and what is shown
# is short.
for bug in "opposite_locks deadlock: main waits in pthread_mutex_lock" \
    "unlocked a data race: "; do
    [ -n "$explore" ] || continue
    scenario=${bug%% *}
    "$explore" 1 "$scenario" > "$out/1" 2>&1 &&
        fail "one preemption did not find the bug of $scenario"
    grep -q "^$scenario: ${bug#* }" "$out/1" ||
        fail "$scenario failed in another way: $(cat "$out/1")"
    lines=$(sed -n '/^main  /,/^unlocked: \|^opposite_locks: /p' "$out/1" | wc -l)
    [ "$lines" -gt 2 ] && [ "$lines" -le 31 ] || # the last is the reason
        fail "the timeline of $scenario has $lines lines"
    replay=$(sed -n 's/^replay with: //p' "$out/1")
    test -n "$replay" || fail "no command to replay $scenario"
    # shellcheck disable=SC2086 # the replay is several words
    $replay > "$out/2" 2>&1 && fail "the replay did not fail: $replay"
    grep "^$scenario: ${bug#* }" "$out/2" > "$out/reason" ||
        fail "the replay fails in another way: $replay"
    "$explore" 0 "$scenario" > "$out/2" 2>&1 ||
        [ "$scenario" = unlocked ] ||
        fail "$scenario needs no preemption, and one was reported"
done
echo "check_sim: runs can be replayed, and a planted bug is found"
