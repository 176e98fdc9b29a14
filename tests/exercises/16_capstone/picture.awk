# Of a trace: what happened to each task, in its order, and on which thread. What
# depends on who is faster is left out: times, queues, numbers of descriptors.
/^ *[0-9]+\.[0-9][0-9][0-9][0-9][0-9][0-9] / && $3 !~ /^(join|drop|wake-noop|deregister)$/ {
    if (!($4 in lines)) tasks[++count] = $4
    lines[$4] = lines[$4] sprintf("%-8s %-8s %s\n", $2, $3, $4)
}
END {
    for (i = 1; i <= count; i++)
        for (j = i + 1; j <= count; j++)
            if (tasks[j] < tasks[i]) {
                task = tasks[i]
                tasks[i] = tasks[j]
                tasks[j] = task
            }
    for (i = 1; i <= count; i++) printf "%s\n", lines[tasks[i]]
}
