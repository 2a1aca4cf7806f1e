#!/usr/bin/env python3
"""Loads exports into the networks they are made for, by PyTorch, and compares with what the server answered.

check_exports.py CLIP.wav EMBEDDING.npy NOTEBOOK.safetensors CLMR.safetensors SCRIPT.pt

CLIP is one window: 59,049 samples, mono, int16, 22,050 Hz; EMBEDDING is `timbre embed CLIP --out EMBEDDING.npy`.
The networks are written after the tutorial's notebook and CLMR's sample_cnn.py (kernel 3 in the last block), and
load strictly. tests/integration/command_line_test.py runs this where Debian's python3-torch is installed.
"""
import json
import struct
import sys
import wave

import numpy as np
import torch
from torch import nn

CHANNELS = [1, 128, 128, 128, 256, 256, 256, 256, 256, 256, 512, 512]
TOLERANCE = 1e-4


def blocks():
    yield nn.Sequential(nn.Conv1d(1, 128, 3, 3, 0), nn.BatchNorm1d(128), nn.ReLU())
    for i in range(1, 10):
        width = CHANNELS[i + 1]
        yield nn.Sequential(nn.Conv1d(CHANNELS[i], width, 3, 1, 1), nn.BatchNorm1d(width), nn.ReLU(), nn.MaxPool1d(3))
    yield nn.Sequential(nn.Conv1d(512, 512, 3, 1, 1), nn.BatchNorm1d(512), nn.ReLU(), nn.Dropout(0.5))


class NotebookEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        for i, block in enumerate(blocks()):
            setattr(self, f"conv{i + 1}", block)

    def forward(self, x):
        for i in range(11):
            x = getattr(self, f"conv{i + 1}")(x)
        return x.mean(2)


class ClmrEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.sequential = nn.Sequential(*blocks())

    def forward(self, x):
        return self.sequential(x).reshape(x.shape[0], -1)


class Learner(nn.Module):
    """Encoder and projector, as the notebook's Lightning module and CLMR's SimCLR hold them."""

    def __init__(self, encoder, projector):
        super().__init__()
        self.encoder = encoder
        if projector:
            self.projector = nn.Sequential(nn.Linear(512, 512, bias=False), nn.ReLU(), nn.Linear(512, 64, bias=False))


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    kinds = {"F32": np.float32, "I64": np.int64}
    return {name: torch.from_numpy(np.frombuffer(data[slice(*entry["data_offsets"])], kinds[entry["dtype"]])
                                   .copy().reshape(entry["shape"])) for name, entry in header.items()}


def load(path, encoder):
    state = read_safetensors(path)
    learner = Learner(encoder, any(name.startswith("projector.") for name in state))
    learner.load_state_dict(state, strict=True)
    return learner.encoder.eval()


def main(clip, embedding, notebook, clmr, script):
    with wave.open(clip) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    window = torch.from_numpy(samples).reshape(1, 1, -1)
    wanted = torch.from_numpy(np.load(embedding)).reshape(-1)
    worst = 0.0
    with torch.no_grad():
        for name, module in (("notebook", load(notebook, NotebookEncoder())), ("clmr", load(clmr, ClmrEncoder())),
                             ("torchscript", torch.jit.load(script))):
            error = float((module(window)[0] - wanted).norm() / wanted.norm())
            print(f"{name}: relative error {error:.2e}")
            worst = max(worst, error)
    return 0 if worst < TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
