#!/bin/sh
# emlearn 0.23.2: `convert` of a tree or forest with `dtype="int16_t"`, the default, answers wrongly for features that are whole
# numbers of 16 bits. scikit-learn goes left where x <= 0.5; the C that emlearn makes, where x < 0: it cuts the threshold's
# fraction off and compares by "less than". So every positive threshold is one too low, and a feature of 0 and 1 never goes left.
# Negative thresholds are right: -2.5 becomes -2. Both methods, `inline` and `loadable`, do so. `dtype="float"` is right.
# A way round it: train on 2 x, so that thresholds between neighbours are whole.
#
# Seen on 2026-11-30 with scikit-learn 1.9.1, numpy 2.4.6, Python 3.11; a tree of one split on a feature of 0 to 3.
# Fails once the conversions are alike.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet emlearn==0.23.2 scikit-learn==1.9.1 numpy==2.4.6
cat > see.py <<'PYTHON'
import emlearn
import numpy
from sklearn.tree import DecisionTreeClassifier

feature = numpy.array([[0], [1], [2], [3]] * 10)
for factor in (1, 2):
    label = (feature[:, 0] > 0).astype(int)
    tree = DecisionTreeClassifier(random_state=0).fit(factor * feature, label)
    print(f"{factor} x: scikit-learn {tree.score(factor * feature, label):.2f}")
    for method, dtype in (("inline", "int16_t"), ("loadable", "int16_t"), ("inline", "float")):
        answers = emlearn.convert(tree, method=method, dtype=dtype).predict(factor * feature)
        print(f"{factor} x: {method} {dtype} {numpy.mean(answers == label):.2f}")
PYTHON
venv/bin/python see.py > seen
cat seen
diff - seen <<'SEEN'
1 x: scikit-learn 1.00
1 x: inline int16_t 0.75
1 x: loadable int16_t 0.75
1 x: inline float 1.00
2 x: scikit-learn 1.00
2 x: inline int16_t 1.00
2 x: loadable int16_t 1.00
2 x: inline float 1.00
SEEN
