#!/usr/bin/env python3
"""The training engine, the roof of its machine, LibTorch and PyTorch, asked in turns. Run by scripts/bench train. Writes a
list of {"name", "precision", "threads", "batch", "windows_per_s", "peak_bytes"} and what machine it was."""
import pathlib
import sys

import rounds

PEERS = pathlib.Path(__file__).resolve().parent / "peers" / "train_peers.py"
OURS = ("timbre", "roof", "libtorch")
OTHERS = ("torch-eager", "torch-compile")


def main():
    parser = rounds.turn_arguments(__doc__, 5, OTHERS)
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()

    others = [name for name in OTHERS if name not in args.without]
    commands = {name: [args.program] for name in OURS} | {name: [sys.executable, str(PEERS)] for name in others}
    results, isa = [], ""
    print(f"{'windows/s':24}" + "".join(f"{name:>15}" for name in commands) + f"{'x PyTorch':>12}{'x LibTorch':>12}")
    for precision in ("fp32", "bf16"):
        for threads in args.threads:
            # Started anew for each question, so that nothing of the one before counts into the peak.
            contenders = {name: rounds.Contender(command) for name, command in commands.items()}
            rates = rounds.ask_in_turns(contenders, (precision, threads, args.batch), args)
            peaks = {name: contender.peak_bytes() for name, contender in contenders.items()}
            isa = rounds.isa(contenders["timbre"].greeting)
            for contender in contenders.values():
                contender.end()
            results += [{"name": name, "precision": precision, "threads": threads, "batch": args.batch,
                         "windows_per_s": rate, "peak_bytes": peaks[name]} for name, rate in rates.items()]
            best = max((rates[name] for name in others), default=None)
            cells = "".join(f"{rate:15.1f}" for rate in rates.values())
            over_best = f"{rates['timbre'] / best:12.2f}" if best else f"{'-':>12}"
            print(f"{f'{precision}, {threads} thread(s)':24}{cells}{over_best}"
                  f"{rates['timbre'] / rates['libtorch']:12.2f}", flush=True)
            print(f"{'  peak MB':24}" + "".join(f"{peak / 1e6:15.0f}" for peak in peaks.values()), flush=True)
    rounds.write(args.out, results + [rounds.machine() | {"isa": isa}])


if __name__ == "__main__":
    main()
