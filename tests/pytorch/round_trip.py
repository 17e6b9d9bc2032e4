#!/usr/bin/python3
"""The three models in PyTorch, with weights files going both ways (Debian: python3-torch).

usage: round_trip.py predict WEIGHTS.safetensors [--data DIR]
       round_trip.py train MODEL OUT_DIR [--data DIR] [--steps N]

predict loads a file that GpuCnn wrote by load_state_dict and writes the logits of all test images as JSON. train takes steps of Adam on batches of 128, writes
OUT_DIR/F32.safetensors, F16.safetensors and BF16.safetensors, and writes the test accuracy that each file's weights have here as JSON.
"""
import argparse
import gzip
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent))
import safetensors_file  # noqa: E402


class Model(nn.Module):
    """Layers as attributes, whose names are those of the tensors in files."""

    def __init__(self, convs, denses):
        super().__init__()
        self.convs, self.denses = len(convs), len(denses)
        for i, conv in enumerate(convs, 1):
            setattr(self, f"conv{i}", conv)
        for i, dense in enumerate(denses, 1):
            setattr(self, f"dense{i}", dense)

    def forward(self, x):
        for i in range(1, self.convs + 1):
            x = torch.max_pool2d(torch.relu(getattr(self, f"conv{i}")(x)), 2)
        x = x.flatten(1)
        for i in range(1, self.denses):
            x = torch.relu(getattr(self, f"dense{i}")(x))
        return getattr(self, f"dense{self.denses}")(x)


def build(name):
    conv, dense = nn.Conv2d, nn.Linear
    if name == "cnn1":
        return Model([conv(1, 32, 3)], [dense(5408, 128), dense(128, 10)])
    if name == "cnn2":
        return Model([conv(1, 32, 3), conv(32, 64, 3, 2, 1)], [dense(576, 128), dense(128, 256), dense(256, 128), dense(128, 10)])
    return Model([conv(1, 64, 3), conv(64, 128, 3, 2, 1), conv(128, 64, 3, 2, 1)], [dense(64, 128), dense(128, 256), dense(256, 256), dense(256, 128), dense(128, 10)])


def read(folder, part):
    with gzip.open(folder / f"{part}-images-idx3-ubyte.gz") as images, gzip.open(folder / f"{part}-labels-idx1-ubyte.gz") as labels:
        pixels = np.frombuffer(images.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
        return torch.from_numpy(pixels.astype(np.float32) / 255), torch.from_numpy(np.frombuffer(labels.read(), np.uint8, offset=8).astype(np.int64))


def logits(model, images):
    model.eval()
    with torch.no_grad():
        return torch.cat([model(batch) for batch in images.split(500)])


def predict(arguments):
    tensors, metadata = safetensors_file.load(arguments.weights)
    name = json.loads(metadata["model"])["name"] if "model" in metadata else "cnn" + {1: "1", 2: "2", 3: "3"}[sum(key.startswith("conv") for key in tensors) // 2]
    model = build(name)
    model.load_state_dict({key: torch.from_numpy(value) for key, value in tensors.items()})
    images, _ = read(arguments.data, "t10k")
    json.dump(logits(model, images).tolist(), sys.stdout)


def train(arguments):
    torch.manual_seed(1)
    model = build(arguments.model)
    images, labels = read(arguments.data, "train")
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for step in range(arguments.steps):
        part = slice(step * 128 % 59_904, step * 128 % 59_904 + 128)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images[part]), labels[part]).backward()
        optimizer.step()
    images, labels = read(arguments.data, "t10k")
    accuracies = {}
    for name, dtype in (("F32", torch.float32), ("F16", torch.float16), ("BF16", torch.bfloat16)):
        rounded = {key: value.to(dtype) for key, value in model.state_dict().items()}
        # NumPy has no bfloat16; the bits are all that is written.
        bits = {key: value if dtype == torch.float32 else value.view(torch.int16) for key, value in rounded.items()}
        safetensors_file.save(arguments.out / f"{name}.safetensors", {key: (name, value.shape, value.numpy().tobytes()) for key, value in bits.items()}, {"format": "pt"})
        copy = build(arguments.model)
        copy.load_state_dict({key: value.float() for key, value in rounded.items()})
        accuracies[name] = (logits(copy, images).argmax(1) == labels).double().mean().item()
    json.dump(accuracies, sys.stdout)


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("predict")
    one.add_argument("weights")
    one.set_defaults(run=predict)
    two = commands.add_parser("train")
    two.add_argument("model", choices=("cnn1", "cnn2", "cnn3"))
    two.add_argument("out", type=Path)
    two.add_argument("--steps", type=int, default=150)
    two.set_defaults(run=train)
    for each in (one, two):
        each.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "data" / "fashion-mnist")
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
