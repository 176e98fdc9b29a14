"""trace_processor.py RUN...: asks Perfetto's trace processor what it reads in RUN.json."""
import re
import sys

from perfetto.trace_processor import TraceProcessor, TraceProcessorConfig


def ask(processor, query):
    return next(iter(processor.query(f"select count(*) as n from {query}"))).n


for run in sys.argv[1:]:
    said = re.findall(r"\.[0-9]{6} \w+ +([a-z-]+) ", open(f"{run}.trace").read())
    try:
        config = TraceProcessorConfig(load_timeout=30)
        processor = TraceProcessor(trace=f"{run}.json", config=config)
    except Exception as error:
        # Its shell is no part of the package: it is fetched at first use.
        print(f"perfetto: skipped: no trace processor here: {error}")
        sys.exit(0)
    polls = ask(processor, "slice where category = 'poll' and dur >= 0")
    assert polls == said.count("poll"), (run, polls)
    flows = ask(processor, "flow")
    assert flows == said.count("wake"), (run, flows)
    for thread in ("main", "executor", "reactor"):
        assert ask(processor, f"thread where name = '{thread}'") == 1, thread
    errors = ask(processor, "stats where severity = 'error' and value > 0")
    assert errors == 0, (run, errors)
    processor.close()
print(f"perfetto: its trace processor reads the polls and wakes of {len(sys.argv) - 1} runs")
