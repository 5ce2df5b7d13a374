#!/bin/sh
# pyfwht 2.0.1: `compute` and `transform` ignore the strides of a NumPy array. Of a column of a table they transform that column's
# first value and its neighbours in the row, and `transform` writes there. No error, no warning; a copy of the column is right. So
# channels that lie as columns, as recordings are read, get the spectrum of something else.
#
# Seen on 2026-11-30 with numpy 2.4.6, Python 3.11; the table's rows are 0 1 2 3, 4 5 6 7, and so on:
#   column 0 4 8 12, its transform 24 -8 -16 0
#   compute of a copy: 24 -8 -16 0
#   compute of the column: 6 -2 -4 0
#   transform of the column: column 6 4 8 12, first row 6 -2 -4 0
# Fails once the column is transformed, or refused.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet pyfwht==2.0.1 numpy==2.4.6
cat > see.py <<'PYTHON'
import numpy
import pyfwht

HADAMARD = numpy.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])


def shown(values):
    return " ".join(str(value) for value in values)


table = numpy.arange(16, dtype=numpy.int32).reshape(4, 4)
column = table[:, 0]
print(f"column {shown(column)}, its transform {shown(HADAMARD @ column)}")
print(f"compute of a copy: {shown(pyfwht.compute(column.copy()))}")
print(f"compute of the column: {shown(pyfwht.compute(column))}")
pyfwht.transform(column)
print(f"transform of the column: column {shown(column)}, first row {shown(table[0])}")
PYTHON
venv/bin/python see.py > seen
cat seen
diff - seen <<'SEEN'
column 0 4 8 12, its transform 24 -8 -16 0
compute of a copy: 24 -8 -16 0
compute of the column: 6 -2 -4 0
transform of the column: column 6 4 8 12, first row 6 -2 -4 0
SEEN
