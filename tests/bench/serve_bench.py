#!/usr/bin/env python3
"""What serving adds to the engine: a real timbred on loopback beside the engine alone and a bare gRPC echo, in turns.
Run by scripts/bench serve; it must have the machine to itself, for the load comes from the same cores.

Writes the medians of the turns, the goals, and what each turn gave."""
import argparse
import contextlib
import json
import math
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time

import rounds

GFLOP_PER_WINDOW = 3.4565  # of the direct convolution, as engine_bench counts
BATCH = 16
QUEUE = 64  # windows; at saturation fewer are in flight, at twice the capacity it is always full
IN_FLIGHT = 48
PROMOTES = 200
PROMOTE_LOAD = 0.4  # of what was served at saturation
START_SECONDS = 120


def clock_seconds(pid):
    """CPU seconds of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running_server(timbred, folder, args, loaded_versions=3):
    """Yields (address, pid)."""
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    config = folder / "timbred.textproto"
    wait = "" if args.batch_wait_ms is None else f"max_batch_wait_ms: {args.batch_wait_ms}"
    config.write_text(f'listen_address: "127.0.0.1:0"\nmetrics_address: "off"\nready_file: "{ready}"\n'
                      f'state_dir: "{folder}/state"\ndevice: "cpu"\ncompute_threads: {args.threads}\nlog_level: "warn"\n'
                      f'inference {{ precision: "{args.precision}" max_batch_windows: {BATCH} '
                      f'queue_capacity_windows: {QUEUE} loaded_versions: {loaded_versions} {wait} }}\n')
    with open(folder / "timbred.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen([timbred, "--config", config], stdout=log, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + START_SECONDS
        while not (ready.exists() and ready.read_text().strip()):
            if server.poll() is not None or time.monotonic() > until:
                sys.exit(f"bench: timbred did not get ready; see {folder}/timbred.log")
            time.sleep(0.05)
        yield ready.read_text().strip(), server.pid
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@contextlib.contextmanager
def talking(*command):
    """A program that is asked by lines and ends with its input."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Bench:
    def __init__(self, args, folder):
        self.args, self.build = args, pathlib.Path(args.program).resolve().parents[2]
        self.timbre_program = self.build / "client" / "cli" / "timbre"
        self.folder = folder
        self.turns = []

    def timbre(self, *words):
        done = subprocess.run([self.timbre_program, "--server", self.address, "--timeout", "120", *map(str, words),
                               "--json"], stdout=subprocess.PIPE, text=True, timeout=300)
        if done.returncode != 0:
            sys.exit(f"bench: timbre {words} failed: {done.stdout}")
        return json.loads(done.stdout)

    def load(self, *words):
        return self.timbre("bench", "--duration", self.args.seconds, "--warmup", 1, *words)["summary"]

    def publish(self):
        checkpoint = self.folder / "encoder.safetensors"
        subprocess.run([self.args.program, "checkpoint", checkpoint], check=True)
        self.timbre("model", "import", checkpoint, "--model", "m")
        self.timbre("promote", "m/1")
        self.timbre("bench", "--duration", 1, "--concurrency", BATCH)  # loads, warms up

    def engine_rate(self, engine):
        engine.stdin.write(f"timbre {self.args.precision} {self.args.threads} {BATCH} {self.args.seconds}\n")
        engine.stdin.flush()
        return float(engine.stdout.readline()) / GFLOP_PER_WINDOW

    def ask(self, echo, rps):
        """The echo's figures: one call after another (rps 0), or as seldom as the server is asked, when caches and cores
        have gone cold between."""
        done = subprocess.run([self.args.program, "ask", echo, str(self.args.seconds), str(rps)], check=True,
                              stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)

    def turn(self, engine, echo, pid):
        engine_rate = self.engine_rate(engine)
        before, client = clock_seconds(pid), resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        saturated = self.load("--concurrency", IN_FLIGHT)
        took = time.monotonic() - began
        server_cores = (clock_seconds(pid) - before) / took
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        one = self.load("--concurrency", 1)
        echoed = self.ask(echo, 0)
        paced = self.ask(echo, one["requests_per_second"])
        result = {"engine_windows_per_second": engine_rate,
                  "served_windows_per_second": saturated["windows_per_second"],
                  "server_cores": server_cores,
                  "client_cores": (after.ru_utime + after.ru_stime - client.ru_utime - client.ru_stime) / took,
                  "one_window_p50_ms": one["latency_ms"]["p50"],
                  "one_window_infer_p50_ms": one["phases_ms"]["infer"]["p50"],
                  "one_window_decode_p50_ms": one["phases_ms"]["decode"]["p50"],
                  "one_window_queue_p50_ms": one["phases_ms"]["queue"]["p50"],
                  "one_window_outside_server_p50_ms": one["outside_server_ms"]["p50"],
                  "beside_engine_p50_ms": one["beside_infer_ms"]["p50"],
                  "echo_p50_ms": echoed["beside_infer_ms"]["p50"],
                  "paced_echo_p50_ms": paced["beside_infer_ms"]["p50"]}
        overload = self.overload(result["served_windows_per_second"])
        result |= {key: overload[key] for key in ("goodput_windows_per_second", "rejected", "rejection_p50_ms",
                                                  "rejection_p99_ms", "overload_errors")}
        result["goodput_share"] = result["goodput_windows_per_second"] / result["served_windows_per_second"]
        result["served_share"] = result["served_windows_per_second"] / engine_rate
        result["above_echo_ms"] = result["beside_engine_p50_ms"] - result["echo_p50_ms"]
        return result

    def overload(self, capacity):
        summary = self.load("--rps", f"{2 * capacity:.2f}", "--deadline-ms", 5000)
        refused = next((error for error in summary["errors"] if error["code"] == "RESOURCE_EXHAUSTED"), None)
        return {"goodput_windows_per_second": summary["windows_per_second"],
                "rejected": refused["count"] if refused else 0,
                "rejection_p50_ms": refused["latency_ms"]["p50"] if refused else math.inf,
                "rejection_p99_ms": refused["latency_ms"]["p99"] if refused else math.inf,
                "overload_errors": {error["code"]: error["count"] for error in summary["errors"]}}

    def run(self):
        with running_server(self.build / "server" / "timbred", self.folder, self.args) as (self.address, pid):
            self.publish()
            with talking(self.build / "tests" / "bench" / "engine_bench") as (engine, isa), \
                    talking(self.args.program, "echo") as (_, echo):
                for _ in range(self.args.rounds):
                    self.turns.append(self.turn(engine, echo, pid))
            medians = self.medians()
        return medians | self.promotes(medians["served_windows_per_second"]), rounds.isa(isa)

    def promotes(self, capacity):
        """p99 of a steady load, alone and while versions are promoted that must be loaded each time."""
        rps, seconds = f"{PROMOTE_LOAD * capacity:.2f}", self.args.promote_seconds / 2
        with running_server(self.build / "server" / "timbred", self.folder, self.args, loaded_versions=1) as (self.address, _):
            self.timbre("model", "import", self.folder / "encoder.safetensors", "--model", "m")
            steady, during, promoted = [], [], []
            for _ in range(2):
                # As long as with promotes: of fewer calls the 99th percentile is another figure.
                steady.append(self.timbre("bench", "--rps", rps, "--duration", seconds)["summary"])
                promoter = subprocess.Popen([self.args.program, "promote", self.address, str(PROMOTES // 2),
                                             str(seconds)], stdout=subprocess.PIPE, text=True)
                during.append(self.timbre("bench", "--rps", rps, "--duration", seconds)["summary"])
                promoted.append(json.loads(promoter.communicate(timeout=300)[0]))
        p99 = [max(turn["latency_ms"]["p99"] for turn in turns) for turns in (steady, during)]
        return {"steady_p99_ms": p99[0], "promoting_p99_ms": p99[1], "promote_mean_ms": sum(turn["mean_ms"] for turn in promoted) / len(promoted),
                "promotes": PROMOTES, "promotes_failed": sum(turn["failed"] for turn in promoted),
                "failed_while_promoting": sum(error["count"] for turn in during for error in turn["errors"])}

    def medians(self):
        return rounds.medians([{key: value for key, value in turn.items() if key != "overload_errors"}
                               for turn in self.turns])


def table(medians):
    """(what, measured, goal, met)"""
    share, above = medians["served_share"], medians["above_echo_ms"]
    yield ("served at saturation", f"{medians['served_windows_per_second']:.1f} of the engine's "
           f"{medians['engine_windows_per_second']:.1f} windows/s: {share:.1%}", ">= 90 %", share >= 0.9)
    yield ("one window, p50, beside the engine", f"{medians['beside_engine_p50_ms']:.3f} ms, echo "
           f"{medians['echo_p50_ms']:.3f} ms: {above:+.3f} ms", "<= +0.15 ms", above <= 0.15)
    yield ("goodput at twice the capacity", f"{medians['goodput_windows_per_second']:.1f} windows/s: "
           f"{medians['goodput_share']:.1%} of the peak", ">= 90 %", medians["goodput_share"] >= 0.9)
    yield ("a rejection", f"p50 {medians['rejection_p50_ms']:.3f} ms, p99 {medians['rejection_p99_ms']:.3f} ms, "
           f"{medians['rejected']:.0f} of them", "p50 < 1 ms", medians["rejection_p50_ms"] < 1)
    failed = medians["promotes_failed"] + medians["failed_while_promoting"]
    ratio = medians["promoting_p99_ms"] / medians["steady_p99_ms"]
    yield (f"{medians['promotes']} promotes under load", f"p99 {medians['promoting_p99_ms']:.1f} ms, steady "
           f"{medians['steady_p99_ms']:.1f} ms: {ratio:.2f}; {failed:.0f} calls failed", "<= 1.25, none",
           ratio <= 1.25 and failed == 0)


def finite(figures):
    return {key: None if value == math.inf else value for key, value in figures.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of a measurement in a turn")
    parser.add_argument("--promote-seconds", type=float, default=40, help=f"in which {PROMOTES} promotes are made")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the engine, alone and served")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--batch-wait-ms", type=int, help="the server's max_batch_wait_ms; else its default")
    args = parser.parse_args()
    args.program = str(pathlib.Path(args.program).resolve())

    folder = pathlib.Path(args.out).resolve().parent / "serve"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    bench = Bench(args, folder)
    medians, isa = bench.run()
    rows = list(table(medians))
    for what, measured, goal, met in rows:
        print(f"{what:36}{measured:58}{goal:14}{'met' if met else 'missed'}")
    print(f"of that: decode {medians['one_window_decode_p50_ms']:.3f}, queue {medians['one_window_queue_p50_ms']:.3f}, outside "
          f"the server {medians['one_window_outside_server_p50_ms']:.3f} ms; an echo asked as seldom takes "
          f"{medians['paced_echo_p50_ms']:.3f} ms")
    print(f"at saturation the server takes {medians['server_cores']:.2f} cores, the load {medians['client_cores']:.2f}")
    rounds.write(args.out, {"precision": args.precision, "threads": args.threads, "medians": finite(medians),
                            "goals": {what: met for what, _, _, met in rows}, "turns": [finite(turn) for turn in bench.turns],
                            "machine": rounds.machine() | {"isa": isa}})


if __name__ == "__main__":
    main()
