"""Learning rates of PyTorch's schedulers, step by step, for the schedules of trainings.

    /usr/bin/python3 tests/oracle/schedules.py tests/Network.Tests/Golden/schedules.json

Each case names a schedule as the command line writes it, the training's size and its warm-up, and holds the learning rate of every step; those that look at the
images held out hold the metrics after each epoch too, which a random walk from a fixed seed gives.
"""
import json
import random
import sys

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, OneCycleLR, ReduceLROnPlateau, SequentialLR, StepLR


def rates(epochs, steps, rate, warm_up, metrics, by_step, by_epoch):
    """Runs schedulers on one optimizer: by_step and by_epoch make them from it and from the number of steps."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    total, warm = epochs * steps, round(warm_up * steps)
    stepped = []
    if warm:
        linear = LinearLR(optimizer, start_factor=1 / (warm + 1), total_iters=warm)
    if by_step:
        main = by_step(optimizer, total - warm)
        stepped = [SequentialLR(optimizer, [linear, main], milestones=[warm]) if warm else main]
    elif warm:
        stepped = [linear]
    epochly = by_epoch(optimizer) if by_epoch else None
    result = []
    for epoch in range(epochs):
        for _ in range(steps):
            result.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if len(result) < total:
                for scheduler in stepped:
                    scheduler.step()
        if isinstance(epochly, ReduceLROnPlateau):
            epochly.step(metrics[epoch])
        elif epochly:
            epochly.step()
    return result


def walk(seed, epochs, start, drift, spread):
    """A metric that improves, then wanders."""
    source = random.Random(seed)
    values = [start]
    for epoch in range(1, epochs):
        values.append(values[-1] + (drift if epoch < epochs / 3 else 0) + source.uniform(-spread, spread))
    return values


def case(schedule, epochs, steps, rate, warm_up=0, by_step=None, by_epoch=None, losses=None, accuracies=None):
    return {
        "schedule": schedule, "epochs": epochs, "steps_per_epoch": steps, "learning_rate": rate, "warm_up": warm_up, "val_losses": losses, "val_accuracies": accuracies,
        "rates": rates(epochs, steps, rate, warm_up, losses or accuracies, by_step, by_epoch),
    }


losses, accuracies = walk(5, 60, 0.9, -0.02, 0.01), walk(6, 60, 0.6, 0.01, 0.004)
cases = [
    case("constant", 3, 5, 0.3),
    case("constant", 3, 5, 0.3, warm_up=1.5),
    case("constant", 2, 7, 0.3, warm_up=0.1),
    case("cosine", 4, 9, 1e-3, by_step=lambda o, n: CosineAnnealingLR(o, T_max=n)),
    case("cosine=0.05", 7, 3, 0.7, by_step=lambda o, n: CosineAnnealingLR(o, T_max=n, eta_min=0.05 * 0.7)),
    case("cosine", 5, 8, 1e-3, warm_up=1.25, by_step=lambda o, n: CosineAnnealingLR(o, T_max=n)),
    case("cosine=0.2", 3, 11, 0.1, warm_up=2, by_step=lambda o, n: CosineAnnealingLR(o, T_max=n, eta_min=0.02)),
    case("one-cycle", 5, 7, 0.01, by_step=lambda o, n: OneCycleLR(o, max_lr=0.01, total_steps=n, cycle_momentum=False)),
    case("one-cycle=0.5", 2, 5, 0.01, by_step=lambda o, n: OneCycleLR(o, max_lr=0.01, total_steps=n, pct_start=0.5, cycle_momentum=False)),
    case("one-cycle=0.05", 3, 4, 0.2, by_step=lambda o, n: OneCycleLR(o, max_lr=0.2, total_steps=n, pct_start=0.05, cycle_momentum=False)),
    case("step", 31, 2, 0.1, by_epoch=lambda o: StepLR(o, step_size=10)),
    case("step=3:0.5", 11, 4, 0.1, by_epoch=lambda o: StepLR(o, step_size=3, gamma=0.5)),
    case("step=2:0.9", 7, 5, 0.1, warm_up=2.6, by_epoch=lambda o: StepLR(o, step_size=2, gamma=0.9)),
    case("plateau", 60, 2, 0.1, by_epoch=lambda o: ReduceLROnPlateau(o, factor=0.5, patience=5), losses=losses),
    case("plateau=2:0.7", 60, 3, 0.1, by_epoch=lambda o: ReduceLROnPlateau(o, factor=0.7, patience=2), losses=losses, warm_up=1.5),
    case("plateau=0:0.9:val_loss", 60, 1, 1, by_epoch=lambda o: ReduceLROnPlateau(o, factor=0.9, patience=0), losses=losses),
    case("plateau=3:0.25:val_accuracy", 60, 2, 0.1, by_epoch=lambda o: ReduceLROnPlateau(o, mode="max", factor=0.25, patience=3), accuracies=accuracies),
    # Metrics that improve by less than the threshold: only every third epoch is better than the best.
    case("plateau=1", 14, 2, 0.1, by_epoch=lambda o: ReduceLROnPlateau(o, factor=0.5, patience=1), losses=[0.7 * (1 - 4e-5) ** epoch for epoch in range(14)]),
    case("plateau=1:0.5:val_accuracy", 14, 2, 0.1, by_epoch=lambda o: ReduceLROnPlateau(o, mode="max", factor=0.5, patience=1), accuracies=[0.7 * (1 + 4e-5) ** epoch for epoch in range(14)]),
]
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write("[\n" + ",\n".join(json.dumps(each) for each in cases) + "\n]\n")
