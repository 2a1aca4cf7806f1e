#!/usr/bin/env python3
"""Makes the golden files of the filters and the delay with numpy and scipy (Debian: python3-scipy), in double precision,
by the formulas of julius' lowpass.py and torchaudio-augmentations' delay.py.

Files, raw little-endian float32: input.f32; low_<hz>.f32 and high_<hz>.f32; delay_<samples>.f32 (echo volume 0.5).
Run in this folder: ./make_golden.py
"""
import pathlib

import numpy as np
import scipy.ndimage
import scipy.signal

RATE = 22050
HERE = pathlib.Path(__file__).resolve().parent


def low_pass(x: np.ndarray, cutoff_hz: float) -> np.ndarray:
    cutoff = cutoff_hz / RATE
    half = int(8 / cutoff / 2)
    n = np.arange(-half, half + 1)
    taps = 2 * cutoff * scipy.signal.windows.hann(2 * half + 1, sym=True) * np.sinc(2 * cutoff * n)
    return scipy.ndimage.convolve1d(x, taps / taps.sum(), mode="nearest")


def delay(x: np.ndarray, samples: int) -> np.ndarray:
    echo = np.concatenate([np.zeros(samples), x[:-samples]])
    return (x + 0.5 * echo) / 2


def write(name: str, x: np.ndarray) -> None:
    (HERE / f"{name}.f32").write_bytes(x.astype("<f4").tobytes())


def main() -> None:
    x = np.random.default_rng(5).normal(0.1, 0.3, 2500).astype(np.float32).astype(np.float64)
    write("input", x)
    for hz in (2200, 3100, 4000):
        write(f"low_{hz}", low_pass(x, hz))
    for hz in (200, 650, 1200):
        write(f"high_{hz}", x - low_pass(x, hz))
    write("delay_441", delay(x, 441))


if __name__ == "__main__":
    main()
