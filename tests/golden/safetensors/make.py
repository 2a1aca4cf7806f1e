#!/usr/bin/env python3
"""Writes and checks the golden files of the safetensors format, with the format's own Python package.

  python3 -m venv venv && venv/bin/pip install safetensors numpy
  venv/bin/python make.py            # writes python.safetensors; tests/core/weights reads it
  venv/bin/python make.py --check    # reads timbre.safetensors, which Timbre wrote, and compares (TIMBRE_WRITE_GOLDEN=1 renews it)
"""
import pathlib
import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

HERE = pathlib.Path(__file__).parent
METADATA = {"architecture": "sample_cnn", "note": "unicode: Größe ♪"}


def tensors():
    """Values that a float32 holds exactly, so that both sides can compute them."""
    return {
        "block.0.weight": (np.arange(24, dtype=np.float32) / 8 - 1).reshape(2, 3, 4),
        "block.0.bias": np.array([0.5, -0.0, 1.5e-42, -3.0e38], dtype=np.float32),
        "scalar": np.array(-2.25, dtype=np.float32),
        "empty": np.zeros((0, 7), dtype=np.float32),
    }


def check():
    path = HERE / "timbre.safetensors"
    read = load_file(path)
    expected = tensors()
    assert read.keys() == expected.keys(), (read.keys(), expected.keys())
    for name, value in expected.items():
        assert read[name].shape == value.shape and read[name].dtype == value.dtype, name
        assert read[name].tobytes() == value.tobytes(), name
    with safe_open(path, framework="numpy") as file:
        assert file.metadata() == METADATA, file.metadata()
    print(f"{path.name}: {len(read)} tensors and the metadata are as expected")


if __name__ == "__main__":
    if "--check" in sys.argv:
        check()
    else:
        # Counters of BatchNorm layers come as int64; Timbre reads past them.
        counter = {"block.1.num_batches_tracked": np.array(17, dtype=np.int64)}
        save_file(tensors() | counter, HERE / "python.safetensors", metadata=METADATA)
