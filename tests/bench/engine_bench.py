#!/usr/bin/env python3
"""The CPU engine, the roof of its machine and the engines that one can install, asked in turns. Run by
scripts/bench engine. Writes a list of {"name", "precision", "threads", "batch", "gflops"} and what machine it was."""
import pathlib
import sys

import rounds

PEERS = pathlib.Path(__file__).resolve().parent / "peers" / "engine_peers.py"
OURS = ("timbre", "roof")
OTHERS = ("openvino", "onnxruntime", "torch-eager", "torch-compile")
GFLOP_PER_WINDOW = 3.4565  # of the direct convolution: multiply-adds times two


def measure(contenders, question, args):
    """{name: GFLOP/s}. The peers know windows."""
    return {name: answer if name in OURS else answer * GFLOP_PER_WINDOW
            for name, answer in rounds.ask_in_turns(contenders, question, args).items()}


def main():
    parser = rounds.turn_arguments(__doc__, 2, OTHERS)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 64])
    args = parser.parse_args()

    others = [name for name in OTHERS if name not in args.without]
    contenders = {name: rounds.Contender([args.program]) for name in OURS}
    contenders |= {name: rounds.Contender([sys.executable, str(PEERS)]) for name in others}
    results = []
    print(f"{'GFLOP/s':34}" + "".join(f"{name:>15}" for name in contenders) + f"{'x openvino':>12}{'x roof':>8}")
    for precision in ("fp32", "bf16"):
        for threads in args.threads:
            for batch in args.batches:
                rates = measure(contenders, (precision, threads, batch), args)
                results += [{"name": name, "precision": precision, "threads": threads, "batch": batch, "gflops": rate}
                            for name, rate in rates.items()]
                cells = "".join(f"{rates[name]:15.1f}" if name in rates else f"{'-':>15}" for name in contenders)
                best = f"{rates['timbre'] / rates['openvino']:12.2f}" if "openvino" in rates else f"{'-':>12}"
                label = f"{precision}, {threads} thread(s), batch {batch}"
                print(f"{label:34}{cells}{best}{rates['timbre'] / rates['roof']:8.2f}", flush=True)
    rounds.write(args.out, results + [rounds.machine() | {"isa": rounds.isa(contenders["timbre"].greeting)}])
    for contender in contenders.values():
        contender.end()


if __name__ == "__main__":
    main()
