"""Writes adaboost.json: what scikit-learn's AdaBoostClassifier makes of small sets of numbers.

    python -m venv venv && venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1
    venv/bin/python adaboost.py > adaboost.json

Of equally good stumps scikit-learn takes one at random, so each case is trained with several seeds
and only written if all of them agree. Numbers are rounded to 4 digits and handed over as the same
32 bits to both programs.
"""

import json

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_wine, make_classification
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier

SEEDS = range(5)


def sets():
    cancer, wine = load_breast_cancer(), load_wine()
    yield "two classes", cancer.data[:300, :10], cancer.target[:300], 240
    # Its rows are sorted by class.
    order = np.random.default_rng(3).permutation(len(wine.target))
    yield "three classes", wine.data[order], wine.target[order], 130
    common = dict(n_features=12, n_informative=8, n_redundant=2, class_sep=1.5, random_state=5)
    x, y = make_classification(
        360, n_classes=8, n_clusters_per_class=1, weights=[0.3, 0.2] + [0.5 / 6] * 6, **common
    )
    yield "eight unequal classes", x, y, 280
    # Negative numbers, many equal ones, and steps of less than 1e-7 that are none.
    x, y = make_classification(200, n_classes=4, n_clusters_per_class=1, **common)
    x = np.round(x * 2) / 2
    x[:, 0] = 1e-8 * np.arange(200)
    x[:, 1] += 0.001 * np.random.default_rng(1).normal(size=200)
    yield "steps", x, y, 150
    # The second column tells the classes apart; training ends after one round.
    x, y = make_classification(60, n_classes=2, **common)
    x[:, 1] = y + 0.5 * np.random.default_rng(2).random(60)
    yield "separable", x, y, 40


CASES = [
    ("two classes", 1.0, 60),
    ("two classes", 0.3, 100),
    ("three classes", 1.0, 40),
    ("three classes", 0.1, 60),
    ("eight unequal classes", 1.0, 120),
    ("eight unequal classes", 0.5, 50),
    ("eight unequal classes", 1.7, 30),
    ("steps", 1.0, 25),
    ("separable", 1.0, 10),
    ("two classes", 1.0, 1),
]


def train(x, y, rate, rounds, seed):
    stump = DecisionTreeClassifier(max_depth=1)
    model = AdaBoostClassifier(
        stump, n_estimators=rounds, learning_rate=rate, random_state=seed
    ).fit(x, y)
    stumps = []
    for tree, vote, error in zip(
        model.estimators_, model.estimator_weights_, model.estimator_errors_
    ):
        tree = tree.tree_
        below, above = (int(np.argmax(tree.value[side, 0])) for side in (1, 2))
        stumps.append(
            {
                "feature": int(tree.feature[0]),
                "threshold": float(tree.threshold[0]),
                "below": below,
                "above": above,
                "error": float(error),
                "vote": float(vote),
            }
        )
    return model, stumps


def run(name, x, y, train_rows, rate, rounds):
    parts = x[:train_rows], y[:train_rows]
    model, stumps = train(*parts, rate, rounds, 0)
    shape = lambda stumps: [(s["feature"], s["threshold"], s["below"], s["above"]) for s in stumps]
    for seed in SEEDS:
        assert shape(train(*parts, rate, rounds, seed)[1]) == shape(stumps), (name, rate, seed)
    decisions = model.decision_function(x[train_rows:])
    if decisions.ndim == 1:
        # scikit-learn gives the second score minus the first, which are each other's opposite.
        decisions = np.stack([-decisions / 2, decisions / 2], axis=1)
    return {
        "set": name,
        "params": {"rounds": rounds, "learning_rate": rate},
        "stumps": stumps,
        "scores": [[float(f"{value:.9g}") for value in row] for row in decisions],
        "predictions": model.predict(x[train_rows:]).tolist(),
    }


data = {}
for name, x, y, train_rows in sets():
    x = np.vectorize(lambda value: np.float32(f"{value:.4g}"))(x).astype(np.float32)
    data[name] = (x, y, train_rows)

print(
    json.dumps(
        {
            "source": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
            "sets": {
                name: {
                    "train": train_rows,
                    "rows": [[float(str(value)) for value in row] for row in x],
                    "labels": y.tolist(),
                }
                for name, (x, y, train_rows) in data.items()
            },
            "cases": [run(name, *data[name], rate, rounds) for name, rate, rounds in CASES],
        }
    )
)
