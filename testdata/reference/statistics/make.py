"""Reference values for distil-report's statistics, from NumPy, SciPy and statsmodels.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    /tmp/venv/bin/python testdata/reference/statistics/make.py

writes vectors.json beside this file. Seed 20261124. McNemar's test, paired errors, the two-sided sign-flip test and Student's t are
in ../measure/make.py.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20261124)


def listed(a):
    return [float(x) for x in np.asarray(a).reshape(-1)]


def non_inferiority(pairs, shift, margin):
    """One-sided sign-flip test of the shifted differences."""
    d = rng.normal(size=pairs) + shift
    test = stats.permutation_test((d + margin,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="greater")
    return {"advantages": listed(d), "margin": margin, "p": test.pvalue}


def worst_rank(finite, failures, other_failures):
    """Wilcoxon's signed-rank test with failures as the worst rank: any size beyond all others gives the same ranks."""
    d = np.concatenate([np.round(rng.normal(size=finite) + 0.5, 1), np.full(failures, 1e9), np.full(other_failures, -1e9)])
    nonzero = d[d != 0]
    test = stats.wilcoxon(nonzero, method=stats.PermutationMethod(n_resamples=np.inf))
    ranks = stats.rankdata(np.abs(nonzero)) * np.sign(nonzero)
    return {"differences": listed(d), "infinite_beyond": 1e8, "ranks": listed(ranks), "p": test.pvalue}


def bca(units, draws):
    d = rng.gamma(2.0, size=units)
    test = stats.bootstrap((d,), np.mean, confidence_level=0.95, n_resamples=draws, method="BCa", rng=rng)
    jackknife = [np.delete(d, i).mean() for i in range(units)]
    interval = test.confidence_interval
    return {"values": listed(d), "draws": listed(test.bootstrap_distribution), "jackknife": listed(jackknife), "ci95": [interval.low, interval.high]}


def bca_many(units):
    """With so many draws that only the draws' own noise is left."""
    d = rng.normal(size=units)
    interval = stats.bootstrap((d,), np.mean, n_resamples=400_000, method="BCa", rng=rng, batch=20_000).confidence_interval
    return {"values": listed(d), "ci95": [interval.low, interval.high]}


def holm(p):
    return {"p": p, "adjusted": listed(multipletests(p, method="holm")[1])}


def folds(count, ratio, shift):
    """Nadeau and Bengio 2003: the variance of the mean of J folds is (1/J + n_test/n_train) times their sample variance."""
    d = rng.normal(size=count) + shift
    error = np.sqrt((1 / count + ratio) * d.var(ddof=1))
    half = stats.t.ppf(0.975, count - 1) * error
    return {"differences": listed(d), "test_to_train": ratio, "p": 2 * stats.t.sf(abs(d.mean()) / error, count - 1), "ci95": [d.mean() - half, d.mean() + half]}


vectors = {
    "made_with": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "seed": 20261124},
    "non_inferiority": [non_inferiority(6, 0.0, 3.0), non_inferiority(8, -0.3, 0.5), non_inferiority(12, 0.2, 0.4), non_inferiority(5, -2.0, 0.5)],
    "worst_rank": [worst_rank(6, 0, 0), worst_rank(6, 2, 0), worst_rank(5, 1, 2), worst_rank(9, 1, 1)],
    "bca": [bca(10, 499), bca(25, 499)],
    "bca_many": [bca_many(12)],
    "normal": [{"z": z, "below": stats.norm.cdf(z)} for z in [-8.0, -3.0, -1.8, -1.7, -0.5, 0.0, 0.01, 1.0, 1.959963984540054, 4.5]],
    "holm": [holm([0.01, 0.04, 0.03, 0.005]), holm([0.02, 0.02, 0.5]), holm([0.9, 0.6])],
    "corrected_folds": [folds(5, 0.25, 0.5), folds(10, 1 / 9, 1.0), folds(30, 0.25, 0.2)],
    "cost_ratio": [{"pairs": [[a, b] for a, b in pairs], "ratio": float(stats.gmean([a / b for a, b in pairs]))} for pairs in [[(1.0, 2.0), (3.0, 2.0), (0.5, 4.0)], [(7.0, 7.0)]]],
}
path = Path(__file__).with_name("vectors.json")
path.write_text(json.dumps(vectors, indent=None, separators=(",", ":")).replace('},{', '},\n{') + "\n")
print(path, path.stat().st_size, "bytes")
