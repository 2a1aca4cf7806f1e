#!/usr/bin/env python3
"""Golden values of the objectives: values by the formulas of their papers, clip by clip in double precision, gradients
by autograd. Where a paper's code stops a gradient, so does this. Run: /usr/bin/python3 make.py (Debian: python3-torch).
"""
import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)


def cosine(x, y):
    return torch.dot(x, y) / (torch.sqrt(torch.dot(x, x)) * torch.sqrt(torch.dot(y, y)))


def mean(values):
    return torch.stack(list(values)).mean()


def negatives(anchor_clip, groups, mask):
    """The clips that stand against a clip."""
    return [j for j in range(len(groups)) if j != anchor_clip and not (mask and groups[j] == groups[anchor_clip])]


def negative_sum(case, views, a, i):
    t, mask = case["temperature"], case.get("mask_same_track", False)
    total = torch.zeros(())
    for j in negatives(i, case["groups"], mask):
        for g in range(len(views)):
            total = total + torch.exp(cosine(views[a][i], views[g][j]) / t)
    return total


def probability(case, views, a, b, i):
    positive = torch.exp(cosine(views[a][i], views[b][i]) / case["temperature"])
    return positive / (positive + negative_sum(case, views, a, i))


def anchors(views):
    return [(a, i) for a in range(len(views)) for i in range(len(views[0]))]


def nt_xent(case, views, _):
    return mean(-torch.log(probability(case, views, a, 1 - a, i)) for a, i in anchors(views))


def dcl(case, views, _):
    losses = []
    for a, i in anchors(views):
        rest = negative_sum(case, views, a, i)
        if not rest.requires_grad and rest == 0:  # no negatives: nothing to lose
            losses.append(0 * views[a].sum())
            continue
        losses.append(-case.get("weights", [1] * len(views[0]))[i] * cosine(views[a][i], views[1 - a][i])
                      / case["temperature"] + torch.log(rest))
    return mean(losses)


def dclw(case, views, _):
    clips = len(views[0])
    near = [torch.exp(cosine(views[0][i], views[1][i]) / case["sigma"]) for i in range(clips)]
    expectation = mean(near)
    return dcl({**case, "weights": [2 - n / expectation for n in near]}, views, _)


def poly_view(case, views, _):
    count = len(views)
    losses = []
    for a, i in anchors(views):
        p = [probability(case, views, a, b, i) for b in range(count) if b != a]
        if case["method"] == "geometric":
            losses.append(mean(-torch.log(q) for q in p))
        elif case["method"] == "arithmetic":
            losses.append(-torch.log(mean(p)))
        else:
            unit = [[v / v.norm() for v in view] for view in views]

            def rest(j, g):
                return sum(unit[b][j] for b in range(count) if b != g) / (count - 1)

            def score(j, g):
                return torch.exp(torch.dot(unit[a][i], rest(j, g)) / case["temperature"])

            others = negatives(i, case["groups"], case.get("mask_same_track", False))
            total = sum((score(j, g) for j in others for g in range(count)), torch.zeros(()))
            losses.append(-torch.log(score(i, a) / (score(i, a) + total)))
    return mean(losses)


def vicreg(case, views, _):
    clips, dim = views[0].shape
    invariance = sum((views[0][i] - views[1][i]).square().sum() for i in range(clips)) / (clips * dim)
    variance = covariance = 0
    for view in views:
        centre = sum(view) / clips
        c = sum(torch.outer(row - centre, row - centre) for row in view) / (clips - 1)
        for j in range(dim):
            variance = variance + torch.clamp(1 - torch.sqrt(c[j, j] + 1e-4), min=0) / dim / 2
            covariance = covariance + sum(c[j, k] ** 2 for k in range(dim) if k != j) / dim
    return (case["invariance_weight"] * invariance + case["variance_weight"] * variance
            + case["covariance_weight"] * covariance)


def barlow_twins(case, views, _):
    clips, dim = views[0].shape
    za, zb = [torch.nn.functional.batch_norm(view, None, None, training=True, eps=1e-5) for view in views]
    loss = 0
    for i in range(dim):
        for j in range(dim):
            c = torch.dot(za[:, i], zb[:, j]) / clips
            loss = loss + ((c - 1) ** 2 if i == j else case["redundancy_weight"] * c ** 2)
    return loss


def predict(weights, rows):
    hidden = torch.nn.functional.linear(rows, weights["hidden.weight"], weights.get("hidden.bias"))
    hidden = torch.nn.functional.batch_norm(hidden, None, None, weights["norm.weight"], weights["norm.bias"], True)
    return torch.nn.functional.linear(torch.relu(hidden), weights["out.weight"], weights["out.bias"])


def byol(case, views, weights):
    target = torch.tensor(case["target"]).view(case["shape"])
    loss = 0
    for a in range(2):
        prediction = predict(weights, views[a])
        loss = loss + mean(2 - 2 * cosine(prediction[i], target[1 - a][i]) for i in range(len(prediction)))
    return loss


def simsiam(case, views, weights):
    loss = 0
    for a in range(2):
        prediction, target = predict(weights, views[a]), views[1 - a].detach()
        loss = loss - mean(cosine(prediction[i], target[i]) for i in range(len(prediction))) / 2
    return loss


def align_uniform(case, views, _):
    unit = [[v / v.norm() for v in view] for view in views]
    clips = len(unit[0])
    alignment = mean((unit[0][i] - unit[1][i]).norm() ** case["alignment_power"] for i in range(clips))
    uniformity = mean(torch.log(mean(torch.exp(-case["uniformity_scale"] * (u[i] - u[j]).square().sum())
                                     for i in range(clips) for j in range(i))) for u in unit)
    return alignment + case["uniformity_weight"] * uniformity


def mse(case, views, _):
    return (views[0] - views[1]).square().sum() / views[0].numel()


OBJECTIVES = {f.__name__: f for f in (nt_xent, dcl, dclw, vicreg, barlow_twins, byol, simsiam, align_uniform,
                                      poly_view, mse)}


def predictor_weights(dim, hidden, bias):
    shapes = {"hidden.weight": (hidden, dim), "norm.weight": (hidden,), "norm.bias": (hidden,),
              "out.weight": (dim, hidden), "out.bias": (dim,)}
    if bias:
        shapes["hidden.bias"] = (hidden,)
    return {name: draw(shape) for name, shape in shapes.items()}


def draw(shape):
    return torch.round(torch.randn(shape) * 1000) / 1000


def flat(tensor):
    return [float(f"{value:.12g}") for value in tensor.detach().reshape(-1).tolist()]


def finish(case):
    """Draws what the case needs and computes loss and gradients."""
    shape = case.setdefault("shape", [2, 5, 4])
    case.setdefault("groups", list(range(shape[1])))
    views = draw(shape)
    weights = {}
    if case["name"] in ("byol", "simsiam"):
        weights = predictor_weights(shape[2], case["predictor_hidden_dim"], bias=case["name"] == "byol")
        case["weights"] = {name: flat(value) for name, value in weights.items()}
    if case["name"] == "byol":
        case["target"] = flat(draw(shape))
    case["views"] = flat(views)
    views.requires_grad_()
    for value in weights.values():
        value.requires_grad_()
    loss = OBJECTIVES[case["name"]](case, list(views), weights)
    loss.backward()
    case["loss"] = loss.item()
    case["gradient"] = flat(views.grad)
    case["weight_gradients"] = {name: flat(value.grad) for name, value in weights.items()}
    return case


def cases():
    tracks = [7, 7, 3, 9, 3]
    alone = [4, 4, 4]  # nothing left to stand against
    for t in (0.5, 0.05):
        yield {"name": "nt_xent", "temperature": t}
        yield {"name": "dcl", "temperature": t}
        yield {"name": "dclw", "temperature": t, "sigma": 0.5}
    for name in ("nt_xent", "dcl"):
        yield {"name": name, "temperature": 0.2, "mask_same_track": True, "groups": tracks}
        yield {"name": name, "temperature": 0.2, "mask_same_track": True, "groups": alone, "shape": [2, 3, 4]}
        yield {"name": name, "temperature": 0.2, "mask_same_track": False, "groups": tracks}
    yield {"name": "dclw", "temperature": 0.2, "sigma": 0.3, "mask_same_track": True, "groups": tracks}
    for method in ("geometric", "arithmetic", "sufficient_statistics"):
        for shape in ([2, 4, 3], [3, 4, 3], [5, 3, 4]):
            yield {"name": "poly_view", "method": method, "temperature": 0.3, "shape": shape}
        yield {"name": "poly_view", "method": method, "temperature": 0.3, "shape": [3, 5, 3],
               "mask_same_track": True, "groups": tracks}
    yield {"name": "vicreg", "invariance_weight": 25, "variance_weight": 25, "covariance_weight": 1}
    yield {"name": "vicreg", "invariance_weight": 3, "variance_weight": 2, "covariance_weight": 5, "shape": [2, 7, 3]}
    yield {"name": "barlow_twins", "redundancy_weight": 0.0051}
    yield {"name": "barlow_twins", "redundancy_weight": 0.5, "shape": [2, 8, 3]}
    yield {"name": "byol", "predictor_hidden_dim": 6}
    yield {"name": "simsiam", "predictor_hidden_dim": 6}
    for power, scale, weight in ((2, 2, 1), (1, 3, 0.5)):
        yield {"name": "align_uniform", "alignment_power": power, "uniformity_scale": scale,
               "uniformity_weight": weight}
    yield {"name": "mse"}


def main():
    torch.manual_seed(5)
    lines = ",\n".join(json.dumps(finish(case)) for case in cases())
    pathlib.Path(__file__).with_name("objectives.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
