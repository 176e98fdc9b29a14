// The reader of traces, trace.awk, which takes whatever a program has printed.
// awk answers each line with how many events and remarks it has read in it:
// there is one at least, unless the line is blank.
//
// libFuzzer does not see what its bytes do in awk, so it begins with traces.
//
// awk's answers come from a file. libFuzzer's timer interrupts the read of a pipe.
#define _POSIX_C_SOURCE 200809L // for mkstemp
#include "fuzz.h"

#include <string.h>

static char input[] = "build/fuzz/input-XXXXXX";
static char output[sizeof(input) + 4], command[500];

static void make_command(void)
{
    const char *reader = getenv("TRACE_AWK");
    const char *awk = getenv("AWK") != NULL ? getenv("AWK") : "awk";

    MUST(reader != NULL && mkstemp(input) != -1);
    snprintf(output, sizeof(output), "%s.out", input);
    snprintf(command, sizeof(command),
             "LC_ALL=C %s -f %s -f tests/fuzz/count.awk < %s > %s", awk, reader,
             input, output);
}

// Whether awk's next answer is right for this line, without its end.
static void check_line(FILE *answers, const char *line, size_t len)
{
    int events = -1, remarks = -1;
    size_t text = len > 0 && line[len - 1] == '\r' ? len - 1 : len, blank = 0;

    while (blank < text && (line[blank] == ' ' || line[blank] == '\t')) blank++;
    MUST(fscanf(answers, "%d %d", &events, &remarks) == 2);
    MUST(events == 0 || events == 1);
    MUST(events + remarks > 0 || blank == text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[4096];
    size_t begin = 0;

    if (*command == '\0') make_command();
    if (size > sizeof(text) - 1) size = sizeof(text) - 1;
    for (size_t i = 0; i < size; i++)
        text[i] = data[i] == 0 ? '?' : (char)data[i]; // awks differ on these
    text[size++] = '\n';
    FILE *file = fopen(input, "w");
    MUST(file != NULL);
    MUST(fwrite(text, 1, size, file) == size);
    MUST(fclose(file) == 0);
    MUST(system(command) == 0); // awk did not fail
    FILE *answers = fopen(output, "r");
    MUST(answers != NULL);
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\n') continue;
        check_line(answers, text + begin, i - begin);
        begin = i + 1;
    }
    MUST(getc(answers) == '\n' && getc(answers) == EOF);
    MUST(fclose(answers) == 0);
    return 0;
}
