"""Writes libsvm/*: models that LIBSVM trained, their data, and what it decides.

    python -m venv venv && venv/bin/pip install libsvm-official==3.37.0 numpy==2.4.6 scikit-learn==1.9.1
    venv/bin/python libsvm_files.py       # trains: NAME.model, train.txt, test.txt, decisions.json
    venv/bin/python libsvm_files.py ours       # reads ours/NAME.model, which this project wrote: ours.json
    venv/bin/python libsvm_files.py probabilities  # of probabilities.model and ours/, and of a new
                                       # two_probabilities.model: probabilities.json

`ours/NAME.model` come from `cargo test -p classic --test libsvm_files -- --ignored`.

The rows are those of svm.json: scikit-learn's digits summed over 2x2 pixels, value / 32 - 1, exact
in 32 bits. A digit d is called 9 - d, so that classes do not appear in the order of their labels.
"""

import json
import sys
from ctypes import c_double
from importlib.metadata import version
from pathlib import Path

import numpy as np
from libsvm.svm import gen_svm_nodearray, libsvm, svm_problem
from libsvm.svmutil import svm_load_model, svm_save_model, svm_train
from sklearn.datasets import load_digits

HERE = Path(__file__).parent
FILES = HERE / "libsvm"
DIGITS = [1, 3, 8]
TRAIN, TEST = 60, 25

# -e 1e-8: far beyond the default, so that no rounding of a path to the optimum remains.
MODELS = {
    "linear": "-t 0 -c 0.5",
    "polynomial": "-t 1 -c 1 -g 0.1 -r 1 -d 3",
    "rbf": "-t 2 -c 10 -g 0.25",
    "sigmoid": "-t 3 -c 1 -g 0.05 -r -0.5",
    "precomputed": "-t 4 -c 1",
    "nu": "-s 1 -n 0.2 -t 2 -g 0.1",
    "probabilities": "-t 2 -c 1 -g 0.1 -b 1",
    "two_classes": "-t 2 -c 1 -g 0.1",
}


def rows():
    digits = load_digits()
    chosen = np.isin(digits.target, DIGITS)
    pooled = digits.images[chosen].reshape(-1, 4, 2, 4, 2).sum(axis=(2, 4)).reshape(-1, 16)
    labels = 9 - digits.target[chosen]
    return pooled[: TRAIN + TEST] / 32.0 - 1.0, labels[: TRAIN + TEST]


def write_svmlight(path, x, y):
    """As LIBSVM's own tools have it: zeros are left out."""
    with path.open("w") as out:
        for row, label in zip(x, y):
            pairs = " ".join(f"{k + 1}:{value:.9g}" for k, value in enumerate(row) if value != 0.0)
            out.write(f"{label} {pairs}\n")


def problem_of(name, x, y):
    """Rows to train on, labels, and rows to predict. Some problems have classes of their own."""
    train, test = x[:TRAIN], x[TRAIN:]
    labels = y[:TRAIN]
    if name == "two_classes":
        labels = np.where(labels == 8, 1, -1)
    if name == "precomputed":
        gram = lambda rows: np.hstack([np.arange(1, len(rows) + 1)[:, None], rows @ train.T])
        return gram(train), labels, gram(test)
    return train, labels, test


def decide(model, rows, precomputed):
    """LIBSVM's label and decision values, straight from its library."""
    pairs = max(1, model.get_nr_class() * (model.get_nr_class() - 1) // 2)
    labels, decisions = [], []
    for row in rows.tolist():
        nodes, _ = gen_svm_nodearray(row, isKernel=precomputed)
        values = (c_double * pairs)()
        labels.append(int(libsvm.svm_predict_values(model, nodes, values)))
        decisions.append(list(values))
    return {"labels": labels, "decisions": decisions}


def probabilities():
    """What svm_predict_probability gives for the test rows, by model."""
    x, y = rows()
    train, labels, test = problem_of("two_classes", x, y)
    problem = svm_problem(labels.tolist(), train.tolist())
    model = svm_train(problem, "-t 2 -c 1 -g 0.1 -b 1 -e 1e-8 -q")
    svm_save_model(str(FILES / "two_probabilities.model"), model)
    results = {}
    for name in ["probabilities", "ours/probabilities", "two_probabilities"]:
        model = svm_load_model(str(FILES / f"{name}.model"))
        found = []
        for row in test.tolist():
            nodes, _ = gen_svm_nodearray(row)
            values = (c_double * model.get_nr_class())()
            libsvm.svm_predict_probability(model, nodes, values)
            found.append(list(values))
        results[name] = {"labels": model.get_labels(), "probabilities": found}
    source = f"libsvm-official {version('libsvm-official')}"
    text = json.dumps({"source": source, "models": results})
    (FILES / "probabilities.json").write_text(text + "\n")


def main():
    if sys.argv[1:] == ["probabilities"]:
        return probabilities()
    x, y = rows()
    ours = sys.argv[1:] == ["ours"]
    results = {}
    for name, options in MODELS.items():
        train, labels, test = problem_of(name, x, y)
        precomputed = name == "precomputed"
        if ours:
            model = svm_load_model(str(FILES / "ours" / f"{name}.model"))
        else:
            problem = svm_problem(labels.tolist(), train.tolist(), isKernel=precomputed)
            model = svm_train(problem, f"{options} -e 1e-8 -q")
            svm_save_model(str(FILES / f"{name}.model"), model)
        results[name] = decide(model, test, precomputed)
    if not ours:
        write_svmlight(FILES / "train.txt", x[:TRAIN], y[:TRAIN])
        write_svmlight(FILES / "test.txt", x[TRAIN:], y[TRAIN:])
    source = f"libsvm-official {version('libsvm-official')}"
    file = FILES / ("ours.json" if ours else "decisions.json")
    file.write_text(json.dumps({"source": source, "models": results}) + "\n")


main()
