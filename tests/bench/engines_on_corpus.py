#!/usr/bin/env python3
"""Whether both training engines learn the same: from the same seeds, with each, on the demo's corpus, by the demo's
configuration; then a probe of each. Prints a Markdown table and writes bench-out/engines_on_corpus.json.

engines_on_corpus.py [STEPS [SEED...]]   (after scripts/demo, which builds and makes the corpus; from the root)
"""
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts"))
import demo_run

ENGINES = ("torch", "timbre")


def run(timbre, engine, seed, steps):
    training = demo_run.run_job(timbre, "train", "--dataset", "pretrain", "--model", f"{engine}-{seed}", "--config",
                                demo_run.TRAINING_CONFIG, "--train-engine", engine, "--seed", seed, "--steps", steps)
    result = training["ssl_training_result"]
    probe = demo_run.run_job(timbre, "probe", "--model-version", result["model_version"], "--train", "train", "--test",
                             "test")["linear_probe_result"]
    return {"engine": engine, "seed": int(seed), "steps": int(steps), "first_loss": result["first_loss"],
            "final_loss": result["final_loss"], "probe_map": probe["trained"]["mean_average_precision"],
            "probe_roc_auc": probe["trained"]["mean_roc_auc"]}


def spread(values):
    return max(values) - min(values)


def table(runs):
    lines = ["| seed | final loss, torch | timbre | probe mAP, torch | timbre |", "|---|---|---|---|---|"]
    for seed in sorted({r["seed"] for r in runs}):
        by = {r["engine"]: r for r in runs if r["seed"] == seed}
        lines.append(f"| {seed} | " + " | ".join(f"{by[e][key]:.3f}" for key in ("final_loss", "probe_map")
                                                 for e in ENGINES) + " |")
    for key in ("final_loss", "probe_map"):
        of = {e: [r[key] for r in runs if r["engine"] == e] for e in ENGINES}
        apart = abs(sum(of["torch"]) - sum(of["timbre"])) / len(of["torch"])
        lines.append(f"\n{key}: the engines' means are {apart:.3f} apart; the seeds of one engine differ by "
                     f"{spread(of['torch']):.3f} (torch) and {spread(of['timbre']):.3f} (timbre)")
    return "\n".join(lines)


def main():
    steps = sys.argv[1] if len(sys.argv) > 1 else "150"
    seeds = sys.argv[2:] or ["42", "43", "44"]
    if not demo_run.CORPUS.exists():
        sys.exit("engines_on_corpus: run scripts/demo first: it makes the corpus")
    demo_run.OUT = pathlib.Path("bench-out/engines_on_corpus").resolve()
    shutil.rmtree(demo_run.OUT, ignore_errors=True)
    demo_run.OUT.mkdir(parents=True)
    config = (f'listen_address: "127.0.0.1:0"\nmetrics_address: "off"\nready_file: "{demo_run.OUT}/ready"\n'
              f'state_dir: "{demo_run.OUT}/state"\ndata_root: "{demo_run.CORPUS}"\n')
    with demo_run.running_server(config) as address:
        timbre = demo_run.CommandLine(address)
        for part in ("pretrain", "train", "test"):
            timbre.show("dataset", "create", part, "--path", part, "--track-pattern", demo_run.TRACK_PATTERN, "--wait")
        runs = [run(timbre, engine, seed, steps) for seed in seeds for engine in ENGINES]
    (demo_run.OUT.parent / "engines_on_corpus.json").write_text(json.dumps(runs, indent=1) + "\n")
    print("\n" + table(runs))


if __name__ == "__main__":
    main()
