// Prints the line of each program.
#include "programs.h"

int main(void)
{
    for (const struct lwt_part *part = lwt_parts; part->name != NULL; part++)
        lwt_part_run(part, stdout);
    return 0;
}
