#!/usr/bin/env python3
"""Makes the reverb's golden files with sox 14.4.2 (Debian package `sox`), called as torchaudio's sox effects did:
reverb, then channels 1, on mono float samples at 22,050 Hz.

Files, raw little-endian float32: input.f32, and r<reverberance>_d<damping>_s<room scale>.f32 for each setting;
loud_*.f32 had the input 8 times as loud, so that it clips.
Run in this folder: ./make_golden.py
"""
import array
import pathlib
import random
import subprocess
import tempfile

SAMPLES = 4000
SETTINGS = [(0, 0, 0), (50, 50, 50), (99, 99, 99), (30, 80, 10)]
RAW = ["-t", "raw", "-e", "floating-point", "-b", "32", "-c", "1", "-r", "22050"]
HERE = pathlib.Path(__file__).resolve().parent


def reverb(source: pathlib.Path, target: pathlib.Path, setting: tuple[int, int, int]) -> None:
    effects = ["reverb", *map(str, setting), "channels", "1"]
    subprocess.run(["sox", "-D", *RAW, str(source), *RAW, str(target), *effects], check=True)


def main() -> None:
    rng = random.Random(3)
    # A burst that fades, then silence: the tail is heard alone.
    samples = [rng.uniform(-0.25, 0.25) * max(0.0, 1 - i / 1500) for i in range(SAMPLES)]
    source = HERE / "input.f32"
    source.write_bytes(array.array("f", samples).tobytes())
    for setting in SETTINGS:
        reverb(source, HERE / "r{}_d{}_s{}.f32".format(*setting), setting)
    with tempfile.TemporaryDirectory() as folder:
        loud = pathlib.Path(folder) / "loud.f32"
        stored = array.array("f", source.read_bytes())
        loud.write_bytes(array.array("f", [8 * x for x in stored]).tobytes())
        reverb(loud, HERE / "loud_r90_d10_s60.f32", (90, 10, 60))


if __name__ == "__main__":
    main()
