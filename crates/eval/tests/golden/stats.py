"""Works out the expected values of stats.json from its inputs, with other people's code.

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 statsmodels==0.15.0
    python stats.py           # rewrites stats.json with the expected values of all cases
    python stats.py --check   # only compares, and exits with 1 if a value is off

Tango's interval is in none of these packages: it is worked out from its definition, with the
restricted likelihood maximised by root finding instead of the closed form that the crate uses.
"""

import json
import math
import platform
import sys
from pathlib import Path

import numpy
import scipy
import sklearn
import statsmodels
from scipy.optimize import brentq
from scipy.stats import norm
from sklearn import metrics
from sklearn.model_selection import ParameterGrid, StratifiedKFold, StratifiedShuffleSplit
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

FILE = Path(__file__).with_name("stats.json")


def restricted_share(b, c, n, d):
    """Most likely P(only B right) if P(only A right) is larger by d >= 0."""

    def slope(t):  # of the log-likelihood, at the share t (1 - d) / 2
        q = t * (1 - d) / 2
        only = (b / (q + d) if b else 0.0) + (c / q if c else 0.0)
        return only - 2 * (n - b - c) / ((1 - d) * (1 - t))

    low, high = 1e-15, 1 - 1e-15
    # A likelihood that only falls, or only rises, has its maximum at an end.
    if slope(low) <= 0:
        return 0.0
    if slope(high) >= 0:
        return (1 - d) / 2
    return brentq(slope, low, high, xtol=1e-17, rtol=1e-15) * (1 - d) / 2


def score(b, c, n, d):
    """Tango's z for the difference d."""
    if d < 0:
        return -score(c, b, n, -d)
    q = restricted_share(b, c, n, d)
    return (b - c - n * d) / math.sqrt(n * (2 * q + d * (1 - d)))


def tango(b, c, n, level):
    z = norm.ppf(0.5 + level / 2)
    middle, tiny = (b - c) / n, 1e-9
    low = brentq(lambda d: score(b, c, n, d) - z, -1 + tiny, middle - tiny, xtol=1e-15)
    high = brentq(lambda d: score(b, c, n, d) + z, middle + tiny, 1 - tiny, xtol=1e-15)
    return [low, high]


def paired(case):
    b, c = case["only_a_right"], case["only_b_right"]
    n = sum(case.values())
    exact = float(mcnemar([[0, b], [c, 0]], exact=True).pvalue) if b + c else 1.0
    at_smaller = scipy.stats.binom.pmf(min(b, c), b + c, 0.5)
    mid = exact - at_smaller if b != c else 1 - at_smaller / 2
    expect = {
        "n": n,
        "diff": (b - c) / n,
        "p_exact": exact,
        "p_mid": float(mid) if b + c else 1.0,
    }
    expect["tango95"] = tango(b, c, n, 0.95)
    for margin in ["0.01", "0.02"]:
        z = score(b, c, n, -float(margin))
        expect[f"noninferior_a_margin_{margin}"] = {"z": z, "p": float(norm.sf(z))}
    return expect


def binomial(case):
    def wilson(level):
        ends = proportion_confint(case["successes"], case["trials"], 1 - level, method="wilson")
        return [float(end) for end in ends]

    return {"wilson_95": wilson(0.95), "wilson_99": wilson(0.99)}


def classification(case):
    truth, predicted = case["y_true"], case["y_pred"]
    labels = list(range(case["n_classes"]))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, predicted, labels=labels, zero_division=0
    )
    return {
        "confusion": metrics.confusion_matrix(truth, predicted, labels=labels).tolist(),
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(truth, predicted)),
        "macro_f1": float(
            metrics.f1_score(truth, predicted, labels=labels, average="macro", zero_division=0)
        ),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
    }


def split(case):
    counts = case["class_counts"]
    y = numpy.repeat(numpy.arange(len(counts)), counts)
    if "folds" in case:
        if min(counts) < case["folds"]:
            return {"refused": "scikit-learn warns if one class is too small"}
        folds = StratifiedKFold(case["folds"], shuffle=True, random_state=0)
        tests = [numpy.bincount(y[test], minlength=len(counts)) for _, test in folds.split(y, y)]
        return {
            "test_counts_min": numpy.min(tests, axis=0).tolist(),
            "test_counts_max": numpy.max(tests, axis=0).tolist(),
            "test_sizes_descending": sorted((int(test.sum()) for test in tests), reverse=True),
        }
    exact = [case["test"] * count / len(y) for count in counts]
    drawn = StratifiedShuffleSplit(1, test_size=case["test"], random_state=0)
    _, test = next(drawn.split(y, y))
    return {
        "test_counts_floor": [math.floor(share) for share in exact],
        "test_counts_ceil": [math.ceil(share) for share in exact],
        "scikit_learn_test_counts": numpy.bincount(y[test], minlength=len(counts)).tolist(),
    }


def grid(case):
    return {"points": list(ParameterGrid(case["grid"]))}


GROUPS = {
    "mcnemar": paired,
    "binomial_ci": binomial,
    "classification": classification,
    "split": split,
    "grid": grid,
}


def off(want, got, rtol, atol):
    """Whether two values differ by more than the tolerance."""
    if isinstance(want, dict):
        return want.keys() != got.keys() or any(off(want[k], got[k], rtol, atol) for k in want)
    if isinstance(want, list):
        return len(want) != len(got) or any(off(a, b, rtol, atol) for a, b in zip(want, got))
    if isinstance(want, float):
        return abs(want - got) > atol + rtol * abs(want)
    return want != got


def text(golden):
    """JSON with one case a line, so that changes can be read."""
    groups = []
    for name, group in golden["groups"].items():
        head = {key: value for key, value in group.items() if key != "cases"}
        lines = ",\n".join("    " + json.dumps(case) for case in group["cases"])
        groups.append(f'  {json.dumps(name)}: {json.dumps(head)[:-1]}, "cases": [\n{lines}\n  ]}}')
    head = {key: value for key, value in golden.items() if key != "groups"}
    return json.dumps(head)[:-1] + ',\n"groups": {\n' + ",\n".join(groups) + "\n}}\n"


def main():
    golden = json.loads(FILE.read_text())
    wrong = []
    for name, group in golden["groups"].items():
        for case in group["cases"]:
            got = GROUPS[name](case["input"])
            if off(case.get("expect", {}), got, group["rtol"], group["atol"]):
                wrong.append(f"{name} {case['id']}: file {case.get('expect')}, now {got}")
            case["expect"] = got
    if "--check" in sys.argv:
        print("\n".join(wrong) or "all values agree")
        sys.exit(bool(wrong))
    golden["versions"] = {
        "python": platform.python_version(),
        **{module.__name__: module.__version__ for module in [numpy, scipy, sklearn, statsmodels]},
    }
    FILE.write_text(text(golden))


if __name__ == "__main__":
    main()
