#!/usr/bin/python3
"""Makes golden.json: mean and deviation of log-mel bands in numpy, in double.

    apt-get install python3-numpy
    ./make_golden.py > golden.json

The mel matrix is built by the formulas of Slaney's Auditory Toolbox as matrix operations over all bins, the
spectrum by numpy's FFT: no code in common with core/probe/log_mel.cc. The signals are made on both sides by the
rule of signal() below, in integers, so that they are equal bit by bit.
"""

import json

import numpy as np

RATE, FRAME, HOP, BANDS = 22050, 1024, 512, 96


def signal(count):
    """A swelling sawtooth with noise: state = state * 1664525 + 1013904223 mod 2^32."""
    state, samples = 12345, []
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        saw = (i * 37) % 1000 - 500
        samples.append((saw * (i % 4000) / 4000 + (state >> 24) - 128) / 1024)
    return np.array(samples, np.float32).astype(np.float64)


def mel_matrix():
    def to_mel(hz):
        return np.where(hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1e-9) / 1000) / np.log(6.4))

    def to_hz(mel):
        return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))

    edges = to_hz(np.linspace(0, to_mel(np.array(RATE / 2)), BANDS + 2))
    bins = np.fft.rfftfreq(FRAME, 1 / RATE)
    ramps = edges[:, None] - bins[None, :]
    widths = np.diff(edges)
    rising = -ramps[:-2] / widths[:-1, None]
    falling = ramps[2:] / widths[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return triangles * (2 / (edges[2:] - edges[:-2]))[:, None]


def statistics(samples):
    samples = np.pad(samples, (0, max(0, FRAME - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    db = 10 * np.log10(np.maximum(1e-10, power @ mel_matrix().T))
    return np.concatenate([db.mean(0), db.std(0)])


def main():
    cases = [{"samples": n, "statistics": [round(float(x), 6) for x in statistics(signal(n))]} for n in (300, 9000)]
    print(json.dumps({"made_by": f"numpy {np.__version__}", "rate": RATE, "cases": cases}))


if __name__ == "__main__":
    main()
