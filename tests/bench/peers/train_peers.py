#!/usr/bin/env python3
"""SampleCNN trained by PyTorch, as a program that answers questions: a line `NAME PRECISION THREADS BATCH SECONDS` is
answered by windows/s of a forward and a backward pass. Names: torch-eager, torch-compile; bf16 is autocast."""
import torch

import questions
from sample_cnn import WINDOW, sample_cnn


def training_step(name, precision, threads, batch):
    model = sample_cnn().train()
    if name == "torch-compile":
        model = torch.compile(model)
    windows, slope = torch.rand(batch, 1, WINDOW) - 0.5, torch.rand(batch, 512) - 0.5

    def step():
        model.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            embeddings = model(windows)
        embeddings.float().backward(slope)
    return step


if __name__ == "__main__":
    questions.answer(training_step)
