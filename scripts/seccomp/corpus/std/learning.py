# needs: scikit-learn
"""Models, with workers in threads and in processes."""

import numpy as np
import scipy.optimize
import scipy.sparse
import sklearn.datasets
import sklearn.ensemble
import sklearn.model_selection
from joblib import Parallel, delayed

features, labels = sklearn.datasets.make_classification(200, random_state=1)
forest = sklearn.ensemble.RandomForestClassifier(10, n_jobs=2, random_state=1)
print(sklearn.model_selection.cross_val_score(forest, features, labels, cv=2, n_jobs=2))
print(Parallel(n_jobs=2)(delayed(abs)(n) for n in (-1, -2)))
print(scipy.optimize.minimize(lambda x: (x**2).sum(), np.ones(3)).fun, scipy.sparse.eye(3).sum())
