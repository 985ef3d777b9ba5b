"""Writes svm_more.json: what scikit-learn's SVC and NuSVC (LIBSVM) make of the rows of svm.json with
the kernels for histograms, weights, one class against the rest, and nu.

    python -m venv venv && venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1
    venv/bin/python svm_more.py > svm_more.json

The features are value / 64, none negative. The solver runs to 1e-10. The kernels that LIBSVM lacks
are handed to it as matrices, made by scikit-learn (chi-square) or here (intersection).
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics.pairwise import chi2_kernel
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC, NuSVC

SHOWN = 24
NAMES = {"polynomial": "poly", "chi_square": "precomputed", "histogram_intersection": "precomputed"}

CASES = [
    {"kernel": "chi_square", "c": 1.0, "gamma": 0.7},
    {"kernel": "chi_square", "c": 50.0, "gamma": 0.2},
    {"kernel": "histogram_intersection", "c": 0.3},
    {"kernel": "rbf", "c": 2.0, "gamma": 1.5, "class_weight": "balanced"},
    {"kernel": "rbf", "c": 0.5, "gamma": 0.8, "class_weight": [0.5, 3.0, 1.0, 1.7]},
    {"kernel": "linear", "c": 1.0, "multi_class": "one_vs_rest"},
    {"kernel": "rbf", "c": 5.0, "gamma": 1.0, "multi_class": "one_vs_rest"},
]
WEIGHTED = {"kernel": "rbf", "c": 1.0, "gamma": 1.0}
NU_CASES = [
    {"kernel": "rbf", "nu": 0.1, "gamma": 1.0},
    {"kernel": "rbf", "nu": 0.5, "gamma": 0.3},
    # With 0.2 the convex hulls of 1 and 8 meet: the margin is 0, and LIBSVM divides by it.
    {"kernel": "linear", "nu": 0.5},
    {"kernel": "polynomial", "nu": 0.3, "gamma": 0.5, "degree": 2, "coef0": 1.0},
]

data = json.loads((Path(__file__).parent / "svm.json").read_text())
n = data["train"]
pixels, y = np.array(data["pixels"]), np.array(data["labels"])
x, x_test, y_train = pixels[:n] / 64.0, pixels[n:] / 64.0, y[:n]


def matrix(case, rows):
    if case["kernel"] == "chi_square":
        return chi2_kernel(rows, x, gamma=case["gamma"])
    if case["kernel"] == "histogram_intersection":
        return np.minimum(rows[:, None, :], x[None, :, :]).sum(axis=2)
    return rows


def decisions(case, weights=None):
    kernel = NAMES.get(case["kernel"], case["kernel"])
    settings = {name: case[name] for name in ("gamma", "degree", "coef0") if name in case}
    settings |= {"kernel": kernel, "tol": 1e-10, "decision_function_shape": "ovo"}
    if kernel == "precomputed":
        settings.pop("gamma", None)
    if isinstance(case.get("class_weight"), list):
        settings["class_weight"] = dict(enumerate(case["class_weight"]))
    elif "class_weight" in case:
        settings["class_weight"] = case["class_weight"]
    svc = NuSVC(nu=case["nu"], **settings) if "nu" in case else SVC(C=case["c"], **settings)
    if case.get("multi_class") == "one_vs_rest":
        svc = OneVsRestClassifier(svc).fit(matrix(case, x), y_train)
    else:
        svc = svc.fit(matrix(case, x), y_train, sample_weight=weights)
    values = svc.decision_function(matrix(case, x_test[:SHOWN]))
    return [[float(f"{v:.9g}") for v in row] for row in values]


# Weights of 0, 1/2, 1 ... 3.
weights = np.array([(row * 3 % 7) / 2 for row in range(n)])
print(
    json.dumps(
        {
            "source": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
            "cases": [{"params": case, "decisions": decisions(case)} for case in CASES],
            "weights": weights.tolist(),
            "weighted": {"params": WEIGHTED, "decisions": decisions(WEIGHTED, weights)},
            "nu_cases": [{"params": case, "decisions": decisions(case)} for case in NU_CASES],
        }
    )
)
