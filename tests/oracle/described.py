#!/usr/bin/python3
"""PyTorch truth for a model that a description in JSON gives (Debian: python3-torch, python3-numpy).

usage: described.py MODEL.json OUT.json SEED [--data DIR] [--steps N] [--smooth]

Builds the model out of torch.nn modules, knowing nothing of this library but its format. Tensors, in the order of the layers (those of a residual block: layers, then shortcut; those of a
batch normalization: weight, bias, running_mean, running_var), get the values that oracle.py's header describes; a batch normalization's weight and running_var are 1 plus that. Dropout is off.
All in double precision: a convolution's bias in front of a batch normalization has a gradient of zero, of which single precision makes rounding errors and Adam makes steps.

OUT.json: test_logits_first_8 in evaluation; for a training step on images 0..63 its loss and gradients as oracle.py has them; then adam_step_losses of 10 steps (--steps) of batch 64 (lr 1e-3, betas
.9/.999, eps 1e-7) from the beginning; the running tensors and test_logits_first_8_after them.

--smooth puts GELU in the place of every ReLU: in a deep network some inputs of ReLUs lie nearer to zero than single precision can tell, and gradients of PyTorch's in single and in double precision
differ by 3e-3 then (resnet.json), but by 8e-6 with GELU.
"""
import argparse, gzip, json, math
from pathlib import Path
import numpy as np, torch
from torch import nn

class Residual(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__(); self.body, self.shortcut = body, shortcut
    def forward(self, x):
        a, b = self.body(x.clone()), self.shortcut(x.clone())
        return a + b if a.dim() == b.dim() else a.flatten(1) + b.flatten(1)  # an image of one pixel and a vector

PREFIX = {"batch_norm": "norm", "leaky_relu": "relu", "relu6": "relu", "max_pool": "pool", "average_pool": "pool", "global_average_pool": "pool"}

PLAIN = {"gelu": nn.GELU, "silu": nn.SiLU, "hard_swish": nn.Hardswish, "relu6": nn.ReLU6, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}

def build(layers, shape, prefix, named):
    """The modules of a list of layers; fills named with (name, tensor) in the order of the file, shape with [channels, height, width], or [elements] behind a flatten and the like."""
    modules, numbers = [], {}
    for l in layers:
        kind = l["kind"]; word = PREFIX.get(kind, kind)
        numbers[word] = numbers.get(word, 0) + 1
        name = f"{prefix}{word}{numbers[word]}"
        c = shape[0]
        if kind == "conv":
            k = l["kernel"] if isinstance(l["kernel"], list) else [l["kernel"]] * 2
            m = nn.Conv2d(c, l["filters"], k, stride=l.get("stride", 1), padding=l.get("padding", 0), bias=l.get("bias", True))
        elif kind == "batch_norm":
            make = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
            m = make(c, eps=l.get("epsilon", 1e-5), momentum=l.get("momentum", 0.1))
        elif kind == "dense": m = nn.Linear(c, l["units"], bias=l.get("bias", True))
        elif kind == "relu": m = nn.ReLU()
        elif kind == "leaky_relu": m = nn.LeakyReLU(l.get("slope", 0.01))
        elif kind == "elu": m = nn.ELU(l.get("alpha", 1))
        elif kind in PLAIN: m = PLAIN[kind]()
        elif kind == "max_pool": m = nn.MaxPool2d(l["window"], l.get("stride", l["window"]), l.get("padding", 0), ceil_mode=l.get("ceil_mode", False))
        elif kind == "average_pool": m = nn.AvgPool2d(l["window"], l.get("stride", l["window"]), l.get("padding", 0))
        elif kind == "global_average_pool": m = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        elif kind == "flatten": m = nn.Flatten()
        elif kind == "dropout": m = nn.Identity()
        elif kind == "residual":
            body = build(l["layers"], list(shape), f"{name}.", named)
            m = Residual(body, build(l.get("shortcut", []), list(shape), f"{name}.shortcut.", named))
        if kind in ("conv", "dense", "batch_norm"):
            named += [(f"{name}.{k}", getattr(m, k)) for k in (("weight", "bias", "running_mean", "running_var") if kind == "batch_norm" else ("weight", "bias")) if getattr(m, k) is not None]
        with torch.no_grad(): shape[:] = m.eval()(torch.zeros(1, *shape)).shape[1:]
        modules.append(m)
    return nn.Sequential(*modules)

def values(seed, t, name, shape):
    n = math.prod(shape)
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.uint64(t << 40) + np.arange(n, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    field = math.prod(shape[2:])
    limit = 0.1 if len(shape) == 1 else math.sqrt(6 / (shape[1] * field + shape[0] * field))
    u = (z >> np.uint64(40)).astype(np.float64) / 2**24
    one = 1 if len(shape) == 1 and name.endswith(("weight", "running_var")) else 0
    return torch.from_numpy((one + (2 * u - 1) * limit).astype(np.float32).astype(np.float64).reshape(shape))

def summary(g):
    flat = g.flatten().double(); n = flat.numel()
    return {"shape": list(g.shape), "sum": flat.sum().item(), "norm": flat.norm().item(), "samples": [flat[i * 2654435761 % n].item() for i in range(min(n, 64))]}

def main():
    a = argparse.ArgumentParser(); a.add_argument("model", type=Path); a.add_argument("out", type=Path); a.add_argument("seed", type=int)
    a.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    a.add_argument("--steps", type=int, default=10); a.add_argument("--smooth", action="store_true"); a = a.parse_args()
    torch.set_num_threads(2); torch.set_default_dtype(torch.float64)
    text = a.model.read_text()
    description = json.loads(text.replace('"relu"', '"gelu"') if a.smooth else text)
    read = lambda f, o: np.frombuffer(gzip.decompress((a.data / f).read_bytes()), np.uint8, offset=o)
    images = lambda f, n: torch.from_numpy(read(f, 16)[:n * 784].reshape(-1, 1, 28, 28).astype(np.float64)) / 255
    x, y = images("train-images-idx3-ubyte.gz", 640), torch.from_numpy(read("train-labels-idx1-ubyte.gz", 8)[:640].astype(np.int64))
    tx = images("t10k-images-idx3-ubyte.gz", 8)
    named = []; model = build(description["layers"], list(description["input"]), "", named)
    def start():
        with torch.no_grad():
            for t, (name, p) in enumerate(named): p.copy_(values(a.seed, t, name, list(p.shape)))
    start()
    with torch.no_grad(): logits = model.eval()(tx)
    model.train(); loss_of = nn.CrossEntropyLoss()
    loss = loss_of(model(x[:64]), y[:64]); loss.backward()
    gradients = {k: summary(p.grad) for k, p in named if "running" not in k}
    start()
    adam = torch.optim.Adam([p for k, p in named if "running" not in k], lr=1e-3, eps=1e-7); steps = []
    for s in range(a.steps):
        adam.zero_grad(); l = loss_of(model(x[64*s:64*s+64]), y[64*s:64*s+64]); l.backward(); adam.step(); steps.append(l.item())
    with torch.no_grad(): after = model.eval()(tx)
    a.out.write_text(json.dumps({"seed": a.seed, "parameters": sum(p.numel() for k, p in named if "running" not in k), "test_logits_first_8": logits.tolist(), "train_loss_first_64": loss.item(),
        "gradients": gradients, "adam_step_losses": steps, "running": {k: p.tolist() for k, p in named if "running" in k}, "test_logits_first_8_after": after.tolist()}, indent=1) + "\n")
    print("loss", loss.item(), "->", steps)

if __name__ == "__main__": main()
