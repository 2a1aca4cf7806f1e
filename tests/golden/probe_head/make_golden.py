#!/usr/bin/python3
"""Makes golden.json: logistic regressions as Debian's scikit-learn fits them, one per tag.

    apt-get install python3-sklearn
    ./make_golden.py > golden.json

features [clips, dim] and labels [clips, tags] are row-major; weight [tags, dim] and bias [tags] are those of
LogisticRegression(C = 1 / (l2_strength * clips)), by Newton's method, whose stop is the stricter one.
"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

CLIPS, DIM, TAGS = 60, 5, 3


def main():
    rng = np.random.default_rng(7)
    features = np.round(rng.normal(size=(CLIPS, DIM)) * [1, 3, 0.2, 1, 1] + [0, 2, 0, -1, 0], 4)
    logits = features @ rng.normal(size=(DIM, TAGS)) + [-1, -3, 2] + rng.logistic(size=(CLIPS, TAGS))
    labels = (logits > 0).astype(int)
    fits = []
    for l2_strength in (0.001, 0.1):
        models = [
            LogisticRegression(C=1 / (l2_strength * CLIPS), solver="newton-cg", tol=1e-7, max_iter=100000).fit(features, labels[:, t])
            for t in range(TAGS)
        ]
        fits.append(
            {
                "l2_strength": l2_strength,
                "weight": np.concatenate([m.coef_[0] for m in models]).tolist(),
                "bias": [float(m.intercept_[0]) for m in models],
            }
        )
    print(
        json.dumps(
            {
                "made_by": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
                "clips": CLIPS,
                "dim": DIM,
                "tags": TAGS,
                "features": features.ravel().tolist(),
                "labels": labels.ravel().tolist(),
                "fits": fits,
            }
        )
    )


if __name__ == "__main__":
    main()
