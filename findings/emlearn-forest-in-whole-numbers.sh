#!/bin/sh
# emlearn 0.23.2: `convert` of a forest or tree, as it is called without `dtype`, makes C of 16-bit whole numbers. Thresholds and
# features lose their fractions: a threshold of 0.505 g is 0, and so is a feature of -0.9. Nothing is said: no warning; the type in the
# C alone tells. A model of accelerations in g, or of features of 0 to 1, becomes another one. With
# `dtype="float"` all is as in scikit-learn. Other kinds of models (Gaussian mixtures, say) are converted to float without `dtype`.
#
# Seen on 2026-11-30 with scikit-learn 1.9.1, numpy 2.4.6, Python 3.11; a forest of one split, at 0.505, of 400 values of -1.9 to 1.9:
#   scikit-learn 1.000
#   without dtype 0.605, 0 warnings
#   float 1.000, 0 warnings
# Fails once both conversions are alike, or the first one warns.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet emlearn==0.23.2 scikit-learn==1.9.1 numpy==2.4.6
cat > see.py <<'PYTHON'
import warnings

import emlearn
import numpy
from sklearn.ensemble import RandomForestClassifier

acceleration = numpy.linspace(-1.9, 1.9, 400).reshape(-1, 1)
label = (acceleration[:, 0] > 0.5).astype(int)
forest = RandomForestClassifier(n_estimators=3, bootstrap=False, random_state=0).fit(acceleration, label)
print(f"scikit-learn {forest.score(acceleration, label):.3f}")
for name, options in (("without dtype", {}), ("float", {"dtype": "float"})):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        answers = emlearn.convert(forest, method="inline", **options).predict(acceleration)
    told = [warning for warning in told if "emlearn" in warning.filename]
    print(f"{name} {numpy.mean(answers == label):.3f}, {len(told)} warnings")
PYTHON
venv/bin/python see.py > seen
cat seen
diff - seen <<'SEEN'
scikit-learn 1.000
without dtype 0.605, 0 warnings
float 1.000, 0 warnings
SEEN
