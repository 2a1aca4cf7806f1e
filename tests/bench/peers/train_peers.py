#!/usr/bin/env python3
"""SampleCNN trained by PyTorch, as a program that answers questions: a line `NAME PRECISION THREADS BATCH SECONDS` is
answered by windows/s of a forward and a backward pass. Names: torch-eager, torch-compile; bf16 is autocast."""
import sys
import time

import torch

from sample_cnn import WINDOW, sample_cnn


class Training:
    def __init__(self, compiled, bf16):
        self.bf16 = bf16
        self.model = torch.compile(sample_cnn().train()) if compiled else sample_cnn().train()

    def step(self, windows, slope):
        self.model.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            embeddings = self.model(windows)
        embeddings.float().backward(slope)


def windows_per_second(training, batch, seconds):
    windows, slope = torch.rand(batch, 1, WINDOW) - 0.5, torch.rand(batch, 512) - 0.5
    training.step(windows, slope)
    calls, begin = 0, time.perf_counter()
    while True:
        training.step(windows, slope)
        calls += 1
        took = time.perf_counter() - begin
        if took >= seconds:
            return calls * batch / took


def main():
    print("ready", flush=True)
    known = {}
    for line in sys.stdin:
        name, precision, threads, batch, seconds = line.split()
        torch.set_num_threads(int(threads))
        key = (name, precision, threads)
        if key not in known:
            known[key] = Training(name == "torch-compile", precision == "bf16")
        print(windows_per_second(known[key], int(batch), float(seconds)), flush=True)


if __name__ == "__main__":
    main()
