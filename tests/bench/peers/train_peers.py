#!/usr/bin/env python3
"""SampleCNN trained by PyTorch, as a program that answers questions: a line `NAME PRECISION THREADS BATCH SECONDS` is
answered by windows/s of a forward and a backward pass. Names: torch-eager, torch-compile; bf16 is autocast."""
import sys
import time

import torch
from torch import nn

CHANNELS = (128, 128, 128, 256, 256, 256, 256, 256, 256, 512)
WINDOW = 59049


def sample_cnn():
    """As everybody writes it: Conv1d, BatchNorm1d, ReLU, MaxPool1d; in train mode, without dropout."""
    torch.manual_seed(0)
    layers, before = [nn.Conv1d(1, 128, 3, stride=3), nn.BatchNorm1d(128), nn.ReLU()], 128
    for channels in CHANNELS[1:]:
        layers += [nn.Conv1d(before, channels, 3, padding=1), nn.BatchNorm1d(channels), nn.ReLU(), nn.MaxPool1d(3)]
        before = channels
    layers += [nn.Conv1d(before, 512, 1), nn.BatchNorm1d(512), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers).train()


class Training:
    def __init__(self, compiled, bf16):
        self.bf16 = bf16
        self.model = torch.compile(sample_cnn()) if compiled else sample_cnn()

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
