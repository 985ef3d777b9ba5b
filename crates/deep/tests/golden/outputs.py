"""Writes outputs.json: a line and a logistic regression fitted by numpy and scikit-learn.

    pip install numpy scikit-learn
    python outputs.py > outputs.json

What a network of one affine layer must come to when it is trained to the end, with squared error and
with binary cross-entropy: both losses have one minimum, however it is reached.
"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(5)
x = rng.normal(size=(60, 3)).round(4)
values = (x @ [[0.5, -2.0], [1.5, 0.25], [0.0, 1.0]] + [0.75, -0.5]).round(4)
values = (values + 0.3 * rng.normal(size=values.shape)).round(4)
# A noisy threshold, so that no line separates the two and the best weights are finite.
yes = (x @ [1.0, -1.5, 0.5] + 0.3 + rng.logistic(size=60) > 0).astype(float)

with_ones = np.hstack([x, np.ones((60, 1))])
line = np.linalg.lstsq(with_ones, values, rcond=None)[0]
logistic = LogisticRegression(C=np.inf, tol=1e-12, max_iter=100_000, solver="newton-cholesky")
logistic.fit(x, yes)

print(
    json.dumps(
        {
            "source": f"numpy {np.__version__}, scikit-learn {sklearn.__version__}, outputs.py",
            "x": x.ravel().tolist(),
            "values": values.ravel().tolist(),
            "line_weight": line[:3].T.ravel().tolist(),
            "line_bias": line[3].tolist(),
            "yes": yes.tolist(),
            "logistic_weight": logistic.coef_.ravel().tolist(),
            "logistic_bias": logistic.intercept_.tolist(),
            "probabilities": logistic.predict_proba(x)[:, 1].tolist(),
        }
    )
)
