#!/usr/bin/python3
"""Makes golden.csv: average precision and ROC-AUC of random cases as Debian's scikit-learn computes them.

    apt-get install python3-sklearn
    ./make_golden.py > golden.csv

One case a line: labels;scores;average_precision;roc_auc
  labels: a string of 0 and 1 · scores: float32 values, comma-separated, in the shortest form that reads back
  exactly · roc_auc: nan where scikit-learn refuses (a single class).
"""

import warnings

import numpy as np
import sklearn
from sklearn.metrics import average_precision_score, roc_auc_score

CASES = 1000


def draw_scores(rng, count):
    kind = rng.integers(5)
    if kind == 0:  # a few levels: many ties
        return rng.integers(0, rng.integers(1, 6) + 1, count).astype(np.float32)
    if kind == 1:  # all equal
        return np.full(count, rng.normal(), np.float32)
    if kind == 2:  # saturated probabilities: ties at both ends
        return (1 / (1 + np.exp(-40 * rng.normal(size=count)))).astype(np.float32)
    if kind == 3:  # neighbours in float32, both signs of zero
        return np.array([0.0, -0.0, 1e-38, 1.0, np.nextafter(np.float32(1), 2), -1.0], np.float32)[
            rng.integers(0, 6, count)
        ]
    return rng.normal(size=count).astype(np.float32)


def draw_labels(rng, scores):
    kind = rng.integers(8)
    if kind == 0:
        return np.zeros(len(scores), int)
    if kind == 1:
        return np.ones(len(scores), int)
    if kind == 2:  # correlated with the scores
        return (scores + rng.normal(size=len(scores)) > np.median(scores)).astype(int)
    return (rng.random(len(scores)) < rng.uniform(0.02, 0.9)).astype(int)


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(20240229)
    print(f"# scikit-learn {sklearn.__version__}, numpy {np.__version__}")
    for _ in range(CASES):
        scores = draw_scores(rng, int(rng.choice([1, 2, 3, 5, 10, 20, 40, 80])))
        labels = draw_labels(rng, scores)
        precision = abs(average_precision_score(labels, scores))  # 1.2.1 says -0.0 without positives
        both = 0 < labels.sum() < len(labels)
        auc = roc_auc_score(labels, scores) if both else float("nan")
        print(
            "".join(map(str, labels)),
            ",".join(np.format_float_scientific(s, trim="-") for s in scores),
            repr(float(precision)),
            repr(float(auc)),
            sep=";",
        )


if __name__ == "__main__":
    main()
