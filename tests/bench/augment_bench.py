#!/usr/bin/env python3
"""Augmentations and the view loader beside their peers. Run by scripts/bench augment."""
import pathlib
import sys

import rounds

PEERS = pathlib.Path(__file__).resolve().parent / "peers" / "augment_peers.py"
VIEWS = ("polarity", "noise", "gain", "high_pass", "low_pass", "high_low_pass", "delay", "reverb", "pitch_shift", "reverse",
         "tutorial_chain", "clmr_chain")
LOADERS = (("loader_tutorial", "decode_and_torch_tutorial"), ("loader_clmr", "decode_and_torch_clmr"),
           ("loader_crops_alone", None))


def view_rows(turns, median):
    for name in VIEWS:
        row = {"name": name, "timbre_us": median[name] * 1e6}
        for peer in ("torch", "pedalboard"):
            theirs = f"{peer}_{name}"
            if theirs in median:
                row[f"{peer}_us"] = median[theirs] * 1e6
                row[f"times_{peer}"] = rounds.median_ratio(turns, name, theirs)
        yield row


def loader_rows(turns, median):
    for ours, theirs in LOADERS:
        row = {"name": ours, "timbre_pairs_per_second": 1 / median[ours]}
        if theirs:
            row["peer_pairs_per_second"] = 1 / median[theirs]
            row["times_peer"] = rounds.median_ratio(turns, ours, theirs)
        yield row


def cell(row, key, form):
    return format(row[key], form) if key in row else "-"


def show(views, loaders):
    print(f"{'one view of 59,049 samples':28}{'timbre':>10}{'torch':>12}{'pedalboard':>12}{'x torch':>9}{'x pedalb.':>10}")
    for row in views:
        print(f"{row['name']:28}{cell(row, 'timbre_us', '.1f'):>7} us{cell(row, 'torch_us', '.0f'):>9} us"
              f"{cell(row, 'pedalboard_us', '.0f'):>9} us{cell(row, 'times_torch', '.1f'):>9}"
              f"{cell(row, 'times_pedalboard', '.1f'):>10}")
    print(f"\n{'pairs of views a second':28}{'timbre':>10}{'MP3 + torch':>14}{'times':>9}")
    for row in loaders:
        print(f"{row['name']:28}{cell(row, 'timbre_pairs_per_second', '.0f'):>10}"
              f"{cell(row, 'peer_pairs_per_second', '.0f'):>14}{cell(row, 'times_peer', '.1f'):>9}")


def main():
    options = rounds.arguments(__doc__)
    turns = []
    for turn in range(options.rounds):
        print(f"turn {turn + 1} of {options.rounds} on core {options.cpu}", file=sys.stderr)
        ours = rounds.google_benchmark(options.program, options.cpu, options.seconds / 2)
        turns.append(ours | rounds.peer(sys.executable, PEERS, options.cpu, options.seconds))
    median = rounds.medians(turns)
    views, loaders = list(view_rows(turns, median)), list(loader_rows(turns, median))
    show(views, loaders)
    rounds.write(options.out, {"machine": rounds.machine(), "unit": "CPU time of one core, medians over the turns",
                               "views": views, "loaders": loaders, "turns": turns})


if __name__ == "__main__":
    main()
