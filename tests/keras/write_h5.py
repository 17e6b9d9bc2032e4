#!/usr/bin/python3
"""Writes models as Keras does into .h5 files (Debian: python3-h5py, python3-numpy); Keras itself is not needed.

usage: write_h5.py MODEL OUT.h5 --keras 2|3 [--weights FILE.safetensors] [--weights-only] [--logits FILE.json]

The layout is that of Keras 2's hdf5_format.py and of Keras 3's legacy_h5_format.py (what model.save("x.h5") calls): the attribute model_config, the group
model_weights with the attributes layer_names, backend and keras_version, a group for each layer with the attribute weight_names, the tensors below it under
those names. Names of weights are conv2d/kernel:0 in Keras 2, sequential/conv2d/kernel in Keras 3. Kernels are [height, width, in, out], dense ones [in, out] with
the inputs in the order height, width, channels. With --weights-only the attributes and groups stand at the root and there is no model_config (save_weights).

Weights come from a file that GpuCnn wrote; without one, element i of tensor t (kernel, bias, kernel, ... of each layer in turn, in PyTorch's layout) is
((37 i + 11 t) mod 101 - 50) / 128; of a batch normalization gamma, beta, mean and variance count, and the variance is 1/2 plus its magnitude.

--logits writes what the model says of 5 images whose i-th byte is (53 i + 7) mod 256, divided by 255, computed here in double precision from Keras's layouts.
The files in tests/Runner.Tests/Import/Files: small --keras 2 --logits, small --keras 3, small --keras 2 --weights-only, norm --keras 2 --logits, norm --keras 3,
activations --keras 3 --logits.
"""
import argparse
import json
import math
import sys
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "pytorch"))
import safetensors_file  # noqa: E402


def conv(filters, kernel=(3, 3), stride=1, padding="valid", activation="relu", bias=True):
    return "Conv2D", {"filters": filters, "kernel_size": list(kernel), "strides": [stride, stride], "padding": padding, "activation": activation, "use_bias": bias}


def dense(units, activation="relu"):
    return "Dense", {"units": units, "activation": activation, "use_bias": True}


def norm(momentum=0.99, epsilon=0.001):
    return "BatchNormalization", {"axis": [3], "momentum": momentum, "epsilon": epsilon, "center": True, "scale": True}


def dropout(rate):
    return "Dropout", {"rate": rate, "noise_shape": None, "seed": None}


POOL = ("MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"})
FLATTEN = ("Flatten", {})
MODELS = {
    "cnn1": ([28, 28, 1], [conv(32), POOL, FLATTEN, dense(128), dense(10, "softmax")]),
    "cnn2": ([28, 28, 1], [conv(32), POOL, conv(64, stride=2, padding="same"), POOL, FLATTEN, dense(128), dropout(0.25), dense(256), dropout(0.25), dense(128), dense(10, "softmax")]),
    "cnn3": ([28, 28, 1], [conv(64), POOL, conv(128, stride=2, padding="same"), POOL, conv(64, stride=2, padding="same"), POOL, FLATTEN,
                           dense(128), dropout(0.25), dense(256), dropout(0.5), dense(256), dropout(0.25), dense(128), dropout(0.1), dense(10, "softmax")]),
    "norm": ([9, 8, 2], [conv(5, (3, 2), activation="linear", bias=False), norm(), ("LeakyReLU", {"alpha": 0.3}), ("AveragePooling2D", {"pool_size": [2, 2], "strides": [1, 1], "padding": "valid"}),
                         conv(4, activation="gelu"), norm(0.9, 0.01), ("GlobalAveragePooling2D", {"keepdims": False}), dense(6, "gelu"), dense(3, "linear")]),
    "activations": ([9, 8, 2], [conv(4, activation="tanh"), ("ReLU", {"max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}), conv(5, activation="silu"), conv(3, (2, 2), activation="hard_silu"),
                                FLATTEN, dense(6, "sigmoid"), dense(5, "relu6"), dense(3, "linear")]),
    "small": ([9, 8, 2], [conv(3, (2, 3)), POOL, conv(4, (3, 3), padding="same"), FLATTEN, dense(5), dense(3, "linear")]),
}
BASE = {"Conv2D": "conv2d", "MaxPooling2D": "max_pooling2d", "Flatten": "flatten", "Dense": "dense", "Dropout": "dropout", "BatchNormalization": "batch_normalization",
        "LeakyReLU": "leaky_re_lu", "ReLU": "re_lu", "AveragePooling2D": "average_pooling2d", "GlobalAveragePooling2D": "global_average_pooling2d"}


def named(layers):
    """Layers with the names that Keras gives: conv2d, conv2d_1, ..."""
    counts = {}
    for kind, config in layers:
        number = counts[kind] = counts.get(kind, -1) + 1
        yield kind, BASE[kind] + (f"_{number}" if number else ""), config


def model_config(shape, layers, keras):
    """The Sequential model's description."""
    dtype = "float32" if keras == 2 else {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
    first = {"batch_input_shape" if keras == 2 else "batch_shape": [None, *shape], "dtype": "float32", "sparse": False, "name": "conv2d_input" if keras == 2 else "input_layer"}
    written = [{"class_name": "InputLayer", "config": first}]
    for kind, name, config in named(layers):
        full = {"name": name, "trainable": True, "dtype": dtype, **config}
        if keras == 3 and kind == "LeakyReLU":
            full["negative_slope"] = full.pop("alpha")
        if keras == 3 and kind == "BatchNormalization":
            full["axis"] = -1
        if kind in ("Conv2D", "MaxPooling2D", "Flatten", "AveragePooling2D", "GlobalAveragePooling2D"):
            full["data_format"] = "channels_last"
        if kind == "Conv2D":
            full |= {"dilation_rate": [1, 1], "groups": 1}
        if kind in ("Conv2D", "Dense"):
            full |= {"kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}}, "bias_initializer": {"class_name": "Zeros", "config": {}},
                     "kernel_regularizer": None, "bias_regularizer": None, "activity_regularizer": None, "kernel_constraint": None, "bias_constraint": None}
        written.append({"class_name": kind, "config": full})
    return {"class_name": "Sequential", "config": {"name": "sequential", "trainable": True, "dtype": dtype, "layers": written}}


def shapes(shape, layers):
    """Weight shapes in PyTorch's layout, and for a dense layer behind a flatten layer the image's [height, width, channels]."""
    height, width, channels = shape
    flat = None
    for kind, config in layers:
        if kind == "Conv2D":
            (kh, kw), stride = config["kernel_size"], config["strides"][0]
            yield (config["filters"], channels, kh, kw), None
            channels = config["filters"]
            height, width = (math.ceil(height / stride), math.ceil(width / stride)) if config["padding"] == "same" else ((height - kh) // stride + 1, (width - kw) // stride + 1)
        elif kind == "MaxPooling2D":
            height, width = height // 2, width // 2
        elif kind == "AveragePooling2D":
            height, width = height - 1, width - 1
        elif kind == "BatchNormalization":
            yield (channels,), None
        elif kind == "GlobalAveragePooling2D":
            flat = (1, 1, channels)
        elif kind == "Flatten":
            flat = (height, width, channels)
        elif kind == "Dense":
            yield (config["units"], math.prod(flat)), flat
            flat = (1, 1, config["units"])


def tensors(shape, layers, weights):
    """Kernel and bias of every layer that has them, in Keras's layout."""
    names = {"Conv2D": "conv", "Dense": "dense", "BatchNormalization": "norm"}
    counts, t = {}, 0
    owners = [(kind, config) for kind, config in layers if kind in names]
    for (kind, config), (weight_shape, image) in zip(owners, shapes(shape, layers)):
        number = counts[kind] = counts.get(kind, 0) + 1
        pair = []
        parts = [("weight", weight_shape)] + ([("bias", weight_shape[:1])] if config.get("use_bias", True) else [])
        if kind == "BatchNormalization":
            parts += [("running_mean", weight_shape), ("running_var", weight_shape)]
        for suffix, size in parts:
            i = np.arange(math.prod(size))
            pair.append((((37 * i + 11 * t) % 101 - 50) / 128).astype("<f4").reshape(size) if weights is None else weights[f"{names[kind]}{number}.{suffix}"])
            t += 1
        if kind == "BatchNormalization":
            # Of the sequence above some variances would be negative.
            yield (*pair[:3], pair[3] if weights is not None else np.abs(pair[3]) + np.float32(0.5))
            continue
        weight, *bias = pair
        if kind == "Conv2D":
            yield (weight.transpose(2, 3, 1, 0), *bias)
        else:
            height, width, channels = image
            yield (weight.reshape(-1, channels, height, width).transpose(2, 3, 1, 0).reshape(-1, weight.shape[0]), *bias)


ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
    "tanh": np.tanh,
    "silu": lambda x: x / (1 + np.exp(-x)),
    "hard_silu": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu6": lambda x: np.clip(x, 0, 6),
}


def forward(shape, layers, values):
    """Logits of the 5 images: NHWC throughout, as Keras computes."""
    x = ((53 * np.arange(5 * math.prod(shape)) + 7) % 256 / 255).reshape(5, *shape)
    values = iter(values)
    for kind, config in layers:
        if kind == "Conv2D":
            kernel, *bias = next(values)
            stride = config["strides"][0]
            if config["padding"] == "same":
                totals = [max((math.ceil(size / stride) - 1) * stride + k - size, 0) for size, k in zip(x.shape[1:3], kernel.shape)]
                x = np.pad(x, [(0, 0), *((total // 2, total - total // 2) for total in totals), (0, 0)])
            windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
            x = np.einsum("nhwcij,ijco->nhwo", windows, kernel.astype(float)) + (bias[0] if bias else 0)
        elif kind == "AveragePooling2D":
            x = np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(1, 2)).mean((4, 5))
        elif kind == "BatchNormalization":
            gamma, beta, mean, variance = (value.astype(float) for value in next(values))
            x = (x - mean) / np.sqrt(variance + config["epsilon"]) * gamma + beta
        elif kind == "LeakyReLU":
            x = np.where(x > 0, x, config["alpha"] * x)
        elif kind == "GlobalAveragePooling2D":
            x = x.mean((1, 2))
        elif kind == "MaxPooling2D":
            x = np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(1, 2))[:, ::2, ::2].max((4, 5))
        elif kind == "Flatten":
            x = x.reshape(5, -1)
        elif kind == "Dense":
            kernel, bias = next(values)
            x = x @ kernel.astype(float) + bias
        elif kind == "ReLU":
            x = np.clip(x, 0, config["max_value"])
        x = ACTIVATIONS[config.get("activation", "linear")](x)
    return x


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("out")
    parser.add_argument("--keras", type=int, choices=(2, 3), required=True)
    parser.add_argument("--weights")
    parser.add_argument("--weights-only", action="store_true")
    parser.add_argument("--logits")
    arguments = parser.parse_args()
    shape, layers = MODELS[arguments.model]
    pairs = list(tensors(shape, layers, safetensors_file.load(arguments.weights)[0] if arguments.weights else None))
    if arguments.logits:
        Path(arguments.logits).write_text(json.dumps(forward(shape, layers, pairs).tolist()) + "\n")
    version = b"2.15.0" if arguments.keras == 2 else b"3.8.0"
    with h5py.File(arguments.out, "w") as file:
        root = file
        if not arguments.weights_only:
            file.attrs["backend"], file.attrs["keras_version"] = b"tensorflow", version
            file.attrs["model_config"] = json.dumps(model_config(shape, layers, arguments.keras)).encode()
            root = file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for _, name, _ in named(layers)]
        root.attrs["backend"], root.attrs["keras_version"] = b"tensorflow", version
        values = iter(pairs)
        for kind, name, _ in named(layers):
            group = root.create_group(name)
            prefix, end = ("sequential/", "") if arguments.keras == 3 else ("", ":0")
            keys = ("gamma", "beta", "moving_mean", "moving_variance") if kind == "BatchNormalization" else ("kernel", "bias")
            pair = list(zip((f"{prefix}{name}/{key}{end}" for key in keys), next(values))) if kind in ("Conv2D", "Dense", "BatchNormalization") else []
            group.attrs["weight_names"] = [key.encode() for key, _ in pair]
            for key, value in pair:
                group.create_dataset(key, value.shape, dtype=value.dtype)[:] = value
        root.create_group("top_level_model_weights").attrs["weight_names"] = []


if __name__ == "__main__":
    main()
