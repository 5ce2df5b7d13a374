//! Text to numbers. Every complaint names the file, the line, the field, and what to do.

use anyhow::{Result, bail, ensure};

use super::STEPS;
use crate::data::text::{rows, shown};
use crate::untrusted::Budget;

/// Advice for a malformed file.
pub(super) const REMEDY: &str =
    "the file is not as published: get the data set again (`hadamrnn data fetch uci-har`)";

fn number<T: std::str::FromStr>(field: &[u8]) -> Option<T> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// Parses rows of [`STEPS`] finite numbers.
pub(super) fn signal(name: &str, text: &[u8], budget: &Budget) -> Result<Vec<f32>> {
    // 16 bytes per number as published.
    let mut values = Vec::with_capacity(text.len() / 16);
    for (line, row) in rows(text) {
        // By signal, and then by window.
        budget.take_items::<f32>(2 * STEPS)?;
        let mut count = 0;
        for field in row
            .split(u8::is_ascii_whitespace)
            .filter(|field| !field.is_empty())
        {
            count += 1;
            let Some(value) = number::<f32>(field) else {
                bail!(
                    "{name}, line {line}, field {count}: {} is not a number; {REMEDY}",
                    shown(field)
                );
            };
            ensure!(
                value.is_finite(),
                "{name}, line {line}, field {count}: {} is not a finite number; {REMEDY}",
                shown(field)
            );
            if count <= STEPS {
                values.push(value);
            }
        }
        ensure!(
            count == STEPS,
            "{name}, line {line}: {count} values where a window has {STEPS}; {REMEDY}"
        );
    }
    Ok(values)
}

/// Parses rows of one whole number from 1 to `most`.
pub(super) fn whole_numbers(name: &str, text: &[u8], what: &str, most: u8) -> Result<Vec<u8>> {
    let parse = |(line, row): (usize, &[u8])| {
        let field = row.trim_ascii();
        let Some(value) = number::<u8>(field).filter(|value| (1..=most).contains(value)) else {
            bail!(
                "{name}, line {line}, field 1: {} is not a {what} from 1 to {most}; {REMEDY}",
                shown(field)
            );
        };
        Ok(value)
    };
    rows(text).map(parse).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plenty() -> Budget {
        Budget::of_data_set()
    }

    fn row(value: &str) -> String {
        vec![value; STEPS].join(" ") + "\r\n"
    }

    #[test]
    fn numbers_as_published() {
        let text = row("  1.8085150e-004") + &row(" -1.0128170e+000") + "\r\n\n";
        let values = signal("f", text.as_bytes(), &plenty()).unwrap();
        assert_eq!(values.len(), 2 * STEPS);
        assert_eq!((values[0], values[STEPS]), (1.808_515e-4, -1.012_817));
        assert_eq!(
            whole_numbers("f", b"1\r\n6\n 3 \n", "label", 6).unwrap(),
            [1, 6, 3]
        );
    }

    #[test]
    fn complaints_name_file_line_and_field() {
        let message = |text: String| {
            signal("x.txt", text.as_bytes(), &plenty())
                .unwrap_err()
                .to_string()
        };
        let bad = |value: &str| row("1") + &row("1").replacen("1 1 1", &format!("1 {value} 1"), 1);
        assert!(
            message(bad("1,5")).starts_with("x.txt, line 2, field 2: \"1,5\" is not a number; ")
        );
        assert!(
            message(bad("\u{fc}"))
                .starts_with("x.txt, line 2, field 2: \"\\xc3\\xbc\" is not a number; ")
        );
        for value in ["NaN", "inf", "-Infinity", "1e999"] {
            let expected = format!("x.txt, line 2, field 2: \"{value}\" is not a finite number; ");
            assert!(message(bad(value)).starts_with(&expected));
        }
        assert!(
            message(bad("1 1")).starts_with("x.txt, line 2: 129 values where a window has 128; ")
        );
        assert!(message(row("1") + "\n" + &row("1")).starts_with("x.txt, line 2: 0 values"));
        assert!(message(String::new()).starts_with("x.txt, line 1: 0 values"));
        assert!(
            message(bad(&"9".repeat(99)[..40].replace('9', "z")))
                .contains(&format!("\"{}...\"", "z".repeat(32)))
        );
        assert!(message(bad("x")).ends_with(REMEDY));
    }

    #[test]
    fn values_take_of_the_budget() {
        let budget = Budget::new(5000);
        let error = signal("f", row("1").repeat(5).as_bytes(), &budget).unwrap_err();
        assert!(
            error.to_string().contains("more than 5000 bytes of memory"),
            "{error}"
        );
    }

    #[test]
    fn complaints_about_labels() {
        let message = |text: &str| {
            whole_numbers("y.txt", text.as_bytes(), "label", 6)
                .unwrap_err()
                .to_string()
        };
        for bad in ["0", "7", "-1", "1.0", "1 2", "x", "300"] {
            let expected =
                format!("y.txt, line 2, field 1: \"{bad}\" is not a label from 1 to 6; ");
            assert!(
                message(&format!("1\n{bad}\n2\n")).starts_with(&expected),
                "{}",
                message(&format!("1\n{bad}\n"))
            );
        }
        assert!(message("").starts_with("y.txt, line 1, field 1: \"\" is not a label"));
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(text in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = signal("f", &text, &plenty());
            let _ = whole_numbers("f", &text, "label", 6);
        }

        #[test]
        fn any_text_of_numbers_gives_an_answer(text in "([ \\-+.0-9eE\r\n]|nan|inf){0,600}") {
            let _ = signal("f", text.as_bytes(), &plenty());
            let _ = whole_numbers("f", text.as_bytes(), "subject", 30);
        }

        #[test]
        fn printed_numbers_come_back(values in proptest::collection::vec(-1e3_f32..1e3, STEPS)) {
            let text: String = values.iter().map(|v| format!(" {v:15.7e}")).collect();
            let read = signal("f", text.as_bytes(), &plenty()).unwrap();
            prop_assert!(read.iter().zip(&values).all(|(a, b)| (a - b).abs() <= 1e-6 * b.abs()));
        }
    }
}
