#!/usr/bin/env python3
"""Golden values of NT-Xent for two views: its value by the formula of SimCLR (Chen et al. 2020, eq. 1), pair by pair in
double precision, and its gradient by central differences. Run: /usr/bin/python3 make_golden.py (Debian: python3-numpy).
"""
import json
import math
import pathlib

import numpy as np


def nt_xent(views, temperature):
    rows = [np.asarray(row) for view in views for row in view]
    count, tracks = len(rows), len(views[0])
    total = 0.0
    for i in range(count):
        cosine = [float(rows[i] @ rows[k]) / math.sqrt(float(rows[i] @ rows[i]) * float(rows[k] @ rows[k]))
                  for k in range(count)]
        denominator = math.fsum(math.exp(cosine[k] / temperature) for k in range(count) if k != i)
        total -= math.log(math.exp(cosine[(i + tracks) % count] / temperature) / denominator)
    return total / count


def gradient(views, temperature, step=1e-5):
    out = np.zeros_like(views)
    for index in np.ndindex(views.shape):
        up, down = views.copy(), views.copy()
        up[index] += step
        down[index] -= step
        out[index] = (nt_xent(up, temperature) - nt_xent(down, temperature)) / (2 * step)
    return out


def main():
    random = np.random.default_rng(3)
    cases = []
    for tracks, dim, temperature in [(2, 3, 0.5), (4, 6, 0.5), (4, 6, 0.05), (7, 5, 0.1)]:
        views = np.round(random.normal(size=(2, tracks, dim)), 3)
        cases.append({"temperature": temperature, "shape": list(views.shape), "views": views.ravel().tolist(),
                      "loss": nt_xent(views, temperature), "gradient": gradient(views, temperature).ravel().tolist()})
    pathlib.Path(__file__).with_name("nt_xent.json").write_text(json.dumps(cases, indent=0) + "\n")


if __name__ == "__main__":
    main()
