#!/usr/bin/env python3
"""The training engine, the roof of its machine, LibTorch and PyTorch, asked in turns. Run by scripts/bench train. Writes a
list of {"name", "precision", "threads", "batch", "windows_per_s"} and what machine it was."""
import argparse
import pathlib
import statistics
import sys

import rounds

PEERS = pathlib.Path(__file__).resolve().parent / "peers" / "train_peers.py"
OURS = ("timbre", "roof", "libtorch")
OTHERS = ("torch-eager", "torch-compile")


def measure(contenders, question, args):
    """{name: windows/s}, medians of the turns."""
    turns = {}
    for _ in range(args.rounds):
        for name, contender in contenders.items():
            turns.setdefault(name, []).append(contender.ask(name, *question, args.seconds))
    return {name: statistics.median(values) for name, values in turns.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of a measurement in a turn")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--without", nargs="*", default=[], choices=OTHERS, help="peers to leave out")
    args = parser.parse_args()

    others = [name for name in OTHERS if name not in args.without]
    contenders = {name: rounds.Contender([args.program]) for name in OURS}
    contenders |= {name: rounds.Contender([sys.executable, str(PEERS)]) for name in others}
    results = []
    print(f"{'windows/s':24}" + "".join(f"{name:>15}" for name in contenders) + f"{'x PyTorch':>12}{'x LibTorch':>12}")
    for precision in ("fp32", "bf16"):
        for threads in args.threads:
            rates = measure(contenders, (precision, threads, args.batch), args)
            results += [{"name": name, "precision": precision, "threads": threads, "batch": args.batch,
                         "windows_per_s": rate} for name, rate in rates.items()]
            best = max((rates[name] for name in others), default=None)
            cells = "".join(f"{rate:15.1f}" for rate in rates.values())
            over_best = f"{rates['timbre'] / best:12.2f}" if best else f"{'-':>12}"
            print(f"{f'{precision}, {threads} thread(s)':24}{cells}{over_best}"
                  f"{rates['timbre'] / rates['libtorch']:12.2f}", flush=True)
    rounds.write(args.out, results + [rounds.machine() | {"isa": contenders["timbre"].greeting}])
    for contender in contenders.values():
        contender.end()


if __name__ == "__main__":
    main()
