"""Writes what scikit-learn says of fixed predictions; Network.Tests compares every character and number with GpuCnn's.

    apt-get install --no-install-recommends python3-sklearn
    /usr/bin/python3 tests/sklearn/generate.py [predictions.csv of a run]

Each case is a JSON file (what goes in, and the figures) and a text file (classification_report). With a predictions.csv the
case `fashion-mnist` is made anew from it; without, it is kept. All other cases follow from the seeds below. The labels are always given, so that the
report has a row for each class and the line `accuracy`, whatever occurs in the data.
"""

import csv
import json
import sys
import warnings
from pathlib import Path

import numpy
import sklearn
from scipy.stats import binomtest
from sklearn import metrics

FOLDER = Path(__file__).parent.parent / "Network.Tests" / "Golden" / "sklearn"
FASHION = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


def report(true, predicted, names, digits):
    labels = list(range(len(names)))
    return metrics.classification_report(true, predicted, labels=labels, target_names=names, digits=digits, zero_division=0)


def write(name, true, predicted, names, digits=2, scores=None):
    labels = list(range(len(names)))
    figures = {}
    for average in (None, "macro", "weighted"):
        precision, recall, f1, support = metrics.precision_recall_fscore_support(true, predicted, labels=labels, average=average, zero_division=0)
        figures[average or "classes"] = {"precision": tolist(precision), "recall": tolist(recall), "f1": tolist(f1), "support": tolist(support)}
    hits = int(numpy.sum(numpy.equal(true, predicted)))
    interval = binomtest(hits, len(true)).proportion_ci(0.95, method="wilson")
    case = {
        "scikit_learn": sklearn.__version__,
        "names": names,
        "digits": digits,
        # A letter an image: "a" is class 0.
        "true": letters(true),
        "predicted": letters(predicted),
        "scores": None if scores is None else [[float(x) for x in row] for row in scores],
        "accuracy": metrics.accuracy_score(true, predicted),
        "interval": [interval.low, interval.high],
        "confusion_matrix": metrics.confusion_matrix(true, predicted, labels=labels).tolist(),
        "top2_accuracy": None if scores is None else metrics.top_k_accuracy_score(true, softmax(scores), k=2, labels=labels),
        "log_loss": None if scores is None else metrics.log_loss(true, softmax(scores), labels=labels),
        **figures,
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(case, separators=(",", ":")) + "\n")
    (FOLDER / f"{name}.txt").write_text(report(true, predicted, names, digits))


def letters(classes):
    return "".join(chr(ord("a") + int(c)) for c in classes)


def tolist(value):
    return value.tolist() if isinstance(value, (numpy.ndarray, numpy.generic)) else value


def softmax(logits):
    powers = numpy.exp(numpy.asarray(logits, dtype=float) - numpy.max(logits, axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def with_scores(seed, count, names):
    """Logits whose largest one is the true class's most of the time; quarters of 1/1024, so that single precision holds them."""
    random = numpy.random.default_rng(seed)
    true = random.integers(0, len(names), count)
    logits = random.normal(size=(count, len(names)))
    logits[numpy.arange(count), true] += 1.5
    logits = numpy.round(logits * 4096) / 4096
    return true, logits.argmax(axis=1), names, 2, logits


def near_ties(seed, per_class, names):
    """Shares of small supports, whose averages often lie on the border between two roundings."""
    random = numpy.random.default_rng(seed)
    true = numpy.repeat(numpy.arange(len(names)), per_class)
    predicted = numpy.where(random.random(len(true)) < 0.7, true, random.integers(0, len(names), len(true)))
    return true, predicted, names


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("error")
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        write("fashion-mnist", [FASHION.index(row["true_label"]) for row in rows], [FASHION.index(row["predicted_label"]) for row in rows], FASHION)
    write("documented", [0, 1, 2, 2, 2], [0, 0, 2, 2, 1], ["class 0", "class 1", "class 2"])
    write("no-support", [0, 0, 2, 2, 2, 0], [0, 1, 2, 1, 2, 2], ["a", "never true", "c"])
    write("never-predicted", [0, 1, 2, 1, 0, 2, 2], [0, 2, 2, 0, 0, 2, 0], ["a", "never predicted", "c"])
    write("absent", [0, 0, 2, 2], [0, 2, 2, 2], ["a", "neither true nor predicted", "c"])
    write("all-wrong", [0, 1, 0, 1], [1, 0, 1, 0], ["yes", "no"])
    write("perfect", [0, 1, 2, 3], [0, 1, 2, 3], ["N", "E", "S", "W"])
    write("eighths", [0] * 8 + [1] * 8, [0] * 1 + [1] * 7 + [1] * 3 + [0] * 5, ["one", "three"])
    write("four-digits", *near_ties(11, 16, FASHION), digits=4)
    write("one-digit", *near_ties(12, 20, FASHION), digits=1)
    write("no-digits", *near_ties(13, 20, FASHION), digits=0)
    write("wide-digits", *near_ties(14, 32, FASHION), digits=8)
    for seed in range(8):
        write(f"near-ties-{seed}", *near_ties(100 + seed, 10 + 10 * (seed % 3), FASHION[: 4 + seed]))
    write("scores", *with_scores(7, 300, FASHION))
    write("scores-of-three", *with_scores(8, 101, ["left", "right", "straight on"]))


if __name__ == "__main__":
    main()
