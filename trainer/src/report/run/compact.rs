//! Style of confusion matrices that have more classes than a screen has room for.

/// Rules of a matrix that is compact: numbers for the names of classes, and per cent of the row for windows.
const COMPACT: &str = "\
S .key { display: block; }
S .matrix { table-layout: fixed; width: 100%; max-width: 44rem; }
S .matrix td { font-size: 0; padding: 0; min-width: 0; height: 1.2rem; line-height: 1.2rem; vertical-align: middle; overflow: hidden; }
S .matrix td::before { content: attr(data-p); font-size: 0.62rem; letter-spacing: -0.02em; }
S .matrix thead th, S .matrix thead th:first-child { writing-mode: horizontal-tb; transform: none; font-size: 0; padding: 0; text-align: center; min-width: 0; overflow: visible; }
S .matrix thead th:first-child, S .matrix tbody th { width: 1.3rem; min-width: 0; max-width: none; }
S .matrix tbody th { font-size: 0; padding: 0 0.2rem 0 0; text-align: right; vertical-align: middle; }
S .matrix th::before { content: attr(data-n); font-size: 0.62rem; color: var(--faint); }
";

/// Rules of a phone for a compact matrix of so many classes that a cell has room for two small digits.
const DENSE: &str = ".dense .matrix td::before, .dense .matrix th::before { font-size: 0.52rem; letter-spacing: -0.03em; }\n";

/// Rules of the style sheet for matrices.
pub fn rules() -> String {
    format!(
        "{}@media (max-width: 860px) {{\n{}.beyond > .scroll, .beyond > .key {{ display: none; }}\n.wide-only {{ display: block; }}\n}}\n@media (max-width: 520px) {{\n{DENSE}}}\n",
        COMPACT.replace('S', ".huge"),
        COMPACT.replace('S', ".many")
    )
}
