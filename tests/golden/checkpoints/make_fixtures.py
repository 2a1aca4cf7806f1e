#!/usr/bin/env python3
"""Small checkpoints as the programs of the field write them, by PyTorch: what convert_checkpoint.py must read.

Run: /usr/bin/python3 make_fixtures.py   (Debian: python3-torch 1.13). Writes *.pt and expected.json beside itself.

The networks have the tutorial's and CLMR's names with 2 blocks of 4 channels. expected.json has, for each file,
name -> [dtype in safetensors, shape, values].
"""
import argparse
import collections
import json
import pathlib

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent


class Hyper:  # an object of a class that a reader does not have
    def __init__(self):
        self.learning_rate = 1e-4


def block(ins, outs):
    return nn.Sequential(nn.Conv1d(ins, outs, 3), nn.BatchNorm1d(outs), nn.ReLU())


class Notebook(nn.Module):
    def __init__(self, bias):
        super().__init__()
        self.encoder = nn.Module()
        self.encoder.conv1 = block(1, 4)
        self.encoder.conv2 = block(4, 4)
        self.projector = nn.Sequential(nn.Linear(4, 4, bias=bias), nn.ReLU(), nn.Linear(4, 2, bias=bias))


class Clmr(nn.Module):
    def __init__(self):
        super().__init__()
        self.sequential = nn.Sequential(block(1, 4), block(4, 4))
        self.fc = nn.Linear(4, 3)


def lightning(state):
    return {"epoch": 3, "global_step": 12, "pytorch-lightning_version": "2.1.2", "state_dict": state,
            "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(4)}}}],
            "hyper_parameters": argparse.Namespace(batch=96), "callbacks": {"pca": Hyper()}}


def expected(state):
    out = {}
    for name, tensor in state.items():
        dtype = "I64" if tensor.dtype == torch.int64 else "F32"
        out[name] = [dtype, list(tensor.shape), tensor.detach().double().flatten().tolist()]
    return out


def main():
    torch.manual_seed(1)
    clmr = Clmr().state_dict()
    twice = collections.OrderedDict((p + k, v) for p in ("encoder.", "model.encoder.") for k, v in clmr.items())
    base = torch.arange(24, dtype=torch.float32)
    views = collections.OrderedDict(transposed=base.view(4, 6).t(), offset=base[5:9], scalar=torch.tensor(2.5),
                                    empty=torch.empty(0, 7), parameter=nn.Parameter(base[:3].clone()))
    numbers = {"half": torch.tensor([0.5, -65504.0, 6e-8]).half(), "brain": torch.tensor([1.5, -3e38]).bfloat16(),
               "double": torch.tensor([1 / 3, -2.0]).double()}
    files = {
        "notebook_lightning.pt": (lightning(Notebook(False).state_dict()), None),
        "notebook_biases.pt": (lightning(Notebook(True).state_dict()), None),
        "clmr_plain.pt": (collections.OrderedDict(("encoder." + k, v) for k, v in clmr.items()), None),
        "clmr_lightning.pt": (lightning(twice), None),
        "views.pt": (views, None),
        "numbers.pt": (numbers, None),
    }
    results = {}
    for name, (content, _) in files.items():
        torch.save(content, HERE / name)
        results[name] = expected(content.get("state_dict", content))
    torch.save(files["clmr_plain.pt"][0], HERE / "legacy.pt", _use_new_zipfile_serialization=False)
    results["legacy.pt"] = results["clmr_plain.pt"]
    torch.save([torch.ones(2)], HERE / "list.pt")
    (HERE / "expected.json").write_text(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
