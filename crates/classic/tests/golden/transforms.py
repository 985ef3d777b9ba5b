"""Writes transforms.json: what scikit-learn's maps and neighbours make of a small set of digits.

    python -m venv venv && venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1
    venv/bin/python transforms.py > transforms.json

The 8x8 digits of scikit-learn are summed over 2x2 pixels to 16 integers of 0..64; the features are
value / 32 - 1, exact in 32 bits, so both programs see the same numbers. Column 3 is set to 0, column
7 to the sum of columns 1 and 2, so there is a constant and a rank below the number of features.
scikit-learn works in 64 bits here. Eigenvectors are written as they act: mapped rows.
"""

import json

import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.kernel_approximation import Nystroem
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.preprocessing import MinMaxScaler, StandardScaler, normalize

CLASSES = [1, 3, 8, 9]
TRAIN, TEST = 60, 15

digits = load_digits()
rows = np.flatnonzero(np.isin(digits.target, CLASSES))[: TRAIN + TEST]
summed = digits.images[rows].reshape(-1, 4, 2, 4, 2).sum(axis=(2, 4)).reshape(-1, 16).astype(int)
summed[:, 3] = 0
summed[:, 7] = summed[:, 1] + summed[:, 2]
x = summed / 32 - 1
ids = np.searchsorted(CLASSES, digits.target[rows])
train, test, y = x[:TRAIN], x[TRAIN:], ids[:TRAIN]


def numbers(array):
    return [[float(f"{value:.9g}") for value in row] for row in np.atleast_2d(array)]


def pca(name, part, **options):
    model = PCA(svd_solver="full", **options).fit(train[:part])
    # Components that only rounding gives a spread are compared by neither side.
    rank = int((model.explained_variance_ > 1e-12).sum())
    return {
        "name": name,
        "rows": part,
        "kept": rank,
        "mapped": numbers(model.transform(test)[:, :rank]),
        "variances": numbers(model.explained_variance_[:rank])[0],
        "shares": numbers(model.explained_variance_ratio_[:rank])[0],
    }


def lda(shrinkage, part):
    if shrinkage == 0:
        model = LinearDiscriminantAnalysis(solver="svd").fit(train[:part], y[:part])
        mapped = model.transform(test)
    else:
        model = LinearDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage)
        model.fit(train[:part], y[:part])
        # This solver does not centre.
        mapped = model.transform(test) - model.transform(train[:part]).mean(axis=0)
    return {"shrinkage": shrinkage, "rows": part, "mapped": numbers(mapped)}


def nystroem(params, **options):
    model = Nystroem(n_components=TRAIN, **options).fit(train)
    products = model.transform(test) @ model.transform(train).T
    return {"params": params, "products": numbers(products)}


# Equal distances come up often with so few values; the last set lies far from the origin.
coarse = np.round(x * 2) / 2
neighbours = []
for name, shift, values in [("fine", 0, x), ("coarse", 0, coarse), ("far", 4096, x)]:
    for k in [1, 3, 4]:
        model = KNeighborsClassifier(k, algorithm="brute").fit(values[:TRAIN] + shift, y)
        distances, found = model.kneighbors(values[TRAIN:] + shift, n_neighbors=TRAIN)
        # Of equally near rows the first, which scikit-learn does not promise.
        order = np.lexsort((found, np.round(distances, 9)), axis=1)
        near = np.take_along_axis(found, order, axis=1)[:, :k]
        shares = np.stack([(y[near] == c).mean(axis=1) for c in range(len(CLASSES))], axis=1)
        neighbours.append({"set": name, "k": k, "shift": shift, "shares": numbers(shares)})

print(
    json.dumps(
        {
            "source": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
            "train": TRAIN,
            "classes": len(CLASSES),
            "pixels": summed.tolist(),
            "labels": ids.tolist(),
            "standardised": numbers(StandardScaler().fit(train).transform(test)),
            "min_max": numbers(MinMaxScaler((-1, 2)).fit(train).transform(test)),
            "l1": numbers(normalize(test, norm="l1")),
            "l2": numbers(normalize(test)),
            "pca": [
                pca("all", TRAIN),
                pca("count", TRAIN, n_components=5),
                pca("share", TRAIN, n_components=0.8),
                pca("whitened", TRAIN, n_components=5, whiten=True),
                pca("few rows", 10, n_components=9),
            ],
            "lda": [lda(0, TRAIN), lda(0.2, TRAIN), lda(0.9, TRAIN), lda(0.2, 14)],
            "nystroem": [
                nystroem({"kernel": "rbf", "gamma": 0.3}, kernel="rbf", gamma=0.3),
                nystroem({"kernel": "linear"}, kernel="linear"),
                nystroem(
                    {"kernel": "polynomial", "gamma": 0.1, "degree": 2, "coef0": 1.0},
                    kernel="poly",
                    gamma=0.1,
                    degree=2,
                    coef0=1.0,
                ),
            ],
            "nearest_mean": NearestCentroid().fit(train, y).predict(test).tolist(),
            "coarse": (coarse * 2).astype(int).tolist(),
            "neighbours": neighbours,
        }
    )
)
