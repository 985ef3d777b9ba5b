"""Writes svm.json: what scikit-learn's SVC (LIBSVM) makes of a small set of digits.

    python -m venv venv && venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1
    venv/bin/python svm.py > svm.json

The 8x8 digits of scikit-learn are summed over 2x2 pixels to 16 integers of 0..64, written as they
are; the features are value / 32 - 1, exact in 32 bits, so both programs see the same numbers. The
solver runs to 1e-10, far beyond the default, so that what is compared is the optimum and not the
place where two paths to it happened to stop.
"""

import json

import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.svm import SVC

CLASSES = [1, 3, 8, 9]
TRAIN, TEST, SHOWN = 240, 120, 24

CASES = [
    {"kernel": "linear", "c": 0.1},
    {"kernel": "linear", "c": 10.0},
    {"kernel": "polynomial", "c": 1.0, "gamma": 0.1, "degree": 3, "coef0": 1.0},
    {"kernel": "polynomial", "c": 10.0, "gamma": "scale", "degree": 2, "coef0": 0.0},
    {"kernel": "rbf", "c": 1.0, "gamma": "scale"},
    {"kernel": "rbf", "c": 100.0, "gamma": 0.5},
    {"kernel": "rbf", "c": 0.1, "gamma": "auto"},
    {"kernel": "sigmoid", "c": 10.0, "gamma": 0.01, "coef0": 0.0},
    {"kernel": "sigmoid", "c": 1.0, "gamma": 0.05, "coef0": -0.5},
]


def kernel_matrix(case, gamma, a, b):
    """LIBSVM's definitions, written out once more: scikit-learn does not tell the objective."""
    products = a @ b.T
    coef0 = case.get("coef0", 0.0)
    if case["kernel"] == "linear":
        return products
    if case["kernel"] == "polynomial":
        return (gamma * products + coef0) ** case["degree"]
    if case["kernel"] == "sigmoid":
        return np.tanh(gamma * products + coef0)
    return np.exp(-gamma * ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2))


def dual_objective(case, svc, first, second):
    """1/2 b'Kb - y'b of one pair of classes, from the coefficients b = alpha * y."""
    start = np.concatenate([[0], np.cumsum(svc.n_support_)])
    rows_first = np.arange(start[first], start[first + 1])
    rows_second = np.arange(start[second], start[second + 1])
    rows = np.concatenate([rows_first, rows_second])
    b = np.concatenate(
        [svc.dual_coef_[second - 1, rows_first], svc.dual_coef_[first, rows_second]]
    )
    vectors = svc.support_vectors_[rows]
    k = kernel_matrix(case, svc._gamma, vectors, vectors)
    return 0.5 * b @ k @ b - np.abs(b).sum()


def run(case, x, y, x_test):
    settings = {"kernel": "poly" if case["kernel"] == "polynomial" else case["kernel"]}
    settings["C"] = case["c"]
    settings |= {name: case[name] for name in ("gamma", "degree", "coef0") if name in case}
    svc = SVC(**settings, tol=1e-10, decision_function_shape="ovo").fit(x, y)
    pairs = [(i, j) for i in range(len(CLASSES)) for j in range(i + 1, len(CLASSES))]
    shown = x_test[:SHOWN]
    ovo = svc.decision_function(shown)
    votes = svc.predict(x_test).tolist()
    svc.decision_function_shape, svc.break_ties = "ovr", True
    rounded = lambda values: [[float(f"{v:.9g}") for v in row] for row in values]
    return {
        "params": case,
        "gamma": float(svc._gamma),
        "objectives": [float(dual_objective(case, svc, i, j)) for i, j in pairs],
        "decisions": rounded(ovo),
        "scores": rounded(svc.decision_function(shown)),
        "votes": votes,
        "predictions": svc.predict(x_test).tolist(),
    }


digits = load_digits()
chosen = np.isin(digits.target, CLASSES)
pooled = digits.images[chosen].reshape(-1, 4, 2, 4, 2).sum(axis=(2, 4)).reshape(-1, 16)
labels = np.searchsorted(CLASSES, digits.target[chosen])
order = np.random.default_rng(7).permutation(len(labels))[: TRAIN + TEST]
pooled, labels = pooled[order].astype(int), labels[order]
x = pooled / 32.0 - 1.0

print(
    json.dumps(
        {
            "source": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
            "train": TRAIN,
            "pixels": pooled.tolist(),
            "labels": labels.tolist(),
            "cases": [
                run(case, x[:TRAIN], labels[:TRAIN], x[TRAIN:]) for case in CASES
            ],
        }
    )
)
