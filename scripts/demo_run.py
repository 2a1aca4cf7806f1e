#!/usr/bin/env python3
"""The demo after the build: the corpus, a server of its own, and the command line against it, as a user would
type it.

Writes demo-out/summary.json. Python's standard library alone; run from the root by scripts/demo.
"""
import contextlib
import csv
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time

OUT = pathlib.Path("demo-out").resolve()
CORPUS = OUT / "corpus"
TIMBRED = pathlib.Path("build/release/server/timbred")
TIMBRE = pathlib.Path("build/release/client/cli/timbre")
MODEL = "game-music"
READY_WITHIN_SECONDS = 60
EXIT_WITHIN_SECONDS = 60
CLIPS_TAGGED = 5
# The composition is the track: the probe cuts its validation part by it.
TRACK_PATTERN = "^([^/]+)/"

TRAINING_CONFIG = "scripts/demo_training.textproto"
# What the environment overrides of it: variable -> flag of `timbre train`.
OVERRIDES = {"TIMBRE_DEMO_STEPS": "--steps", "TIMBRE_DEMO_BATCH": "--batch", "TIMBRE_DEMO_LR": "--lr",
             "TIMBRE_DEMO_SEED": "--seed"}


class Failed(Exception):
    pass


def wait_for(what, within_seconds, condition):
    """Returns the condition's first true answer."""
    until = time.monotonic() + within_seconds
    while time.monotonic() < until:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise Failed(f"{what}: not within {within_seconds} s")


@contextlib.contextmanager
def running_server(config_text):
    """timbred with this configuration; yields its address, ends it by SIGTERM and wants a clean exit."""
    config, log = OUT / "timbred.textproto", OUT / "timbred.log"
    config.write_text(config_text)
    ready = OUT / "ready"
    ready.unlink(missing_ok=True)
    with open(log, "w", encoding="utf-8") as log_file:
        server = subprocess.Popen([TIMBRED, "--config", config], stdout=log_file, stderr=subprocess.STDOUT)

    def address():
        if server.poll() is not None:
            raise Failed(f"timbred ended with {server.returncode} before it served:\n{log.read_text()[-2000:]}")
        return ready.exists() and ready.read_text().strip()

    try:
        yield wait_for("timbred's ready file", READY_WITHIN_SECONDS, address)
        server.send_signal(signal.SIGTERM)
        status = server.wait(EXIT_WITHIN_SECONDS)
        if status != 0:
            raise Failed(f"timbred ended with {status} after SIGTERM; see {log}")
        print("demo: timbred ended cleanly")
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()


class CommandLine:
    """Runs `timbre` against one server."""

    def __init__(self, address):
        self._prefix = [str(TIMBRE), "--server", address, "--give-up-after", "60"]

    def show(self, *words):
        """Runs a command as a user would see it."""
        self._announce(words)
        if subprocess.run([*self._prefix, *words]).returncode != 0:
            raise Failed(f"timbre {shlex.join(words)} failed")

    def ask(self, *words, quiet=False):
        """Runs a command with --json and returns the document."""
        if not quiet:
            self._announce(words)
        done = subprocess.run([*self._prefix, *words, "--json"], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failed(f"timbre {shlex.join(words)} failed ({done.returncode}): {done.stdout}")
        return json.loads(done.stdout)

    def _announce(self, words):
        print(f"\n$ timbre {shlex.join(words)}", flush=True)


def short(name):
    return name.rsplit("/", 1)[-1]


def run_job(timbre, *words):
    """Submits, lets `timbre watch` draw its bar, and returns the job as it ended."""
    job = short(timbre.ask(*words)["name"])
    timbre.show("watch", job)
    return timbre.ask("watch", job, quiet=True)


def held_out_clips():
    """One clip of each of the first test compositions, with its true tags."""
    with open(CORPUS / "test" / "annotations.csv", newline="", encoding="utf-8") as rows:
        by_composition = {}
        for row in csv.DictReader(rows):
            by_composition.setdefault(row["track_id"], []).append(row)
    for composition in sorted(by_composition)[:CLIPS_TAGGED]:
        rows = by_composition[composition]
        row = rows[len(rows) // 2]
        yield CORPUS / "test" / row["path"], [t for t, has in row.items() if t not in ("path", "track_id") and has == "1"]


def tag_clips(timbre):
    print("\nheld-out clips: predicted beside true tags")
    for clip, truth in held_out_clips():
        answer = timbre.ask("tag", str(clip), "--top", str(max(3, len(truth))), quiet=True)
        response = answer["files"][0]["response"]
        print(f"  {clip.name}")
        print("    predicted: " + ", ".join(f"{s['tag']} {s['probability']:.2f}" for s in response["tags"]))
        print("    true:      " + (", ".join(truth) or "(none)"))


def print_probe(probe):
    print(f"\n{'tag':<22}{'test clips':>10}{'AP':>8}{'untrained':>11}{'ROC-AUC':>9}{'untrained':>11}")
    for ours, plain in zip(probe["trained"]["tags"], probe["untrained"]["tags"]):
        print(f"{ours['tag']:<22}{ours['test_positive_count']:>10}{float(ours['average_precision']):>8.3f}"
              f"{float(plain['average_precision']):>11.3f}{float(ours['roc_auc']):>9.3f}{float(plain['roc_auc']):>11.3f}")


def the_loop(timbre):
    """Data sets, training, probe, promotion, embedding, tags: returns the summary's figures."""
    for part in ("pretrain", "train", "test"):
        timbre.show("dataset", "create", part, "--path", part, "--track-pattern", TRACK_PATTERN, "--wait")
    overrides = [word for variable, flag in OVERRIDES.items() if variable in os.environ
                 for word in (flag, os.environ[variable])]
    training = run_job(timbre, "train", "--dataset", "pretrain", "--model", MODEL, "--config", TRAINING_CONFIG,
                       *overrides)
    result = training["ssl_training_result"]
    version = result["model_version"]

    probe = run_job(timbre, "probe", "--model-version", version, "--train", "train", "--test", "test")
    probe = probe["linear_probe_result"]
    print_probe(probe)

    timbre.show("promote", version)
    timbre.show("models")
    clip = next(held_out_clips())[0]
    embedding = timbre.ask("embed", str(clip))["files"][0]["response"]
    print(f"  {embedding['model']['embedding_dim']} numbers in space {embedding['model']['embedding_space_id'][:16]}, "
          f"{embedding['window_count']} windows of {embedding['audio_seconds']:.2f} s")
    tag_clips(timbre)
    timbre.show("info")
    return {
        "job_state": training["state"].removeprefix("JOB_STATE_"),
        "steps": int(result["step_count"]),
        "batch_tracks": training["ssl_training"]["training_config"]["batch_tracks"],
        "first_loss": result["first_loss"],
        "final_loss": result["final_loss"],
        "probe_map": probe["trained"]["mean_average_precision"],
        "probe_roc_auc": probe["trained"]["mean_roc_auc"],
        "untrained_map": probe["untrained"]["mean_average_precision"],
        "untrained_roc_auc": probe["untrained"]["mean_roc_auc"],
        "embedding_dim": len(embedding["embedding"]["values"]),
        "model_version": version,
    }


def main():
    began = time.monotonic()
    for program in (TIMBRED, TIMBRE):
        if not program.exists():
            sys.exit(f"demo: no {program}; run scripts/demo, which builds it")
    subprocess.run([sys.executable, "scripts/demo_corpus.py", CORPUS], check=True)
    state = OUT / "state"
    shutil.rmtree(state, ignore_errors=True)
    summary_path = OUT / "summary.json"
    summary_path.unlink(missing_ok=True)
    config = (f'listen_address: "127.0.0.1:0"\nmetrics_address: "off"\nready_file: "{OUT}/ready"\n'
              f'state_dir: "{state}"\ndata_root: "{CORPUS}"\n')
    try:
        with running_server(config) as address:
            print(f"demo: timbred serves at {address}; its log is demo-out/timbred.log")
            summary = the_loop(CommandLine(address))
    except Failed as error:
        sys.exit(f"demo: {error}")
    summary["seconds_total"] = round(time.monotonic() - began, 1)
    summary_path.write_text(json.dumps(summary, indent=1) + "\n")
    print(f"\ndemo-out/summary.json:\n{summary_path.read_text()}", end="")


if __name__ == "__main__":
    main()
