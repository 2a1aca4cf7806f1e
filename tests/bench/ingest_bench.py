#!/usr/bin/env python3
"""Ingest beside a Python preparation of the same files. Run by scripts/bench ingest."""
import os
import pathlib
import sys
import tempfile

import rounds

PEERS = pathlib.Path(__file__).resolve().parent / "peers" / "ingest_peers.py"
KINDS = ("mp3", "flac", "wav")


def rows(turns, median):
    for kind in KINDS:
        yield {"name": kind,
               "decode_1": 1 / median[f"{kind}_decode_1"], "decode_all": 1 / median[f"{kind}_decode_all"],
               "cached_1": 1 / median[f"{kind}_cached_1"], "cached_all": 1 / median[f"{kind}_cached_all"],
               "python_1": 1 / median[f"python_{kind}"],
               "times_python": rounds.median_ratio(turns, f"{kind}_decode_1", f"python_{kind}")}


def show(table):
    print(f"{'audio seconds a second':24}{'1 thread':>10}{'all cores':>11}{'cached, 1':>11}{'cached, all':>13}"
          f"{'python':>9}{'x python':>10}")
    for row in table:
        print(f"{row['name']:24}{row['decode_1']:>10.0f}{row['decode_all']:>11.0f}{row['cached_1']:>11.0f}"
              f"{row['cached_all']:>13.0f}{row['python_1']:>9.0f}{row['times_python']:>10.2f}")


def main():
    options = rounds.arguments(__doc__)
    turns = []
    with tempfile.TemporaryDirectory() as corpus:
        os.environ["TIMBRE_BENCH_CORPUS"] = corpus
        for turn in range(options.rounds):
            print(f"turn {turn + 1} of {options.rounds} on core {options.cpu}", file=sys.stderr)
            os.environ["BENCHMARK_FILTER"] = "_1/"
            one = rounds.google_benchmark(options.program, options.cpu, options.seconds / 4)
            os.environ["BENCHMARK_FILTER"] = "_all/"
            every = rounds.google_benchmark(options.program, f"0-{os.cpu_count() - 1}", options.seconds / 4)
            turns.append(one | every | rounds.peer(sys.executable, PEERS, options.cpu, options.seconds, corpus))
    median = rounds.medians(turns)
    table = list(rows(turns, median))
    show(table)
    rounds.write(options.out, {"machine": rounds.machine(), "rows": table, "turns": turns,
                               "unit": "seconds of audio a second: of CPU time with 1 thread and in Python, of wall time "
                                       "with all cores; medians over the turns"})


if __name__ == "__main__":
    main()
