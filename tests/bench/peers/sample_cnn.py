"""SampleCNN as everybody writes it: Conv1d, BatchNorm1d, ReLU, MaxPool1d; without dropout."""
import torch
from torch import nn

CHANNELS = (128, 128, 128, 256, 256, 256, 256, 256, 256, 512)
WINDOW = 59049


def sample_cnn():
    torch.manual_seed(0)
    layers, before = [nn.Conv1d(1, 128, 3, stride=3), nn.BatchNorm1d(128), nn.ReLU()], 128
    for channels in CHANNELS[1:]:
        layers += [nn.Conv1d(before, channels, 3, padding=1), nn.BatchNorm1d(channels), nn.ReLU(), nn.MaxPool1d(3)]
        before = channels
    layers += [nn.Conv1d(before, 512, 1), nn.BatchNorm1d(512), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers)
