# shellcheck shell=sh disable=SC2154,SC2086
# build_parts WORK SANITIZER: makes WORK/timer-SANITIZER and WORK/udp-SANITIZER of
# the student's exercises, of which WORK/answer.o is the last. To be sourced. What
# goes wrong is said in WORK/parts; which others have not passed as they are now,
# in WORK/doubtful.
#
# The others are the student's files, or the solutions if EXERCISE_PARTS=solution,
# but for one that is in WORK.
build_parts() {
    objects_of=$objects/$2/$name
    : > "$1/parts"
    : > "$1/doubtful"
    cp "$1/answer.o" "$1/$name.o"
    made=
    while read -r part prefix renamed; do
        source=$answers/$part.c
        object=$1/$part.o
        [ "${EXERCISE_PARTS-}" != solution ] || source=$dir/$part/solution.c
        [ -e "$source" ] || source=$dir/$part/stub.c
        [ "${EXERCISE_PARTS-}" = solution ] || [ "$part" = "$name" ] ||
            case $(state "$part") in
            'done') ;;
            changed) echo "$part.c was changed after it was checked: make exercise N=${part%%_*}." ;;
            *) echo "$part.c does not pass its own checks: make exercise N=${part%%_*}." ;;
            esac >> "$1/doubtful"
        # The solutions need not be built for each answer.
        [ "${EXERCISE_PARTS-}" != solution ] || [ "$part" = "$name" ] ||
            object=$objects_of/$part.solution
        [ ! -e "$1/$part.c" ] || source=$1/$part.c object=$1/$part.o
        made="$made $object"
        [ "$object" = "$1/$part.o" ] || ! newer "$object" "$source" ./*.h "$files"/*.h || continue
        [ "$object" = "$1/$part.o" ] || {
            echo "#line 1 \"$part.c\"" | cat - "$source" > "$objects_of/$part.c"
            source=$objects_of/$part.c
        }
        [ "$part" = "$name" ] ||
            (name=$part && compile "$2" "$source" "$object" -O0) > "$1/parts.log" 2>&1 || {
            echo "$part.c does not compile: make exercise N=${part%%_*}" > "$1/parts"
            return
        }
        for function in $renamed; do
            objcopy --redefine-sym "$function=$prefix$function" "$object"
        done
        sed -n '/^\(mtx_\|cnd_\|call_once\)/p' "$objects_of/renamed" > "$1/renamed"
        objcopy --redefine-syms="$1/renamed" --keep-global-symbols="$dir/$name/called" "$object"
    done << END
02_block_on
03_run_queue q_ queue_push queue_pop task_poll task_release
06_wake w_ task_wake queue_push queue_pop task_poll
14_spawn_join j_ task_release
15_reactor_thread
$name
END
    newer "$objects_of/trale.obj" trale.c ./*.h ||
        { (name=$name && compile "$2" trale.c "$objects_of/trale.obj" -O0) &&
            objcopy --weaken --redefine-sym timer_sleep=trale_timer_sleep \
                --redefine-sym udp_socket_bind=trale_udp_socket_bind \
                --redefine-sym udp_socket_send_to=trale_udp_socket_send_to \
                "$objects_of/trale.obj"; } || return
    for each in executor "timer" "udp"; do
        source=examples/$each.c
        [ $each != executor ] || source=$dir/$name/executor.c
        newer "$objects_of/$each.obj" "$source" "$dir/$name"/*.[ch] ./*.h "$files"/*.h ||
            compile "$2" "$source" "$objects_of/$each.obj" || return
    done
    for each in timer udp; do
        $CC $sanitize -pthread -o "$1/$each-$2" "$objects_of/$each.obj" "$objects_of/executor.obj" \
            $made "$objects/$2/c11.o" "$objects_of/trale.obj" > "$1/parts" 2>&1 || return
    done
}
