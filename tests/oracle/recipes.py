#!/usr/bin/python3
"""PyTorch truth for training recipes, on a model that described.py builds (Debian: python3-torch, python3-numpy).

usage: recipes.py MODEL.json OUT.json SEED [--data DIR]

For each recipe below, 20 training steps of batch 64 over training images 0..1279 in file order, from described.py's weights, in double precision. Weights of convolutions and dense layers decay,
biases and tensors of batch normalizations do not: two groups of parameters. The average is kept by hand: a copy of all tensors, running ones too, moved after step t by
lerp(tensor, 1 - min(decay, (1 + t) / (10 + t))). The model should have no ReLU and no maximum: a rounding error decides them where values are equal, and trainings drift apart from there.

OUT.json, for each recipe: its settings; step_losses (before each step, with label smoothing where there is some); gradient_norms that clip_grad_norm_ gave; after the last step, in evaluation, with the
average where one is kept: val_loss (plain mean cross-entropy) and val_accuracy of training images 1280..1343, and test_logits_first_8; tensors: of each tensor that is trained, not averaged, sum,
norm and 16 samples at indices i * 2654435761 mod n.
"""
import argparse, gzip, json
from pathlib import Path
import numpy as np, torch
from torch import nn
from described import build, values

STEPS, BATCH = 20, 64

RECIPES = {
    "adamw": {"optimizer": "adamw", "learning_rate": 5e-3, "weight_decay": 0.5},
    "sgd": {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.05},
    "nesterov": {"optimizer": "nesterov", "learning_rate": 0.1, "weight_decay": 0.05},
    "average": {"optimizer": "adam", "learning_rate": 5e-3, "average": 0.5},
    "smoothing": {"optimizer": "adam", "learning_rate": 5e-3, "label_smoothing": 0.1},
    "clipping": {"optimizer": "sgd", "learning_rate": 0.1, "gradient_clip": 0.6},
    "all": {"optimizer": "adamw", "learning_rate": 5e-3, "weight_decay": 0.1, "label_smoothing": 0.2, "gradient_clip": 0.5, "average": 0.6},
}

def summary(t):
    flat = t.flatten(); n = flat.numel()
    return {"sum": flat.sum().item(), "norm": flat.norm().item(), "samples": [flat[i * 2654435761 % n].item() for i in range(min(n, 16))]}

def main():
    a = argparse.ArgumentParser(); a.add_argument("model", type=Path); a.add_argument("out", type=Path); a.add_argument("seed", type=int)
    a.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist")); a = a.parse_args()
    torch.set_num_threads(2); torch.set_default_dtype(torch.float64)
    description = json.loads(a.model.read_text())
    read = lambda f, o: np.frombuffer(gzip.decompress((a.data / f).read_bytes()), np.uint8, offset=o)
    images = lambda f, n: torch.from_numpy(read(f, 16)[:n * 784].reshape(-1, 1, 28, 28).astype(np.float64)) / 255
    count = STEPS * BATCH
    x, y = images("train-images-idx3-ubyte.gz", count + 64), torch.from_numpy(read("train-labels-idx1-ubyte.gz", 8)[:count + 64].astype(np.int64))
    tx = images("t10k-images-idx3-ubyte.gz", 8)
    named = []; model = build(description["layers"], list(description["input"]), "", named)
    trained = [(k, p) for k, p in named if "running" not in k]
    result = {}
    for name, recipe in RECIPES.items():
        with torch.no_grad():
            for t, (k, p) in enumerate(named): p.copy_(values(a.seed, t, k, list(p.shape)))
        decay = recipe.get("weight_decay", 0)
        groups = [{"params": [p for k, p in trained if k.endswith(".weight") and p.dim() > 1], "weight_decay": decay},
                  {"params": [p for k, p in trained if not (k.endswith(".weight") and p.dim() > 1)], "weight_decay": 0}]
        rate = recipe["learning_rate"]
        optimizer = {"adam": lambda: torch.optim.Adam(groups, lr=rate, eps=1e-7), "adamw": lambda: torch.optim.AdamW(groups, lr=rate, eps=1e-7),
                     "sgd": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9),
                     "nesterov": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True)}[recipe["optimizer"]]()
        loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.get("label_smoothing", 0.0))
        average = [p.detach().clone() for k, p in named]
        losses, norms = [], []
        model.train()
        for s in range(STEPS):
            optimizer.zero_grad(); l = loss_of(model(x[BATCH*s:BATCH*(s+1)]), y[BATCH*s:BATCH*(s+1)]); l.backward(); losses.append(l.item())
            if "gradient_clip" in recipe: norms.append(nn.utils.clip_grad_norm_([p for k, p in trained], recipe["gradient_clip"]).item())
            optimizer.step()
            d = min(recipe.get("average", 0.0), (2 + s) / (11 + s))
            with torch.no_grad():
                for m, (k, p) in zip(average, named): m.lerp_(p, 1 - d)
        tensors = {k: summary(p.detach()) for k, p in trained}
        with torch.no_grad():
            if "average" in recipe:
                for m, (k, p) in zip(average, named): p.copy_(m)
            model.eval(); held = model(x[count:])
            result[name] = {"settings": recipe, "step_losses": losses, "gradient_norms": norms, "val_loss": nn.functional.cross_entropy(held, y[count:]).item(),
                "val_accuracy": (held.argmax(1) == y[count:]).double().mean().item(), "test_logits_first_8": model(tx).tolist(), "tensors": tensors}
        print(name, losses[0], "->", losses[-1], "norms", [round(n, 3) for n in norms], result[name]["val_loss"], result[name]["val_accuracy"])
    a.out.write_text(json.dumps({"seed": a.seed, "recipes": result}, indent=1) + "\n")

if __name__ == "__main__": main()
