"""Writes bootstrap_632.json: .632 and .632+ estimates by other programs.

    pip install mlxtend==0.25.0 scikit-learn==1.9.1 numpy==2.4.6
    python bootstrap_632.py > bootstrap_632.json

`models`: mlxtend's bootstrap_point632_score with one sample, so that its score is that of the
sample; what goes in is worked out again from the same sample and model. mlxtend does not bound R,
so only samples with R between 0 and 1 are taken.
`bounded`: the formula of Efron & Tibshirani (1997) as the R package Daim has it, in fractions, also
where the error out of bag is worse than without information, or better than the apparent one.
"""

import json
import platform
from fractions import Fraction

import mlxtend
import numpy as np
import sklearn
from mlxtend.evaluate import BootstrapOutOfBag, bootstrap_point632_score
from mlxtend.evaluate.bootstrap_point632 import accuracy, no_information_rate
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier


def models():
    rng = np.random.default_rng(632)
    cases = []
    for estimator in (
        KNeighborsClassifier(1),
        KNeighborsClassifier(5),
        DecisionTreeClassifier(max_depth=3, random_state=0),
        LogisticRegression(),
    ):
        for classes, spread in ((2, 0.8), (4, 1.5), (3, 2.5)):
            y = rng.choice(classes, size=40, p=np.arange(1, classes + 1) / sum(range(classes + 1)))
            x = y[:, None] + rng.normal(0, spread, size=(40, 3))
            seed = int(rng.integers(1000))
            ((train, test),) = BootstrapOutOfBag(n_splits=1, random_seed=seed).split(x)
            model = clone(estimator).fit(x[train], y[train])
            predicted = model.predict(x)
            apparent, out_of_bag = np.mean(predicted != y), np.mean(predicted[test] != y[test])
            no_information = 1 - no_information_rate(y, predicted, accuracy)
            if not apparent <= out_of_bag <= no_information:
                continue

            def estimate(method):
                score = bootstrap_point632_score(
                    estimator, x, y, n_splits=1, method=method, random_seed=seed
                )
                return float(1 - score[0])

            cases.append(
                {
                    "model": str(estimator),
                    "truth": y.tolist(),
                    "predicted": predicted.tolist(),
                    "apparent": float(apparent),
                    "out_of_bag": float(out_of_bag),
                    "no_information": float(no_information),
                    "point_632": estimate(".632"),
                    "point_632_plus": estimate(".632+"),
                }
            )
    return cases


def bounded():
    weight = Fraction(632, 1000)
    shares = [Fraction(n, 20) for n in (0, 1, 4, 9, 10, 13, 20)]
    for apparent in shares:
        for out_of_bag in shares:
            for no_information in (Fraction(1, 2), Fraction(9, 10)):
                plain = (1 - weight) * apparent + weight * out_of_bag
                least = min(out_of_bag, no_information)
                r = Fraction(0)
                if least > apparent and no_information > apparent:
                    r = (least - apparent) / (no_information - apparent)
                plus = (least - apparent) * (1 - weight) * weight * r / (1 - (1 - weight) * r)
                numbers = (apparent, out_of_bag, no_information, r, plain, plain + plus)
                yield [float(number) for number in numbers]


print(
    json.dumps(
        {
            "source": f"mlxtend {mlxtend.__version__}, scikit-learn {sklearn.__version__}, "
            f"numpy {np.__version__}, Python {platform.python_version()}",
            "tolerance": 1e-14,
            "models": models(),
            "bounded_columns": "apparent, out of bag, no information, R, .632, .632+",
            "bounded": list(bounded()),
        }
    )
)
