"""Times support vector machines. One request per line on stdin, one answer per line on stdout.

Request: WORK LIBRARY PROBLEM ROWS SETTINGS THREADS LOOPS, settings as NAME=VALUE,NAME=VALUE.
Answer: seconds for LOOPS repetitions. With LOOPS 0: what came out of the last of them, a JSON
object with `accuracy` and `objective`.
Argument: the folder with PROBLEM/{x,y,x_test,y_test}.npy; the first ROWS rows are trained on.
"""

import json
import os
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import daal4py
import numpy as np
import sklearn.svm
import sklearnex.svm
import thundersvm
from liblinear.liblinearutil import predict as liblinear_predict
from liblinear.liblinearutil import problem as liblinear_problem
from liblinear.liblinearutil import train as liblinear_train
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV, PredefinedSplit

TOLERANCE = 1e-3
# LIBLINEAR's own for the squared hinge.
LINEAR_TOLERANCE = 0.1
CACHE_MEGABYTES = 1000


class Problem:
    """Rows as each library likes them best: LIBSVM copies what is not 64 bits."""

    def __init__(self, folder, rows):
        self.x, self.y, self.x_test, self.y_test = (
            np.load(folder / f"{name}.npy") for name in ("x", "y", "x_test", "y_test")
        )
        self.x, self.y = self.x[:rows], self.y[:rows]

    def folds(self, count):
        """The k-th row of each class is in fold k modulo `count`."""
        fold = np.empty(len(self.y), int)
        for label in np.unique(self.y):
            rows = np.flatnonzero(self.y == label)
            fold[rows] = np.arange(len(rows)) % count
        return PredefinedSplit(fold)


def kernel_machine(library, threads, settings):
    common = {"C": settings["c"], "gamma": settings["gamma"], "tol": TOLERANCE}
    if library == "thundersvm":
        return thundersvm.SVC(kernel="rbf", n_jobs=threads, **common)
    module = sklearn.svm if library == "libsvm" else sklearnex.svm
    return module.SVC(kernel="rbf", cache_size=CACHE_MEGABYTES, **common)


def dual_objective(svc, gamma):
    """1/2 b'Kb - |b| summed over the pairs of classes, from the coefficients b = alpha y."""
    start = np.concatenate([[0], np.cumsum(svc.n_support_)])
    classes = len(svc.n_support_)
    coefficients = np.asarray(svc.dual_coef_, np.float64)
    vectors = np.asarray(svc.support_vectors_, np.float64)
    total = 0.0
    for first in range(classes):
        for second in range(first + 1, classes):
            rows_first = np.arange(start[first], start[first + 1])
            rows_second = np.arange(start[second], start[second + 1])
            rows = np.concatenate([rows_first, rows_second])
            b = np.concatenate(
                [coefficients[second - 1, rows_first], coefficients[first, rows_second]]
            )
            rows, b = rows[b != 0], b[b != 0]
            total += 0.5 * b @ rbf_kernel(vectors[rows], gamma=gamma) @ b - np.abs(b).sum()
    return total


class Fit:
    """One machine."""

    def __init__(self, library, problem, settings):
        self.library, self.problem, self.settings = library, problem, settings

    def run(self, threads):
        machine = kernel_machine(self.library, threads, self.settings)
        self.machine = machine.fit(self.problem.x, self.problem.y)

    def quality(self):
        accuracy = np.mean(self.machine.predict(self.problem.x_test) == self.problem.y_test)
        # ThunderSVM does not say whose its coefficients are.
        told = self.library != "thundersvm"
        objective = dual_objective(self.machine, self.settings["gamma"]) if told else None
        return {"accuracy": accuracy, "objective": objective}


class Predict:
    """The test rows, under a machine trained before."""

    def __init__(self, library, problem, settings):
        self.problem = problem
        self.machine = kernel_machine(library, 1, settings).fit(problem.x, problem.y)

    def run(self, threads):
        self.predicted = self.machine.predict(self.problem.x_test)

    def quality(self):
        return {"accuracy": np.mean(self.predicted == self.problem.y_test), "objective": None}


class Grid:
    """All cells on all folds, without a fit on all rows at the end."""

    def __init__(self, library, problem, settings):
        self.library, self.problem = library, problem
        self.cs = [float(c) for c in settings["cs"].split(":")]
        self.gammas = [float(gamma) for gamma in settings["gammas"].split(":")]
        self.folds = problem.folds(int(settings["folds"]))

    def run(self, threads):
        machine = kernel_machine(self.library, 1, {"c": 1.0, "gamma": 1.0})
        # oneDAL has threads of its own.
        processes = threads if self.library == "libsvm" else 1
        self.search = GridSearchCV(
            machine,
            {"C": self.cs, "gamma": self.gammas},
            cv=self.folds,
            n_jobs=processes,
            refit=False,
        ).fit(self.problem.x, self.problem.y)

    def quality(self):
        return {"accuracy": self.search.best_score_, "objective": None}


class Linear:
    """Squared hinge, one class against the others, with a bias that is a feature of 1s."""

    def __init__(self, library, problem, settings):
        self.library, self.problem, self.c = library, problem, settings["c"]
        if library == "liblinear-multi":
            self.liblinear = liblinear_problem(problem.y, problem.x, bias=1)

    def run(self, threads):
        if self.library == "liblinear-multi":
            options = f"-s 1 -c {self.c} -e {LINEAR_TOLERANCE} -m {threads} -B 1 -q"
            self.machine = liblinear_train(self.liblinear, options)
        else:
            # By itself scikit-learn would take the primal problem, which has another tolerance.
            settings = {"dual": True, "tol": LINEAR_TOLERANCE, "random_state": 1}
            machine = sklearn.svm.LinearSVC(C=self.c, **settings)
            self.machine = machine.fit(self.problem.x, self.problem.y)

    def quality(self):
        x, y = self.problem.x_test, self.problem.y_test
        if self.library == "liblinear-multi":
            predicted, _, _ = liblinear_predict([], x, self.machine, "-q")
            return {"accuracy": np.mean(np.array(predicted) == y), "objective": None}
        return {"accuracy": self.machine.score(x, y), "objective": self.primal_objective()}

    def primal_objective(self):
        """1/2 |w|^2 + c * squared hinge loss, summed over the classes."""
        margins = self.machine.decision_function(self.problem.x)
        signs = np.where(self.problem.y[:, None] == self.machine.classes_, 1.0, -1.0)
        losses = np.maximum(0.0, 1.0 - signs * margins) ** 2
        squares = (self.machine.coef_**2).sum() + (self.machine.intercept_**2).sum()
        return 0.5 * squares + self.c * losses.sum()


WORKS = {"fit": Fit, "predict": Predict, "grid": Grid, "linear": Linear}


def number_or_text(text):
    try:
        return float(text)
    except ValueError:
        return text


def main():
    # What the libraries print, some of them from C, must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.filterwarnings("ignore")
    folder = Path(sys.argv[1])
    names = ["scikit-learn", "scikit-learn-intelex", "thundersvm-cpu", "liblinear-multicore"]
    print(", ".join(f"{name} {version(name)}" for name in names), file=answers, flush=True)
    ready = {}
    for line in sys.stdin:
        *key, threads, loops = line.split()
        key, threads, loops = tuple(key), int(threads), int(loops)
        if key not in ready:
            work, library, problem, rows, settings = key
            pairs = (setting.split("=") for setting in settings.split(","))
            settings = {name: number_or_text(value) for name, value in pairs}
            # Models and rows of the work before are not kept.
            ready = {key: WORKS[work](library, Problem(folder / problem, int(rows)), settings)}
        work = ready[key]
        if loops == 0:
            print(json.dumps(work.quality()), file=answers, flush=True)
            continue
        daal4py.daalinit(nthreads=threads)
        start = time.perf_counter()
        for _ in range(loops):
            work.run(threads)
        print(time.perf_counter() - start, file=answers, flush=True)


if __name__ == "__main__":
    main()
