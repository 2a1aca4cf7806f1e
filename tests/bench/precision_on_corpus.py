#!/usr/bin/env python3
"""Whether bf16 tags as well as fp32: the demo's tagger on the demo's test clips, served in each precision.

python3 tests/bench/precision_on_corpus.py   (after scripts/demo, from the root; wants scikit-learn)
"""
import csv
import pathlib
import sys

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts"))
import demo_run

PRECISIONS = ("fp32", "bf16")


def served(precision, files, tags):
    """[files, tags]: the probabilities that a server in this precision answers."""
    config = (f'listen_address: "127.0.0.1:0"\nmetrics_address: "off"\nready_file: "{demo_run.OUT}/ready"\n'
              f'state_dir: "demo-out/state"\ninference {{ precision: "{precision}" engine: "timbre" }}\n')
    with demo_run.running_server(config) as address:
        answer = demo_run.CommandLine(address).ask("tag", *files, "--top", "1000", quiet=True)
    found = [{score["tag"]: score["probability"] for score in file["response"]["tags"]} for file in answer["files"]]
    return np.array([[of_file[tag] for tag in tags] for of_file in found])


def main():
    test = demo_run.CORPUS / "test"
    if not pathlib.Path("demo-out/state").exists():
        sys.exit("precision_on_corpus: run scripts/demo first: it makes the corpus and the tagger")
    with open(test / "annotations.csv", newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    tags = [name for name in rows[0] if name not in ("path", "track_id")]
    truth = np.array([[int(row[tag]) for tag in tags] for row in rows])
    demo_run.OUT = pathlib.Path("bench-out/precision_on_corpus").resolve()
    demo_run.OUT.mkdir(parents=True, exist_ok=True)
    scores = {precision: served(precision, [str(test / row["path"]) for row in rows], tags) for precision in PRECISIONS}
    for precision, of_it in scores.items():
        print(f"{precision}: mAP {average_precision_score(truth, of_it):.5f}, ROC-AUC {roc_auc_score(truth, of_it):.5f}")
    apart = np.abs(scores["fp32"] - scores["bf16"]).max()
    print(f"{len(rows)} clips, {len(tags)} tags; a probability differs by {apart:.5f} at most")


if __name__ == "__main__":
    main()
