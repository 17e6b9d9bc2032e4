#!/usr/bin/python3
"""Models in PyTorch, with weights files going both ways (Debian: python3-torch).

usage: round_trip.py predict WEIGHTS.safetensors [--data DIR] [--count N]
       round_trip.py train DESCRIPTION.json OUT_DIR [--data DIR] [--steps N]

predict builds the model that a file of GpuCnn's describes, loads the file by load_state_dict, strictly, and writes the logits of the first test images as JSON. train takes steps of
Adam on batches of 128, writes OUT_DIR/F32.safetensors, F16.safetensors and BF16.safetensors, and writes the accuracy that each file's weights have here on the first test images as JSON.
F32 and F16 have what state_dict() has, a batch normalization's count of steps as whole number; for BF16 all tensors are cast, as users do.
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
import described_model  # noqa: E402
import safetensors_file  # noqa: E402


TYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}


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
    model = described_model.build(json.loads(metadata["model"]))
    model.load_state_dict({key: torch.from_numpy(value) for key, value in tensors.items()}, strict=True)
    images, _ = read(arguments.data, "t10k")
    json.dump(logits(model, images[:arguments.count]).tolist(), sys.stdout)


def train(arguments):
    torch.manual_seed(1)
    model = described_model.build(json.loads(arguments.model.read_text()))
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
        rounded = {key: value.to(dtype) if value.is_floating_point() or name == "BF16" else value for key, value in model.state_dict().items()}
        # NumPy has no bfloat16; the bits are all that is written.
        contents = {key: (TYPES[value.dtype], value.shape, (value.view(torch.int16) if value.element_size() == 2 else value).numpy().tobytes()) for key, value in rounded.items()}
        safetensors_file.save(arguments.out / f"{name}.safetensors", contents, {"format": "pt"})
        model.load_state_dict({key: value.float() for key, value in rounded.items()})
        accuracies[name] = (logits(model, images[:arguments.count]).argmax(1) == labels[:arguments.count]).double().mean().item()
    json.dump(accuracies, sys.stdout)


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("predict")
    one.add_argument("weights")
    one.set_defaults(run=predict)
    two = commands.add_parser("train")
    two.add_argument("model", type=Path)
    two.add_argument("out", type=Path)
    two.add_argument("--steps", type=int, default=150)
    two.set_defaults(run=train)
    for each in (one, two):
        each.add_argument("--count", type=int, default=10_000)
        each.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "data" / "fashion-mnist")
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
