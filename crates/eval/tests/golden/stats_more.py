"""Writes stats_more.json: random cases of 21 groups of statistics and metrics, worked out by others.

    pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0 scikit-learn==1.9.1 \
        scikit-posthocs==0.17.1 baycomp==1.0.3 pandas==3.1.1 networkx==3.6.1
    python stats_more.py > stats_more.json             # the file beside this one
    python stats_more.py --seed 7 --cases 20           # other numbers, to look for differences

Where no package has a value, it is worked out here from the formula of the paper. `null` means
that there is none. The form of the file is told in crates/versus/src/golden/stats.rs.
"""

import argparse
import itertools
import json
import math
import platform
import warnings

import baycomp
import networkx
import numpy as np
import pandas
import scipy
import scikit_posthocs
import sklearn
import statsmodels
from scipy import stats
from scipy.optimize import minimize_scalar
from sklearn import metrics
from statsmodels.stats.contingency_tables import cochrans_q
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_test
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

import stats as paired_formulas  # the file beside this one: Tango's interval

warnings.simplefilter("ignore")


def plain(value):
    """Python's own types; NaN and infinity become None."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(entry) for entry in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value


def rounded(array, digits):
    return np.round(array, digits)


# Groups. Each yields (input, expect).


def distributions(rng, cases):
    for index in range(cases):
        x = rounded(rng.normal(0, 4, 5), 3)
        p = rounded(rng.random(4), 6) * 0.999998 + 1e-6
        tiny = 10.0 ** -rng.integers(3, 9, 2)
        p = np.concatenate([p, tiny, 1 - tiny])
        yield {"x": x}, {"cdf": stats.norm.cdf(x), "sf": stats.norm.sf(x)}
        yield {"p": p}, {"ppf": stats.norm.ppf(p)}
        df = [1, 2, 3, 29, 99, 1000, 2.5, 1e5][index % 8]
        yield {"df": df, "t": x, "p": p}, {"sf": stats.t.sf(x, df), "ppf": stats.t.ppf(p, df)}
        df = int(rng.integers(1, 60))
        y = rounded(df * rng.lognormal(0, 1, 5), 3)
        yield {"df": df, "x": y}, {"sf": stats.chi2.sf(y, df)}
        d1, d2 = (int(d) for d in rng.integers(1, 120, 2))
        y = rounded(rng.lognormal(0, 1, 5), 3)
        yield {"d1": d1, "d2": d2, "x": y}, {"sf": stats.f.sf(y, d1, d2)}
        n, share = int(rng.integers(1, 10 ** (2 + index % 4))), float(rounded(rng.random(), 3))
        k = np.sort(rng.binomial(n, share, 4))
        law = stats.binom(n, share)
        yield {"n": n, "p": share, "k": k}, {"pmf": law.pmf(k), "cdf": law.cdf(k)}
        a, b = (float(v) for v in rounded(rng.lognormal(1 + index % 6, 1.5, 2) + 0.1, 2))
        yield {"a": a, "b": b, "p": p}, {"ppf": stats.beta.ppf(p, a, b)}


def studentized_range(rng, cases):
    for index in range(cases):
        k = int(rng.integers(2, 40))
        df = None if index % 3 else int(rng.integers(2, 100))
        law = stats.studentized_range(k, np.inf if df is None else df)
        q = rounded(rng.uniform(0.2, 6, 3), 3)
        alpha = np.array([0.1, 0.05, 0.01])
        quantiles = law.ppf(1 - alpha)
        expect = {"sf": law.sf(q), "q_alpha": quantiles, "q_alpha_nemenyi": quantiles / 2**0.5}
        yield {"k": k, "df": df, "q": q, "alpha": alpha}, expect


def mcnemar(rng, cases):
    for index in range(cases):
        scale = [4, 30, 200, 5000][index % 4]
        b, c = (int(v) for v in rng.integers(0, scale, 2))
        if index % 5 == 0:
            b = 0
        if index % 7 == 0:
            c = b
        both, none = int(rng.integers(1, 20 * scale)), int(rng.integers(1, 3 * scale))
        yield mcnemar_case(both, b, c, none)


def mcnemar_case(both, b, c, none):
    n = both + b + c + none
    z = stats.norm.ppf(0.975)
    table = {"both_right": both, "only_a_right": b, "only_b_right": c, "both_wrong": none}
    exact = mcnemar_test([[0, b], [c, 0]], exact=True).pvalue if b + c else 1.0
    at_smaller = stats.binom.pmf(min(b, c), b + c, 0.5)
    mid = 1.0 if b + c == 0 else 1 - at_smaller / 2 if b == c else exact - at_smaller
    expect = {
        "n": n,
        "acc_a": (both + b) / n,
        "acc_b": (both + c) / n,
        "diff": (b - c) / n,
        "p_exact": exact,
        "p_mid": mid,
        "tango95": paired_formulas.tango(b, c, n, 0.95),
    }
    for name, correction in [("chi2", False), ("chi2_cc", True)]:
        if b + c:
            test = mcnemar_test([[0, b], [c, 0]], exact=False, correction=correction)
            expect[name], expect[f"p_{name}"] = test.statistic, test.pvalue
        else:
            expect[name], expect[f"p_{name}"] = 0.0, 1.0
    if b + c:
        half = z * math.sqrt(b + c - (b - c) ** 2 / n) / n
        if abs(b - c) / n + half < 1:
            expect["wald95"] = [(b - c) / n - half, (b - c) / n + half]
    else:
        expect["wald95"] = None
    p, q = (b + 1) / (n + 2), (c + 1) / (n + 2)
    half = z * math.sqrt((p + q - (p - q) ** 2) / (n + 2))
    if abs(p - q) + half < 1:
        expect["bonett_price95"] = [p - q - half, p - q + half]
    for margin in [0.005, 0.01, 0.02, 0.05]:
        score = paired_formulas.score(b, c, n, -margin)
        expect[f"noninferior_a_margin_{margin}"] = {"z": score, "p": stats.norm.sf(score)}
    return table, expect


def cochran_q(rng, cases):
    for index in range(cases):
        images, classifiers = int(rng.integers(5, 40)), int(rng.integers(2, 7))
        right = (rng.random((images, classifiers)) < rng.uniform(0.4, 0.95, classifiers)).astype(int)
        if index == 1:
            right[:, :] = right[:, :1]
        test = cochrans_q(right)
        expect = {"q": test.statistic, "df": classifiers - 1, "p": test.pvalue}
        if math.isnan(test.statistic):
            expect["p"] = None
        yield {"right": right}, expect


def binomial_ci(rng, cases):
    for index in range(cases):
        trials = int(rng.integers(1, 10 ** (1 + index % 6) + 2))
        successes = [0, trials, int(rng.binomial(trials, rng.random()))][min(index % 5, 2)]
        expect = {}
        for level in [80, 90, 95, 99]:
            for name, method in [
                ("wilson", "wilson"),
                ("clopper_pearson", "beta"),
                ("agresti_coull", "agresti_coull"),
                ("jeffreys", "jeffreys"),
            ]:
                interval = proportion_confint(successes, trials, 1 - level / 100, method)
                expect[f"{name}_{level}"] = interval
        yield {"successes": successes, "trials": trials}, expect


def five_by_two_cv(rng, cases):
    for index in range(cases):
        d = rounded(rng.normal(rng.normal(0, 0.02), 0.02, (5, 2)), 4)
        if index == 1:
            d[:, 1] = d[:, 0]
        squares = ((d - d.mean(axis=1, keepdims=True)) ** 2).sum(axis=1).sum()
        expect = {"t": None, "p_t": None, "f": None, "p_f": None}
        if (d[:, 0] != d[:, 1]).any():
            t, f = d[0, 0] / math.sqrt(squares / 5), (d**2).sum() / (2 * squares)
            expect = {"t": t, "p_t": 2 * stats.t.sf(abs(t), 5), "f": f, "p_f": stats.f.sf(f, 10, 5)}
        yield {"diffs": d}, {**expect, "df": 5, "df1": 10, "df2": 5}


def differences_of_folds(rng, index):
    folds, runs = int(rng.integers(2, 11)), int(rng.integers(1, 6))
    d = rounded(rng.normal(rng.normal(0, 0.02), 0.02, folds * runs), 4)
    if index == 1:
        d[:] = d[0]
    return folds, runs, d


def corrected_resampled_t(rng, cases):
    for index in range(cases):
        folds, _, d = differences_of_folds(rng, index)
        test = int(rng.integers(5, 200))
        train = test * (folds - 1)
        count, mean = len(d), d.mean()
        var = 0.0 if (d == d[0]).all() else d.var(ddof=1)
        expect = {"mean": mean, "var": var, "df": count - 1}
        expect.update({"t": None, "p": None, "naive_t": None, "naive_p": None})
        error = math.sqrt(var * (1 / count + test / train))
        if var > 0:
            t, naive = mean / error, mean / math.sqrt(var / count)
            p, naive_p = (2 * stats.t.sf(abs(v), count - 1) for v in (t, naive))
            expect.update({"t": t, "p": p, "naive_t": naive, "naive_p": naive_p})
        half = stats.t.ppf(0.975, count - 1) * error
        expect["ci95"] = [mean - half, mean + half]
        yield {"diffs": d, "n_train": train, "n_test": test}, expect


def bayes_correlated_t(rng, cases):
    for index in range(cases):
        folds, runs, d = differences_of_folds(rng, index)
        for rope in [0.0, float(rounded(rng.uniform(0, 0.03), 4))]:
            # Its answers are (second worse, rope, second better) with scores for losses; here B is
            # 0 and A the difference.
            test = baycomp.CorrelatedTTest(np.zeros_like(d), d, rope, runs)
            chances = test.probs()
            expect = {
                "p_a_better": chances[-1],
                "p_rope": chances[1] if rope else 0.0,
                "p_b_better": chances[0],
                "loc": test.mean,
                "scale": math.sqrt(test.var),
                "df": len(d) - 1,
            }
            if index != 1:  # rounding of the mean passes for a variance there
                yield {"diffs": d, "runs": runs, "folds": folds, "rope": rope}, expect


def mean_ci_over_seeds(rng, cases):
    for index in range(cases):
        v = rounded(rng.normal(0.9, 0.03, 1 if index == 1 else int(rng.integers(2, 15))), 5)
        expect = {"mean": v.mean(), "median": np.median(v), "iqr": stats.iqr(v)}
        if len(v) > 1:
            sd = v.std(ddof=1)
            se = sd / math.sqrt(len(v))
            ci = stats.t.interval(0.95, len(v) - 1, v.mean(), se)
            expect.update({"sd": sd, "se": se, "ci95": ci})
        else:
            expect.update({"sd": None, "se": None, "ci95": None})
        yield {"values": v}, expect


def wilcoxon_signed_rank(rng, cases):
    for index in range(cases):
        digits = [3, 1, 0][index % 3]
        d = rounded(rng.normal(0.5, 2 if digits < 3 else 1, int(rng.integers(3, 40))), digits) + 0.0
        if not d.any():
            continue
        expect = {}
        if d.all():
            test = stats.wilcoxon(d, method="exact")
            expect.update({"w": test.statistic, "p_exact": test.pvalue})
        for zeros in ["wilcox", "pratt"]:
            test = stats.wilcoxon(d, zero_method=zeros, correction=False, method="approx")
            expect[f"w_{zeros}"], expect[f"p_approx_{zeros}"] = test.statistic, test.pvalue
            expect[f"z_{zeros}"] = -abs(test.zstatistic)
        yield {"diffs": d}, expect


def sign_flip_exact(rng, cases):
    for index in range(cases):
        d = rounded(rng.normal(0.02, 0.05, int(rng.integers(1, 14))), [3, 2, 1][index % 3]) + 0.0
        signs = np.array(list(itertools.product([-1, 1], repeat=len(d))))
        count = (abs((signs * d).mean(axis=1)) >= abs(d.mean()) - 1e-12).sum()
        yield {"diffs": d}, {"p_two_sided": count / 2 ** len(d), "n_permutations": 2 ** len(d)}


def permutation_test_score(rng, cases):
    for _ in range(cases):
        permuted = rounded(rng.normal(0.5, 0.03, int(rng.integers(1, 40))), 2)
        score = float(rounded(rng.normal(0.53, 0.03), 2))
        p = ((permuted >= score).sum() + 1) / (len(permuted) + 1)
        yield {"score": score, "permuted": permuted}, {"p": p}


def effect_sizes(rng, cases):
    for index in range(cases):
        n = int(rng.integers(2, 15))
        a, b = (rounded(rng.normal(mean, 0.03, n), 2 if index % 2 else 3) for mean in (0.93, 0.91))
        if index == 1:
            a[:], b[:] = a[0], b[0]
        u = stats.mannwhitneyu(a, b).statistic
        expect = {"a12": u / n**2, "cliffs_delta": 2 * u / n**2 - 1}
        spread, d = (a.var(ddof=1) + b.var(ddof=1)) / 2, a - b
        constant = (a == a[0]).all() and (b == b[0]).all()
        expect["cohen_d"] = None if constant else (a.mean() - b.mean()) / math.sqrt(spread)
        if constant or np.ptp(d) > 1e-9:
            expect["cohen_dz"] = None if constant else d.mean() / d.std(ddof=1)
        yield {"a": a, "b": b}, expect


def multiple_testing(rng, cases):
    for index in range(cases):
        count = 1 if index == 1 else int(rng.integers(2, 25))
        p = rounded(rng.random(count) ** rng.uniform(1, 4), [4, 2][index % 2])
        names = {"bonferroni": "bonferroni", "holm": "holm", "hochberg": "simes-hochberg",
                 "hommel": "hommel", "benjamini_hochberg": "fdr_bh"}
        yield {"p": p}, {name: multipletests(p, method=m)[1] for name, m in names.items()}


def bootstrap_given_indices(rng, cases):
    for index in range(cases):
        n = int(rng.integers(5, 15))
        x = rounded(rng.normal(0.9, 0.04, n), 4)
        if index % 3 == 1:
            x = (rng.random(n) < 0.8).astype(float)
        if index == 2:
            x[:] = x[0]
        indices = rng.integers(0, n, (59, n))
        draws, theta = x[indices].mean(axis=1), x.mean()
        jackknife = np.array([np.delete(x, row).mean() for row in range(n)])
        if index == 2:
            expect = {"theta": theta, "percentile95": [theta, theta], "bca95": None,
                      "acceleration": None}
            yield {"x": x, "indices": indices}, expect
            continue
        percentile = np.percentile(draws, [2.5, 97.5])
        # As scipy.stats.bootstrap: ties of draws and estimate count half.
        share = ((draws < theta).sum() + (draws <= theta).sum()) / (2 * len(draws))
        z0, apart = stats.norm.ppf(share), jackknife.mean() - jackknife
        expect = {"theta": theta, "percentile95": percentile, "z0": z0}
        if np.ptp(x) > 0:
            a = (apart**3).sum() / (6 * (apart**2).sum() ** 1.5)
            z = z0 + stats.norm.ppf([0.025, 0.975])
            ends = stats.norm.cdf(z0 + z / (1 - a * z))
            expect["acceleration"], expect["bca95"] = a, np.percentile(draws, 100 * ends)
        yield {"x": x, "indices": indices}, expect


def friedman_nemenyi(rng, cases):
    for index in range(cases):
        sets, k = int(rng.integers(5, 16)), int(rng.integers(3, 7))
        better = bool(index % 2)
        scores = rng.uniform(0.6, 0.9, (sets, 1)) + rng.normal(rng.normal(0, 0.02, k), 0.03, (sets, k))
        scores = rounded(scores, [4, 2][index % 2])
        ranks = np.array([stats.rankdata(-row if better else row) for row in scores])
        average, test = ranks.mean(axis=0), stats.friedmanchisquare(*scores.T)
        chi2 = test.statistic
        plain_chi2 = 12 * sets / (k * (k + 1)) * ((average**2).sum() - k * (k + 1) ** 2 / 4)
        f = [(sets - 1) * c / (sets * (k - 1) - c) for c in (chi2, plain_chi2)]
        law = stats.studentized_range(k, np.inf)
        cd = {str(a): law.ppf(1 - a) / 2**0.5 * math.sqrt(k * (k + 1) / (6 * sets))
              for a in (0.05, 0.1)}
        frame = pandas.DataFrame(-scores if better else scores)
        nemenyi = scikit_posthocs.posthoc_nemenyi_friedman(frame).to_numpy()
        pairs = list(itertools.combinations(range(k), 2))
        raw = [wilcoxon_of_pair(scores[:, a] - scores[:, b]) for a, b in pairs]
        holm = multipletests(raw, method="holm")[1]
        by_nemenyi = [(a, b) for a, b in pairs if nemenyi[a, b] < 0.05]
        by_holm = [pair for pair, p in zip(pairs, holm) if p < 0.05]
        expect = {
            "ranks": ranks,
            "average_ranks": average,
            "chi2": chi2,
            "df": k - 1,
            "p": test.pvalue,
            "chi2_no_tie_correction": plain_chi2,
            "iman_davenport_f": f[0],
            "iman_davenport_p": stats.f.sf(f[0], k - 1, (k - 1) * (sets - 1)),
            "iman_davenport_f_no_tie_correction": f[1],
            "kendall_w": chi2 / (sets * (k - 1)),
            "nemenyi_cd": cd,
            "nemenyi_p": nemenyi,
            "nemenyi_cliques_0_05": cliques(k, by_nemenyi),
            "wilcoxon_pratt_raw_p": {"pairs": pairs, "p": raw},
            "wilcoxon_pratt_holm_p": holm,
            "wilcoxon_holm_cliques_0_05": cliques(k, by_holm),
        }
        yield {"scores": scores, "higher_is_better": better}, expect


def wilcoxon_of_pair(d):
    d = np.round(d, 10)  # equal differences of scores are equal
    if not d.any():
        return 1.0
    return stats.wilcoxon(d, zero_method="pratt", correction=False, method="approx").pvalue


def cliques(k, differ):
    graph = networkx.complete_graph(k)
    graph.remove_edges_from(differ)
    return sorted(sorted(c) for c in networkx.find_cliques(graph) if len(c) > 1)


def cd_cliques(rng, cases):
    for _ in range(cases):
        k = int(rng.integers(2, 10))
        pairs = [pair for pair in itertools.combinations(range(k), 2) if rng.random() < 0.5]
        yield {"k": k, "significant_pairs": pairs}, {"maximal_cliques": cliques(k, pairs)}


def classification(rng, cases):
    for index in range(cases):
        classes, n = int(rng.integers(2, 8)), int(rng.integers(5, 60))
        seen = classes - 1 if index % 3 == 1 and classes > 2 else classes
        truth = rng.integers(0, seen, n)
        predicted = np.where(rng.random(n) < 0.6, truth, rng.integers(0, classes, n))
        if index == 2:
            truth[:] = predicted[:] = 1
        yield {"n_classes": classes, "y_true": truth, "y_pred": predicted}, classification_of(
            classes, truth, predicted
        )


def classification_of(classes, truth, predicted):
    ids = list(range(classes))
    each = metrics.precision_recall_fscore_support(
        truth, predicted, labels=ids, zero_division=0)
    expect = {
        "confusion": metrics.confusion_matrix(truth, predicted, labels=ids),
        "accuracy": metrics.accuracy_score(truth, predicted),
        "error_rate": 1 - metrics.accuracy_score(truth, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
        "balanced_accuracy_adjusted": None,
        "mcc": metrics.matthews_corrcoef(truth, predicted),
    }
    expect.update(zip(["precision", "recall", "f1", "support"], each))
    if len(set(truth)) > 1:
        expect["balanced_accuracy_adjusted"] = metrics.balanced_accuracy_score(
            truth, predicted, adjusted=True)
    for average in ["macro", "weighted", "micro"]:
        of = metrics.precision_recall_fscore_support(
            truth, predicted, labels=ids, average=average, zero_division=0)
        for name, value in zip(["precision", "recall", "f1"], of):
            expect[f"{average}_{name}"] = value
    for name, weights in [("kappa", None), ("kappa_linear", "linear"),
                          ("kappa_quadratic", "quadratic")]:
        single = len(set(truth) | set(predicted)) == 1
        value = None if single else metrics.cohen_kappa_score(
            truth, predicted, labels=ids, weights=weights)
        expect[name] = value
    return expect


def probabilistic(rng, cases):
    for index in range(cases):
        classes, n = int(rng.integers(2, 6)), int(rng.integers(20, 45))
        truth = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
        logits = rng.normal(0, 1.5, (n, classes))
        logits[np.arange(n), truth] += 1.5
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        # Few digits make ties and numbers on the ends of bins.
        p = np.round(p[:, :-1], 1 if index == 1 else 6)
        p = np.column_stack([p, np.maximum(1 - p.sum(axis=1), 0)])
        if index == 1:
            p = np.round(p, 1)
        p[0, :], p[0, 0] = 0.0, 1.0
        if index == 2:
            truth[truth == classes - 1] = 0
        yield {"y_true": truth, "proba": p}, probabilistic_of(truth, p)


def probabilistic_of(truth, p):
    n, classes = p.shape
    onehot = np.eye(classes)[truth]
    expect = {
        "log_loss": metrics.log_loss(truth, p, labels=range(classes)),
        "brier_sum": ((p - onehot) ** 2).sum(axis=1).mean(),
    }
    confidence, right = p.max(axis=1), p.argmax(axis=1) == truth
    for count in [5, 10, 15]:
        bins = equal_width(confidence, right, count)
        expect[f"top_label_ece_{count}"] = error_of(bins, n)
        expect[f"mce_{count}"] = max(abs(c - a) for k, c, a in bins if k)
        expect[f"bins_{count}"] = [{"n": k, "conf": c, "acc": a} for k, c, a in bins]
        order = np.argsort(confidence, kind="stable")
        parts = [part for part in np.array_split(order, count) if len(part)]
        expect[f"top_label_ece_equal_mass_{count}"] = sum(
            len(part) / n * abs(confidence[part].mean() - right[part].mean()) for part in parts)
        expect[f"classwise_ece_{count}"] = np.mean([
            error_of(equal_width(p[:, c], truth == c, count), n) for c in range(classes)])
    present = [c for c in range(classes) if (truth == c).any()]
    auc = {c: metrics.roc_auc_score(truth == c, p[:, c]) for c in present}
    ap = {c: metrics.average_precision_score(truth == c, p[:, c]) for c in present}
    expect["auc_per_class"] = [auc.get(c) for c in range(classes)]
    expect["ap_per_class"] = [ap.get(c) for c in range(classes)]
    if len(present) == classes:
        weights = [(truth == c).mean() for c in present]
        expect["auc_ovr_macro"] = np.mean(list(auc.values()))
        expect["auc_ovr_weighted"] = np.average(list(auc.values()), weights=weights)
        for average in ["macro", "weighted"] if classes > 2 else []:
            value = metrics.roc_auc_score(truth, p, multi_class="ovo", average=average)
            expect[f"auc_ovo_{average}"] = value
    else:
        expect.update({"auc_ovr_macro": None, "auc_ovr_weighted": None, "auc_ovo_macro": None})
    ties = any(len(set(row)) < classes for row in p)
    for k in range(2, classes + 1) if not ties else []:
        # With two classes scikit-learn wants the score of one, and all are within the first two.
        value = 1.0 if k == classes else metrics.top_k_accuracy_score(
            truth, p, k=k, labels=range(classes))
        expect[f"top{k}"] = value
    return expect


def equal_width(confidence, right, count):
    ends = np.arange(1, count) / count
    place = np.searchsorted(ends, confidence, side="left")
    bins = []
    for index in range(count):
        own = place == index
        mean = (lambda v: v[own].mean()) if own.any() else (lambda v: None)
        bins.append((int(own.sum()), mean(confidence), mean(right.astype(float))))
    return bins


def error_of(bins, n):
    return sum(k / n * abs(c - a) for k, c, a in bins if k)


def binary_ranking(rng, cases):
    for index in range(cases):
        n = int(rng.integers(2, 40))
        truth = (rng.random(n) < 0.5).astype(int)
        if index == 1:
            truth[:] = 1
        score = rounded(rng.normal(truth, 1.0), [3, 1, 0][index % 3]) + 0.0
        expect = {"auc": None, "ap": None, "roc": None}
        if truth.any():
            expect["ap"] = metrics.average_precision_score(truth, score)
        if 0 < truth.sum() < n:
            fpr, tpr, _ = metrics.roc_curve(truth, score, drop_intermediate=False)
            expect.update({"auc": metrics.roc_auc_score(truth, score),
                           "roc": {"fpr": fpr, "tpr": tpr}})
        yield {"y_true": truth, "score": score}, expect


def temperature_scaling(rng, cases):
    for _ in range(cases):
        classes, n = int(rng.integers(2, 6)), int(rng.integers(30, 60))
        truth = rng.integers(0, classes, n)
        logits = rng.normal(0, 1, (n, classes))
        logits[np.arange(n), truth] += 1.0
        logits = rounded(logits * rng.lognormal(0, 1), 4)

        def loss(log_t):
            z = logits / math.exp(log_t)
            return (scipy.special.logsumexp(z, axis=1) - z[np.arange(n), truth]).mean()

        best = minimize_scalar(loss, bounds=(-8, 8), method="bounded", options={"xatol": 1e-12})
        expect = {"temperature": math.exp(best.x), "nll_before": loss(0.0), "nll_after": best.fun}
        yield {"logits": logits, "y_true": truth}, expect


# name: (function, rtol, atol, reference)
GROUPS = {
    "distributions": (distributions, 1e-8, 1e-300, "scipy.stats"),
    "studentized_range_inf": (studentized_range, 1e-6, 1e-8, "scipy.stats.studentized_range"),
    "mcnemar": (mcnemar, 1e-7, 1e-12, "statsmodels; Tango by numeric constrained ML"),
    "cochran_q": (cochran_q, 1e-9, 1e-12, "statsmodels"),
    "binomial_ci": (binomial_ci, 1e-8, 1e-10, "statsmodels.proportion_confint"),
    "five_by_two_cv": (five_by_two_cv, 1e-9, 1e-12, "formula, scipy.stats"),
    "corrected_resampled_t": (corrected_resampled_t, 1e-9, 1e-12, "formula, scipy.stats"),
    "bayes_correlated_t": (bayes_correlated_t, 1e-7, 1e-10, "baycomp"),
    "mean_ci_over_seeds": (mean_ci_over_seeds, 1e-9, 1e-12, "scipy.stats, numpy"),
    "wilcoxon_signed_rank": (wilcoxon_signed_rank, 1e-9, 1e-12, "scipy.stats.wilcoxon"),
    "sign_flip_exact": (sign_flip_exact, 1e-9, 1e-12, "enumeration"),
    "permutation_test_score": (permutation_test_score, 1e-9, 1e-12, "formula"),
    "effect_sizes": (effect_sizes, 1e-9, 1e-12, "scipy.stats.mannwhitneyu, formula"),
    "multiple_testing": (multiple_testing, 1e-9, 1e-12, "statsmodels.multipletests"),
    "bootstrap_given_indices": (bootstrap_given_indices, 1e-8, 1e-12, "formula, numpy.percentile"),
    "friedman_nemenyi": (friedman_nemenyi, 1e-5, 1e-7, "scipy.stats, scikit_posthocs, networkx"),
    "cd_cliques": (cd_cliques, 1e-9, 1e-12, "networkx.find_cliques"),
    "classification": (classification, 1e-9, 1e-12, "sklearn.metrics"),
    "probabilistic": (probabilistic, 1e-8, 1e-12, "sklearn.metrics, formula"),
    "binary_ranking": (binary_ranking, 1e-9, 1e-12, "sklearn.metrics"),
    "temperature_scaling": (temperature_scaling, 1e-5, 1e-12, "scipy.optimize.minimize_scalar"),
}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=20261126)
    arguments.add_argument("--cases", type=int, default=6)
    options = arguments.parse_args()
    groups = {}
    for number, (name, (function, rtol, atol, reference)) in enumerate(GROUPS.items()):
        rng = np.random.default_rng([options.seed, number])
        cases = function(rng, options.cases)
        cases = [{"id": f"{name}_{index}", "input": plain(given), "expect": plain(expect)}
                 for index, (given, expect) in enumerate(cases)]
        groups[name] = {"reference": reference, "rtol": rtol, "atol": atol, "cases": cases}
    modules = [np, scipy, statsmodels, sklearn, scikit_posthocs, pandas, networkx]
    versions = {module.__name__: module.__version__ for module in modules}
    versions["baycomp"] = "1.0.3"
    head = {"seed": options.seed, "python": platform.python_version(), "versions": versions}
    print(json.dumps({**head, "groups": groups}, indent=None, separators=(",", ":")))


if __name__ == "__main__":
    main()
