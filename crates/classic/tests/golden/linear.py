"""Writes linear.json: what scikit-learn's linear models make of the digits of svm.json.

    python -m venv venv && venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1
    venv/bin/python linear.py > linear.json

The rows are those of svm.json (see svm.py): integers of 0..64 as value / 32 - 1, the first `train`
of them. LinearSVC is LIBLINEAR; its objectives are worked out here from its weights, in 64 bits.
Solvers run far beyond their default tolerance, so that what is compared is the optimum and not the
place where two paths to it happened to stop.
"""

import json
import pathlib
import warnings

import numpy as np
import scipy
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.utils.class_weight import compute_class_weight

warnings.simplefilter("error")

SVM = [
    {"loss": "hinge", "c": 0.1},
    {"loss": "hinge", "c": 1.0, "intercept_scaling": 3.0},
    {"loss": "squared_hinge", "c": 0.01},
    {"loss": "squared_hinge", "c": 1.0},
    {"loss": "squared_hinge", "c": 1.0, "class_weight": "balanced", "intercept_scaling": 0.5},
    {"loss": "squared_hinge", "c": 0.1, "intercept_scaling": 0.0},
    {"multi_class": "crammer_singer", "c": 0.1},
    {"multi_class": "crammer_singer", "c": 1.0, "intercept_scaling": 2.0},
    {"multi_class": "crammer_singer", "c": 0.3, "class_weight": "balanced"},
]
LOGISTIC = [
    {"c": 1.0},
    {"c": 100.0},
    {"c": 0.1, "class_weight": "balanced"},
    {"c": 1.0, "fit_intercept": False},
]
CLASSES = [[1, 3, 8, 9], [3, 8]]


def rows(classes):
    data = json.loads((pathlib.Path(__file__).parent / "svm.json").read_text())
    x = np.array(data["pixels"])[: data["train"]] / 32 - 1
    y = np.array([1, 3, 8, 9])[np.array(data["labels"])[: data["train"]]]
    # Classes of unequal size, so that their weights matter.
    kept = np.isin(y, classes) & ~((y == 3) & (np.arange(len(y)) % 3 > 0))
    return x[kept], y[kept], np.flatnonzero(kept)


def objectives(model, x, y, params, classes, crammer_singer):
    """The value that was minimised, for each problem."""
    balanced = params.get("class_weight") == "balanced"
    weights = dict(
        zip(classes, compute_class_weight("balanced", classes=np.array(classes), y=y))
        if balanced
        else [(c, 1.0) for c in classes]
    )
    scaling = params.get("intercept_scaling", 1.0)
    w, b = model.coef_, np.broadcast_to(model.intercept_, len(model.coef_))
    values = x @ w.T + b
    squares = (w**2).sum(1) + (b / scaling) ** 2 if scaling else (w**2).sum(1)
    if crammer_singer:
        own = np.searchsorted(classes, y)
        lead = values + 1 - np.eye(len(classes))[own]
        loss = lead.max(1) - values[np.arange(len(y)), own]
        cost = np.array([weights[c] for c in y])
        return [0.5 * squares.sum() + params["c"] * (cost * loss).sum()]
    result = []
    for k, one in enumerate(classes if len(classes) > 2 else classes[1:]):
        short = np.maximum(0, 1 - np.where(y == one, 1, -1) * values[:, k])
        other = weights[classes[0]] if len(classes) == 2 else 1.0
        cost = np.where(y == one, weights[one], other)
        loss = short if params["loss"] == "hinge" else short**2
        result.append(0.5 * squares[k] + params["c"] * (cost * loss).sum())
    return result


def svm(params, classes):
    crammer_singer = params.get("multi_class") == "crammer_singer"
    scaling = params.get("intercept_scaling", 1.0)
    x, y, _ = rows(classes)
    model = LinearSVC(
        C=params["c"],
        loss=params.get("loss", "hinge"),
        multi_class="crammer_singer" if crammer_singer else "ovr",
        class_weight=params.get("class_weight"),
        fit_intercept=scaling > 0,
        intercept_scaling=scaling or 1.0,
        dual=True,
        tol=1e-9,
        max_iter=10_000_000,
        random_state=0,
    ).fit(x, y)
    if crammer_singer and len(classes) == 2:
        return None  # scikit-learn keeps the difference of the two planes only
    return {
        "classes": classes,
        "params": params,
        "objectives": objectives(model, x, y, params, classes, crammer_singer),
        "weights": model.coef_.tolist(),
        "intercepts": np.broadcast_to(model.intercept_, len(model.coef_)).tolist(),
    }


def logistic(params, classes):
    x, y, _ = rows(classes)
    model = LogisticRegression(
        C=params["c"],
        class_weight=params.get("class_weight"),
        fit_intercept=params.get("fit_intercept", True),
        solver="newton-cholesky",
        tol=1e-12,
        max_iter=1000,
    ).fit(x, y)
    return {
        "classes": classes,
        "params": params,
        "weights": model.coef_.tolist(),
        "intercepts": model.intercept_.tolist(),
        "probabilities": model.predict_proba(x[:10]).tolist(),
    }


print(
    json.dumps(
        {
            "source": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, "
            f"scipy {scipy.__version__}",
            "rows": {str(len(c)): rows(c)[2].tolist() for c in CLASSES},
            "svm": [case for c in CLASSES for p in SVM if (case := svm(p, c))],
            "logistic": [logistic(p, c) for c in CLASSES for p in LOGISTIC],
        }
    )
)
