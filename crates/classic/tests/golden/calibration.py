"""Writes calibration.json: probabilities by scikit-learn and LIBSVM from fixed scores.

    python -m venv venv && venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1
    venv/bin/python calibration.py > calibration.json

Scores are decision values of linear machines on noisy digits, rounded so that both programs get
the same numbers, and so that some are equal. The probabilities of LIBSVM come from its own pair
sigmoids, which are written too: what is compared is the coupling.
"""

import json
import warnings

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import _fit_calibrator, _sigmoid_calibration, _TemperatureScaling
from sklearn.datasets import load_digits
from sklearn.isotonic import IsotonicRegression
from sklearn.svm import SVC, LinearSVC

warnings.simplefilter("ignore")
digits = load_digits()
noise = np.random.default_rng(7)
pixels = digits.data / 16 + noise.normal(scale=0.9, size=digits.data.shape)


def numbers(array):
    return [[float(f"{value:.10g}") for value in row] for row in np.atleast_2d(array)]


class Scores(ClassifierMixin, BaseEstimator):
    """A classifier that has been asked already."""

    def __init__(self, scores, classes):
        self.scores, self.classes_ = scores, classes

    def decision_function(self, x):
        return self.scores[: len(x)]


def one_score(size, decimals):
    y = (digits.target == 8)[:size]
    train = slice(size, size + 400)
    machine = LinearSVC(C=0.01, random_state=0).fit(pixels[train], digits.target[train] == 8)
    scores = np.round(machine.decision_function(pixels[:size]), decimals)
    a, b = _sigmoid_calibration(scores, y.astype(float))
    curve = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(scores, y.astype(float))
    at = np.linspace(scores.min() - 0.5, scores.max() + 0.5, 40)
    return {
        "scores": numbers(scores)[0],
        "positive": y.tolist(),
        "a": float(a),
        "b": float(b),
        "at": numbers(at)[0],
        "isotonic": numbers(curve.predict(at))[0],
    }


def classes(names):
    rows = np.isin(digits.target, names)
    x, y = pixels[rows], np.searchsorted(names, digits.target[rows])
    machine = LinearSVC(C=0.01, random_state=0).fit(x[200:500], y[200:500])
    decisions = np.round(machine.decision_function(x[:200]), 2)
    # Two classes: as scikit-learn makes two scores of the one.
    scores = decisions if decisions.ndim == 2 else np.stack([-decisions, decisions], 1)
    made = {"scores": numbers(scores), "labels": y[:200].tolist()}
    for method in ["sigmoid", "isotonic", "temperature"]:
        given = decisions if decisions.ndim == 2 else decisions[:, None]
        known = np.arange(len(names))
        fitted = _fit_calibrator(Scores(decisions, known), given, y[:200], known, method, None)
        made[method] = numbers(fitted.predict_proba(x[:40]))
        if method == "temperature":
            assert isinstance(fitted.calibrators[0], _TemperatureScaling)
            made["beta"] = float(fitted.calibrators[0].beta_)
    return made


def coupled(names):
    rows = np.isin(digits.target, names)
    x, y = pixels[rows], digits.target[rows]
    machine = SVC(C=1.0, probability=True, random_state=3, decision_function_shape="ovo")
    machine.fit(x[:300], y[:300])
    decisions = machine.decision_function(x[300:330])
    return {
        "classes": len(names),
        "decisions": numbers(decisions),
        "a": [float(value) for value in machine.probA_],
        "b": [float(value) for value in machine.probB_],
        "probabilities": numbers(machine.predict_proba(x[300:330])),
    }


print(
    json.dumps(
        {
            "source": f"scikit-learn {sklearn.__version__} (with LIBSVM), numpy {np.__version__}",
            "one_score": [one_score(60, 3), one_score(400, 2), one_score(400, 1)],
            "classes": [classes([3, 8]), classes([1, 3, 8, 9])],
            "coupled": [coupled([3, 5, 8]), coupled(list(range(10)))],
        }
    )
)
