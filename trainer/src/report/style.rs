//! Style sheet of all reports: legible on a phone and on a desktop, light and dark; nothing but a table's own box scrolls sideways.

use crate::plot;

/// Rules without those of pictures on dark pages.
const RULES: &str = "\
:root { --ground: #fff; --ink: #222; --faint: #5f5f5f; --line: #d5d5d5; --box: #f4f5f6; --link: #0060a0; --right: 0 114 178; --wrong: 213 94 0;
  --s0: #0072b2; --s1: #d55e00; --s2: #008f68; }
@media (prefers-color-scheme: dark) { :root { --ground: #15181c; --ink: #e1e1e1; --faint: #a5a5a5; --line: #3a3e44; --box: #1f2328; --link: #7cc0f0;
  --right: 60 150 220; --wrong: 230 120 40; --s0: #5aa9d8; --s1: #ee8a45; --s2: #3cbf98; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); max-width: 66rem; margin: 0 auto; padding: 0.5rem 1rem 3rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1rem 0 0.5rem; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.2rem 0 0.5rem; padding-top: 0.6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 0.3rem; }
p, ul { margin: 0.5rem 0; }
a { color: var(--link); }
.faint { color: var(--faint); font-size: 0.9rem; }
nav a { display: inline-block; padding: 0.3rem 0.8rem 0.3rem 0; }
.scroll { overflow-x: auto; max-width: 100%; margin: 0.8rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 0.25rem 0.6rem; vertical-align: top; text-align: right; overflow-wrap: normal; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:empty { padding: 0; }
thead th, thead th:first-child { overflow-wrap: normal; }
thead th { border-bottom: 2px solid var(--faint); vertical-align: bottom; }
tbody th { font-weight: normal; }
.names th:first-child, .names td:first-child { max-width: 12rem; min-width: 4.6rem; overflow-wrap: anywhere; position: sticky; left: 0; background: var(--ground); }
.facts th { text-align: left; vertical-align: top; color: var(--faint); white-space: nowrap; }
.facts td { text-align: left; overflow-wrap: anywhere; }
.facts td:first-child { white-space: nowrap; color: var(--faint); }
code { background: var(--box); padding: 0.1em 0.3em; overflow-wrap: anywhere; font-size: 0.9em; }
summary { cursor: pointer; padding: 0.4rem 0; color: var(--link); }
.notes { padding-left: 1.1rem; font-size: 0.92rem; }
.warning { border-left: 4px solid var(--s1); padding: 0.3rem 0.7rem; background: var(--box); }
.tiles { display: flex; flex-wrap: wrap; gap: 0.6rem; margin: 0.8rem 0; }
.tiles div { background: var(--box); padding: 0.5rem 0.8rem; border-radius: 0.4rem; flex: 1 1 9rem; }
.tiles b { display: block; font-size: 1.25rem; font-weight: 600; }
.tiles span { color: var(--faint); font-size: 0.85rem; }
.picture { display: block; }
.picture svg { width: 100%; height: auto; display: block; }
.picture.wide { display: none; }
.narrow { max-width: 30rem; }
@media (max-width: 520px) { table { font-size: 0.82rem; } th, td { padding: 0.25rem 0.35rem; }
  .fold, .fold tbody { display: block; } .fold thead { display: none; }
  .fold tr { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); border-bottom: 1px solid var(--line); padding: 0.3rem 0; }
  .fold td { border: 0; padding: 0.1rem 0.3rem 0.1rem 0; text-align: left; overflow-wrap: anywhere; }
  .fold td:first-child { grid-column: 1 / -1; font-weight: 600; }
  .fold td:empty { display: none; }
  .fold td:not(:first-child)::before { content: attr(data-h); display: block; color: var(--faint); font-size: 0.7rem; } }
@media (min-width: 860px) { .bar { min-width: 11rem; } .picture.wide { display: block; } .picture.narrow { display: none; } }
";

/// The rules of the pages.
pub(super) fn sheet() -> String {
    let dark = plot::dark_rules(".picture");
    format!("{RULES}@media (prefers-color-scheme: dark) {{\n{dark}}}\n")
}
