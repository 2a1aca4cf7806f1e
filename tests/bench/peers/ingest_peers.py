#!/usr/bin/env python3
"""What a Python preparation of a data set does, on one core: soundfile decodes, the channels' mean, python-soxr's high
quality (the same library that Timbre uses) to 22,050 Hz, int16, written to a file.

ingest_peers.py SECONDS CORPUS: measures each kind for so long and prints JSON, {name: CPU seconds of a second of audio}.
"""
import json
import pathlib
import sys
import tempfile
import time

import numpy as np
import soundfile
import soxr


def ingest(path, out):
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = soxr.resample(samples.mean(axis=1), rate, 22050, quality="HQ")
    out.write(np.clip(np.rint(mono * 32768), -32768, 32767).astype("<i2").tobytes())
    return len(samples) / rate


def main():
    budget, corpus = float(sys.argv[1]), pathlib.Path(sys.argv[2])
    result = {}
    for kind in ("mp3", "flac", "wav"):
        paths = sorted((corpus / kind).iterdir())
        with tempfile.TemporaryFile() as out:
            ingest(paths[0], out)
            audio, start = 0.0, time.process_time()
            while time.process_time() - start < budget:
                for path in paths:
                    audio += ingest(path, out)
                out.seek(0)
            result[f"python_{kind}"] = (time.process_time() - start) / audio
    print(json.dumps(result))


if __name__ == "__main__":
    main()
