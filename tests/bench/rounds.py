"""What all benchmark scripts share: programs pinned to one core, run in turns, so that what else the machine does
disturbs all alike; medians over the turns."""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("program", help="the built Google Benchmark program")
    parser.add_argument("out", help="the JSON file to write")
    parser.add_argument("--cpu", type=int, default=os.cpu_count() - 1, help="the core that all are pinned to")
    parser.add_argument("--rounds", type=int, default=5, help="turns of ours and peers")
    parser.add_argument("--seconds", type=float, default=1, help="CPU seconds of a measurement in a turn")
    return parser.parse_args()


def google_benchmark(program, cpu, seconds):
    """{name: CPU seconds of an item}. Benchmarks without items count iterations."""
    done = subprocess.run(["taskset", "-c", str(cpu), program, "--benchmark_format=json",
                           f"--benchmark_min_time={seconds}"], check=True, capture_output=True, text=True)
    units = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}
    result = {}
    for run in json.loads(done.stdout)["benchmarks"]:
        name = run["name"].split("/")[0]
        per_item = 1 / run["items_per_second"] if "items_per_second" in run else None
        result[name] = per_item or run["cpu_time"] * units[run["time_unit"]]
    return result


def peer(python, script, cpu, *words):
    done = subprocess.run(["taskset", "-c", str(cpu), python, script, *map(str, words)], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def turn_arguments(description, seconds, others):
    """Of a benchmark whose contenders answer questions; `others`: the peers that can be left out."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("program")
    parser.add_argument("out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=seconds, help="of a measurement in a turn")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--without", nargs="*", default=[], choices=others, help="peers to leave out")
    return parser


def ask_in_turns(contenders, question, args):
    """{name: the median of the turns' answers}; a contender that cannot answer the question is left out."""
    turns = {}
    for _ in range(args.rounds):
        for name, contender in contenders.items():
            answer = contender.ask(name, *question, args.seconds)
            if answer is not None:
                turns.setdefault(name, []).append(answer)
    return {name: statistics.median(values) for name, values in turns.items()}


class Contender:
    """A program that answers a question a line."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.greeting = self.process.stdout.readline().strip()
        self._idle_bytes = self._resident_bytes("VmRSS")

    def _resident_bytes(self, field):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            line, = (line for line in status if line.startswith(field))
        return int(line.split()[1]) * 1024

    def peak_bytes(self):
        """What was resident at most, above what its libraries took before the first question."""
        return self._resident_bytes("VmHWM") - self._idle_bytes

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer:
            sys.exit(f"{words[0]} ended at {words}; run its program by hand to see why")
        return None if answer == "-" else float(answer)

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def medians(turns):
    return {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}


def median_ratio(turns, ours, theirs):
    """How many times faster ours is: the median of the turns' ratios."""
    return statistics.median(turn[theirs] / turn[ours] for turn in turns)


def machine():
    model = platform.processor()
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"cpu": model, "cores": os.cpu_count(), "load_average": os.getloadavg()[0]}


def isa(greeting):
    """What the kernels run on (the program's first line), and what the CPU multiplies bf16 with."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        flags = next((line for line in info if line.startswith("flags")), "").split()
    return " ".join([greeting] + [flag for flag in ("avx512_bf16", "amx_bf16") if flag in flags])


def write(path, document):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
