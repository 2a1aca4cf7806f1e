#!/usr/bin/env python3
"""What else makes augmented views, on one core: the work of the tutorial's user, and the fastest library for it.

augment_peers.py SECONDS: measures each for so long and prints JSON, {name: CPU seconds of a view or a pair}.

torch_*: torchaudio-augmentations' own operations (it no longer installs), with torch, numpy and julius; its reverb was sox's
C code on two channels, here pedalboard's C++ one, on two channels too.
pedalboard_*: everything in pedalboard's C++ but the noise (numpy) and the mixing of draws; reverb on one channel, filters of
first order, which is less work than either of the others do.
decode_and_torch: soundfile decodes a whole 29 s MP3, two crops are cut and augmented: one pair as the tutorial makes it.
"""
import io
import json
import random
import sys
import time

import julius
import numpy as np
import pedalboard
import soundfile
import torch

RATE = 22050
WINDOW = 59049
CLIP_SECONDS = 29

torch.set_num_threads(1)


class TorchViews:
    """torchaudio-augmentations v0.2.4 on a tensor [1, WINDOW]."""

    def polarity(self, x):
        return torch.neg(x)

    def noise(self, x, low=0.001, high=0.005):
        deviation = random.uniform(low, high) * torch.std(x).item()
        return x + torch.from_numpy(np.random.normal(0, deviation, x.shape).astype("float32"))

    def gain(self, x):
        return torch.clamp(x * 10 ** (random.uniform(-20, -1) / 20), -1, 1)

    def high_pass(self, x):
        return julius.highpass_filter(x, random.uniform(200, 1200) / RATE)

    def low_pass(self, x):
        return julius.lowpass_filter(x, random.uniform(2200, 4000) / RATE)

    def high_low_pass(self, x):
        return self.high_pass(x) if random.random() < 0.5 else self.low_pass(x)

    def delay(self, x):
        offset = int(random.choice(range(200, 500, 50)) * RATE / 1000)
        beginning = torch.zeros(x.shape[0], offset)
        return (x + 0.5 * torch.cat((beginning, x[:, :-offset]), dim=1)) / 2

    def reverb(self, x):
        effect = pedalboard.Reverb(room_size=random.random(), damping=random.random(), wet_level=0.3, dry_level=1)
        stereo = x.expand(2, -1).contiguous().numpy()
        return torch.from_numpy(effect(stereo, RATE)).mean(0, keepdim=True)

    def pitch_shift(self, x):
        effect = pedalboard.PitchShift(random.randint(-700, 700) / 100)
        return torch.from_numpy(effect(x.numpy(), RATE))


class PedalboardViews:
    """pedalboard on an array [1, WINDOW]."""

    def polarity(self, x):
        return pedalboard.Invert()(x, RATE)

    def noise(self, x, low=0.001, high=0.005):
        deviation = np.float32(random.uniform(low, high) * x.std())
        return x + deviation * np.random.default_rng().standard_normal(x.shape, dtype=np.float32)

    def gain(self, x):
        return pedalboard.Pedalboard([pedalboard.Gain(random.uniform(-20, -1)), pedalboard.Clipping(0)])(x, RATE)

    def high_pass(self, x):
        return pedalboard.HighpassFilter(random.uniform(200, 1200))(x, RATE)

    def low_pass(self, x):
        return pedalboard.LowpassFilter(random.uniform(2200, 4000))(x, RATE)

    def high_low_pass(self, x):
        return self.high_pass(x) if random.random() < 0.5 else self.low_pass(x)

    def delay(self, x):
        return pedalboard.Delay(random.choice(range(200, 500, 50)) / 1000, feedback=0, mix=0.33)(x, RATE)

    def reverb(self, x):
        return pedalboard.Reverb(room_size=random.random(), damping=random.random(), wet_level=0.3, dry_level=1)(x, RATE)

    def pitch_shift(self, x):
        return pedalboard.PitchShift(random.randint(-700, 700) / 100)(x, RATE)


TUTORIAL = [("polarity", 0.8), ("noise", 0.3), ("gain", 0.2), ("high_low_pass", 1), ("delay", 0.5), ("reverb", 0.3)]
CLMR = [("polarity", 0.8), ("noise", 0.01), ("gain", 0.3), ("high_low_pass", 0.8), ("delay", 0.3), ("pitch_shift", 0.6),
        ("reverb", 0.6)]


def chained(views, chain):
    def view(x):
        for name, probability in chain:
            if random.random() < probability:
                x = getattr(views, name)(x)
        return x
    return view


def cpu_seconds_per_call(call, seconds):
    call()
    calls, begin, until = 0, time.process_time(), time.process_time() + seconds
    while time.process_time() < until or calls < 3:
        call()
        calls += 1
    return (time.process_time() - begin) / calls


def mp3_clip():
    t = np.arange(CLIP_SECONDS * RATE) / RATE
    music = sum(0.1 * np.sin(2 * np.pi * f * t) for f in (110, 220, 277.2, 329.6, 1318.5))
    music += np.random.default_rng(1).normal(0, 0.02, t.shape)
    file = io.BytesIO()
    soundfile.write(file, music.astype(np.float32), RATE, format="MP3")
    return file.getvalue()


def tutorial_pair(mp3, view):
    samples, _ = soundfile.read(io.BytesIO(mp3), dtype="float32")
    clip = torch.from_numpy(samples)[None]
    for _ in range(2):
        start = random.randrange(clip.shape[1] - WINDOW)
        view(clip[:, start:start + WINDOW])


def main():
    seconds = float(sys.argv[1])
    random.seed(1)
    np.random.seed(1)
    mp3 = mp3_clip()
    samples, _ = soundfile.read(io.BytesIO(mp3), dtype="float32")
    array = np.ascontiguousarray(samples[None, RATE:RATE + WINDOW])
    tensor = torch.from_numpy(array)
    result = {}
    for prefix, views, window in (("torch", TorchViews(), tensor), ("pedalboard", PedalboardViews(), array)):
        for name in dict.fromkeys(name for name, _ in CLMR):
            result[f"{prefix}_{name}"] = cpu_seconds_per_call(lambda: getattr(views, name)(window), seconds / 4)
        for name, chain in (("tutorial", TUTORIAL), ("clmr", CLMR)):
            view = chained(views, chain)
            result[f"{prefix}_{name}_chain"] = cpu_seconds_per_call(lambda: view(window), seconds)
    view = chained(TorchViews(), TUTORIAL)
    result["decode_and_torch_tutorial"] = cpu_seconds_per_call(lambda: tutorial_pair(mp3, view), seconds)
    view = chained(TorchViews(), CLMR)
    result["decode_and_torch_clmr"] = cpu_seconds_per_call(lambda: tutorial_pair(mp3, view), seconds)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
