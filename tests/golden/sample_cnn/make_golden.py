#!/usr/bin/env python3
"""Golden values of SampleCNN: outputs and gradients, by PyTorch in double precision and plain Conv1d layers.

Run: /usr/bin/python3 make_golden.py   (Debian: python3-torch). Writes sample_cnn.json beside itself.

No weights are stored: value i of a tensor is bound * u(i, salt), where u is a hash of the index into [-1, 1)
(murmur3's finaliser) and the salt the FNV-1a hash of the tensor's name; the test fills its tensors by the same
formula. The last block has kernel 3 here, as in the tutorial; the test imports it and takes the centre tap.
"""
import json
import pathlib

import numpy as np
import torch
from torch import nn

CHANNELS = [1, 128, 128, 128, 256, 256, 256, 256, 256, 256, 512, 512]
WINDOW = 59049
WINDOWS = 4
SAMPLED = 12  # values kept of each tensor


def fnv1a(text):
    h = 2166136261
    for byte in text.encode():
        h = (h ^ byte) * 16777619 % 2**32
    return h


def uniform(count, name):
    """count values in [-1, 1), named by a text."""
    with np.errstate(over="ignore"):
        h = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(fnv1a(name))
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        h *= np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return h.astype(np.float64) / 2.0**31 - 1.0


def fill(tensor, name, scale, offset=0.0):
    values = (offset + scale * uniform(tensor.numel(), name)).astype(np.float32)
    tensor.data = torch.from_numpy(values.astype(np.float64)).reshape(tensor.shape)


def build():
    net = nn.Sequential()
    for i in range(11):
        stride, padding = (3, 0) if i == 0 else (1, 1)
        width = CHANNELS[i + 1]
        layers = [nn.Conv1d(CHANNELS[i], width, 3, stride, padding), nn.BatchNorm1d(width), nn.ReLU()]
        if 0 < i < 10:
            layers.append(nn.MaxPool1d(3))
        net.add_module(f"conv{i + 1}", nn.Sequential(*layers))
    net.double()
    for name, tensor in list(net.named_parameters()) + list(net.named_buffers()):
        if name.endswith("num_batches_tracked"):
            continue
        layer, kind = name.split(".", 1)
        if kind.startswith("0."):
            fan_in = 3 * CHANNELS[int(layer[4:]) - 1]
            fill(tensor, name, 1.5 / fan_in**0.5)
        elif kind in ("1.weight", "1.running_var"):
            fill(tensor, name, 0.5, 1.0)
        else:
            fill(tensor, name, 0.1)
    return net


def sample(tensor):
    flat = tensor.detach().reshape(-1).numpy()
    stride = max(1, flat.size // SAMPLED)
    values = [float(v) for v in flat[::stride][:SAMPLED]]
    return {"norm": float(np.linalg.norm(flat)), "stride": stride, "values": values}


def centre(name, gradient):
    return gradient[:, :, 1:2] if name == "conv11.0.weight" else gradient


def main():
    windows = torch.empty(WINDOWS, 1, WINDOW)
    fill(windows, "windows", 0.5)
    for i in range(WINDOWS):  # unlike each other, or BatchNorm over 4 windows magnifies rounding: value t is value t - t % 8^i
        windows[i, 0] = windows[i, 0, torch.arange(WINDOW) // 8**i * 8**i]
    windows = windows.double()
    cotangent = torch.empty(WINDOWS, 512)
    fill(cotangent, "cotangent", 1.0)

    net = build()
    net.eval()
    with torch.no_grad():
        eval_out = net(windows).mean(2)
    net.train()
    train_out = net(windows).mean(2)
    (train_out * cotangent).sum().backward()

    golden = {
        "eval_output": [sample(row) for row in eval_out],
        "train_output": [sample(row) for row in train_out],
        "gradients": {name: sample(centre(name, p.grad)) for name, p in net.named_parameters()},
        "running": {name: sample(b) for name, b in net.named_buffers() if "running" in name},
    }
    path = pathlib.Path(__file__).with_name("sample_cnn.json")
    path.write_text(json.dumps(golden, indent=0) + "\n")
    print(path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
