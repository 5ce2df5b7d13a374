//! Host-side equivalence tests; see the files in `tests/`.
