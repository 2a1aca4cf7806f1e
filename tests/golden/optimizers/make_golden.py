#!/usr/bin/python3
"""Makes optimizers.json: what numpy, in float64 and straight from the papers' formulas, makes of two parameters in
five steps, for each optimiser.

    apt-get install python3-numpy
    ./make_golden.py > optimizers.json
"""

import json
import sys

import numpy as np

STEPS = 5
SHAPES = {"weight": (3, 4), "bias": (3,)}


def adam(w, g, state, c, t, decoupled):
    if decoupled:
        w = w * (1 - c["learning_rate"] * c["weight_decay"])
    else:
        g = g + c["weight_decay"] * w
    state["m"] = c["beta1"] * state.get("m", 0) + (1 - c["beta1"]) * g
    state["v"] = c["beta2"] * state.get("v", 0) + (1 - c["beta2"]) * g * g
    m = state["m"] / (1 - c["beta1"] ** t)
    v = state["v"] / (1 - c["beta2"] ** t)
    return w - c["learning_rate"] * m / (np.sqrt(v) + c["epsilon"])


def sgd(w, g, state, c):
    g = g + c["weight_decay"] * w
    state["b"] = c["momentum"] * state["b"] + g if "b" in state else g
    return w - c["learning_rate"] * (g + c["momentum"] * state["b"] if c["nesterov"] else state["b"])


def lars(w, g, state, c):
    trust = 1.0
    if w.ndim > 1:
        g = g + c["weight_decay"] * w
        trust = c["trust_coefficient"] * np.sqrt((w * w).sum()) / np.sqrt((g * g).sum())
    move = c["learning_rate"] * trust * g
    state["v"] = c["momentum"] * state.get("v", 0) + move
    return w - (c["momentum"] * state["v"] + move if c["nesterov"] else state["v"])


def run(kind, config, start, gradients):
    out = {}
    for name, w in start.items():
        state = {}
        for t in range(1, STEPS + 1):
            g = gradients[name][t - 1]
            if kind in ("adam", "adam_w"):
                w = adam(w, g, state, config, t, kind == "adam_w")
            else:
                w = {"sgd": sgd, "lars": lars}[kind](w, g, state, config)
        out[name] = w.ravel().tolist()
    return out


def main():
    rng = np.random.default_rng(20210412)
    start = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    gradients = {name: rng.normal(size=(STEPS, *shape)) for name, shape in SHAPES.items()}
    cases = [
        ("adam", {"weight_decay": 0.0}),
        ("adam", {"weight_decay": 0.1}),
        ("adam_w", {"weight_decay": 0.1}),
        ("sgd", {"momentum": 0.0}),
        ("sgd", {"momentum": 0.9, "weight_decay": 0.01}),
        ("sgd", {"momentum": 0.9, "nesterov": True}),
        ("lars", {"momentum": 0.9, "weight_decay": 1e-2}),
        ("lars", {"momentum": 0.8, "weight_decay": 1e-2, "nesterov": True, "trust_coefficient": 0.02}),
    ]
    defaults = {
        "learning_rate": 0.05, "weight_decay": 0.0, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
        "momentum": 0.9, "nesterov": False, "trust_coefficient": 0.001,
    }
    results = []
    for kind, changes in cases:
        config = {**defaults, **changes}
        results.append({"kind": kind, "config": config, "end": run(kind, config, start, gradients)})
    json.dump(
        {
            "shapes": SHAPES,
            "start": {name: w.ravel().tolist() for name, w in start.items()},
            "gradients": {name: g.reshape(STEPS, -1).tolist() for name, g in gradients.items()},
            "cases": results,
        },
        sys.stdout, indent=1,
    )
    print()


if __name__ == "__main__":
    main()
