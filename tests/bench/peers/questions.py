"""What peers share that answer questions, a line `NAME PRECISION THREADS BATCH SECONDS` each."""
import sys
import time

import torch


def windows_per_second(call, batch, seconds):
    """Of calls that take `batch` windows each, after one that is not counted."""
    call()
    calls, begin = 0, time.perf_counter()
    while True:
        call()
        calls += 1
        took = time.perf_counter() - begin
        if took >= seconds:
            return calls * batch / took


def answer(make):
    """Answers by windows a second of what `make(name, precision, threads, batch)` returns, a function of no argument;
    by `-` where it raises NotImplementedError. What was made is kept for the next question of its kind."""
    print("ready", flush=True)
    known = {}
    for line in sys.stdin:
        name, precision, threads, batch, seconds = line.split()
        key = (name, precision, int(threads), int(batch))
        torch.set_num_threads(int(threads))
        try:
            if key not in known:
                known[key] = make(*key)
            print(windows_per_second(known[key], int(batch), float(seconds)), flush=True)
        except NotImplementedError:
            print("-", flush=True)
