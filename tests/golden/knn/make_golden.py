#!/usr/bin/python3
"""Makes golden.json: votes of the nearest neighbours as Debian's scikit-learn counts them.

    apt-get install python3-sklearn
    ./make_golden.py > golden.json

labelled [clips, dim], labels [clips, tags] and queries [queries, dim] are row-major; votes are [queries, tags] of
KNeighborsRegressor(metric="cosine"), each neighbour weighted by exp(cosine / 0.07).
"""

import json

import numpy as np
import sklearn
from sklearn.neighbors import KNeighborsRegressor

CLIPS, QUERIES, DIM, TAGS = 40, 15, 6, 3


def main():
    rng = np.random.default_rng(11)
    labelled = np.round(rng.normal(size=(CLIPS, DIM)) + 0.5, 4)
    queries = np.round(rng.normal(size=(QUERIES, DIM)) + 0.5, 4)
    labels = (rng.random((CLIPS, TAGS)) < [0.1, 0.4, 0.8]).astype(int)
    votes = []
    for neighbors in (1, 5, 40):
        model = KNeighborsRegressor(
            neighbors, metric="cosine", algorithm="brute", weights=lambda d: np.exp((1 - d) / 0.07)
        ).fit(labelled, labels)
        votes.append({"neighbors": neighbors, "votes": model.predict(queries).ravel().tolist()})
    print(
        json.dumps(
            {
                "made_by": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
                "dim": DIM,
                "tags": TAGS,
                "labelled": labelled.ravel().tolist(),
                "labels": labels.ravel().tolist(),
                "queries": queries.ravel().tolist(),
                "votes": votes,
            }
        )
    )


if __name__ == "__main__":
    main()
