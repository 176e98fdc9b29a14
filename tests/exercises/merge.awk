# Joins the list of graded items with what the programs have reported, one for
# each sanitizer. An item has passed only if each of them says so; one without a
# result has failed. Prints, apart by tabs: exercise, item, points, points at
# most, passed or failed, title, message, task, last events, where to read.
#
#     awk -f merge.awk -v exercise= -v file= -v built= ITEMS LOG [RESULTS...]
#
# LOG is what the compiler said. The byte 036 stands for a newline.

BEGIN {
    FS = OFS = "\t"
    programs = ARGC - 3
}

FILENAME == ARGV[1] {
    names[++count] = $1
    points[$1] = $2
    titles[$1] = $3
    next
}

# The linker names what is missing; who wonders why has not read the comment.
FILENAME == ARGV[2] {
    gsub(/\t/, " ")
    gsub(/[^ -~]/, "?")
    if (/is refused/) refusal = $0
    if (/undefined (reference to|symbol)/) {
        missing = $0
        sub(/.*undefined (reference to|symbol):? ?[^a-zA-Z_]*/, "", missing)
        sub(/[^a-zA-Z0-9_].*/, "", missing)
        if (!(missing in seen))
            lacks = lacks (lacks == "" ? "" : " and ") missing
        seen[missing] = 1
    }
    if (++lines <= 30) log_text = log_text "\036" substr($0, 1, 200)
    next
}

{
    reported[FILENAME, $1]++
    reports[$1]++
    if ($3 != "passed" && !($1 in failed)) {
        failed[$1] = 1
        details[$1] = $5 OFS $6 OFS $7 OFS $8
    }
}

END {
    for (i = 1; i <= count; i++) {
        name = names[i]
        if (!built) {
            failed[name] = 1
            if (refusal != "")
                why = refusal
            else if (i > 1)
                why = "It does not compile."
            else if (lacks != "")
                why = file " does not define " lacks ", which is called. Has " \
                    "it been deleted, renamed or made static?"
            else
                why = "It does not compile:" log_text
            details[name] = why OFS OFS OFS
        } else if (!(name in failed) && reports[name] < programs) {
            failed[name] = 1
            details[name] = "The program ended before this check had a " \
                "result. Only a check that has run to its end has passed, so " \
                "nothing may end the program: no exit, no constructor." \
                OFS OFS OFS
        }
        if (name in failed)
            print exercise, name, 0, points[name], "failed", titles[name], \
                details[name]
        else
            print exercise, name, points[name], points[name], "passed", \
                titles[name], "", "", "", ""
    }
}
