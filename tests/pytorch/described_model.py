"""A torch.nn module for a model that a description in JSON gives: docs/models.md says what stands in one. The names of its state_dict are those of our weights files."""
import torch
from torch import nn

# Layers are numbered by the word that their names begin with.
WORDS = {"batch_norm": "norm", "leaky_relu": "relu", "relu6": "relu", "max_pool": "pool", "average_pool": "pool", "global_average_pool": "pool"}


class Dense(nn.Linear):
    """Takes images of one pixel too."""

    def forward(self, x):
        return super().forward(x.flatten(1))


class Chain(nn.Module):
    """Layers one behind the other, each an attribute with the layer's name."""

    def __init__(self, layers, shape):
        super().__init__()
        numbers, self.order = {}, []
        for layer in layers:
            word = WORDS.get(layer["kind"], layer["kind"])
            numbers[word] = numbers.get(word, 0) + 1
            self.order.append(word if word == "flatten" else f"{word}{numbers[word]}")
            module = make(layer, shape)
            self.add_module(self.order[-1], module)
            with torch.no_grad():
                # What comes out of zeros has the shape that the next layer takes.
                shape = list(module.eval()(torch.zeros(1, *shape)).shape[1:])

    def forward(self, x):
        for name in self.order:
            x = getattr(self, name)(x)
        return x


class Residual(Chain):
    """What its layers make of the input, plus what the shortcut makes of it."""

    def __init__(self, layers, shortcut, shape):
        super().__init__(layers, shape)
        self.shortcut = Chain(shortcut, shape)

    def forward(self, x):
        body, shortcut = super().forward(x), self.shortcut(x)
        # One may be a vector, the other an image of one pixel.
        return body + shortcut if body.dim() == shortcut.dim() else body.flatten(1) + shortcut.flatten(1)


def make(layer, shape):
    """The module of a layer that takes [channels, height, width] or, behind a flatten and the like, [elements]."""
    kind, get = layer["kind"], layer.get
    if kind == "conv":
        return nn.Conv2d(shape[0], layer["filters"], layer["kernel"], get("stride", 1), get("padding", 0), bias=get("bias", True))
    if kind == "dense":
        return Dense(shape[0], layer["units"], bias=get("bias", True))
    if kind == "batch_norm":
        return (nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d)(shape[0], get("epsilon", 1e-5), get("momentum", 0.1))
    if kind == "max_pool":
        return nn.MaxPool2d(layer["window"], get("stride"), get("padding", 0), ceil_mode=get("ceil_mode", False))
    if kind == "average_pool":
        return nn.AvgPool2d(layer["window"], get("stride"), get("padding", 0))
    if kind == "global_average_pool":
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    if kind == "residual":
        return Residual(layer["layers"], get("shortcut", []), shape)
    if kind == "leaky_relu":
        return nn.LeakyReLU(get("slope", 0.01))
    if kind == "elu":
        return nn.ELU(get("alpha", 1))
    return {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "hard_swish": nn.Hardswish, "relu6": nn.ReLU6, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid,
            "flatten": nn.Flatten, "dropout": lambda: nn.Dropout(layer["rate"])}[kind]()


def build(description):
    """The module of a whole description, which is a file's text or the metadata 'model' of a weights file, read as JSON."""
    return Chain(description["layers"], description["input"]).train()
