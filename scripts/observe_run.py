#!/usr/bin/env python3
"""What scripts/observe does after the build: a server under load, a Prometheus, and its dashboards."""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import observed

TIMBRED = observed.ROOT / "build" / "release" / "server" / "timbred"
TIMBRE = observed.ROOT / "build" / "release" / "client" / "cli" / "timbre"
AUDIO = observed.ROOT / "tests" / "data" / "audio"
GRPC_PORT, METRICS_PORT, PROMETHEUS_PORT = 50051, 9464, 9090
DASHBOARDS = ("serving", "training", "capacity")
PICTURE_PIXELS = "1280,{height}"
HEIGHTS = {"serving": 1440, "training": 1320, "capacity": 870}


def begin_load(server):
    """A data set, a served model, and a second training that goes on while clips are embedded."""
    server.timbre("dataset", "create", "songs", "--path", "train", "--wait")
    server.timbre("train", "--dataset", "songs", "--model", "m", "--steps", "10", "--batch", "4", "--watch")
    server.timbre("promote", "m/1")
    server.timbre("train", "--dataset", "songs", "--model", "m", "--steps", "100000", "--batch", "4")


def keep_load(server, seconds):
    """Waves of requests until the time is over."""
    clips = sorted(str(clip) for clip in (AUDIO / "test").glob("*.ogg"))
    until = time.monotonic() + seconds if seconds else float("inf")
    while time.monotonic() < until:
        for rate in (2, 6, 12, 4):
            server.timbre("bench", *clips, "--rps", rate, "--duration", "8", "--warmup", "0")
            if time.monotonic() >= until:
                break


def browse(page, *words):
    """What headless Chromium writes to its output, the page drawn to its end."""
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                               "--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={home}",
                               "--virtual-time-budget=20000", *words, page],
                              check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def check_panels(name, text):
    """The page says how many panels it drew, and which found nothing."""
    empty = re.findall(r"<h2>([^<]*)</h2><p>no data</p>", text)
    if 'data-panels="' not in text or empty:
        raise observed.Failed(f"dashboard {name}: panels without data: {', '.join(empty) or 'none was drawn'}")


def draw(prometheus, folder, seconds):
    """The dashboards as pictures. Fails where a panel has no data."""
    folder.mkdir(parents=True, exist_ok=True)
    end = time.time()
    for name in DASHBOARDS:
        page = f"http://{prometheus.address}/consoles/timbre.html?dashboard={name}&minutes={seconds / 60:.2f}&end={end:.0f}"
        file = folder / f"dashboard-{name}.png"
        browse(page, "--window-size=" + PICTURE_PIXELS.format(height=HEIGHTS[name]), f"--screenshot={file.resolve()}")
        check_panels(name, browse(page, "--dump-dom"))
        print(f"observe: {file}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", type=pathlib.Path, help="draw the dashboards into this folder, then end")
    parser.add_argument("--seconds", type=float, default=0, help="how long the load lasts; 0: until Ctrl-C")
    arguments = parser.parse_args()
    seconds = arguments.seconds or (120 if arguments.draw else 0)
    out = observed.ROOT / "observe-out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    ports = (GRPC_PORT, METRICS_PORT)
    try:
        with observed.running_server(TIMBRED, TIMBRE, out, AUDIO, ports) as server, \
                observed.running_prometheus(out, server.metrics, PROMETHEUS_PORT) as prometheus:
            print(f"timbred      {server.address}, metrics at http://{server.metrics}/metrics\n"
                  f"dashboards   http://{prometheus.address}/consoles/timbre.html\n"
                  f"alerts       http://{prometheus.address}/alerts\nCtrl-C ends all of it.", flush=True)
            begin = time.monotonic()
            begin_load(server)
            keep_load(server, seconds)
            if arguments.draw:
                draw(prometheus, arguments.draw, time.monotonic() - begin)
    except observed.Failed as error:
        sys.exit(f"observe: {error}")
    except KeyboardInterrupt:
        print("observe: ended")


if __name__ == "__main__":
    main()
