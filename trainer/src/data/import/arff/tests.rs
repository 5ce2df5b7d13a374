//! ARFF files of our own.

use proptest::prelude::*;

use super::*;
use crate::data::import::tests::read_as;

#[test]
fn a_row_is_a_sample() {
    let text = "% a comment\n@RELATION 'x y'\n@ATTRIBUTE 'acc x' REAL\n@attribute \"acc y\" numeric\n@attribute class {up,'go down'}\n\n@DATA\n\
                1,2,up\n?,4,'go down'\n5,6,'go down'\n";
    let all = read_as(&ARFF, "f.arff", text).unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].channels[1].name, "acc_y");
    assert_eq!(
        all[0].label_of_each(),
        [Some("up"), Some("go down"), Some("go down")]
    );
    assert!(all[0].values[2].is_nan() && all[0].values[5] == 6.0);
    let error = format!(
        "{:#}",
        read_as(&ARFF, "f.arff", text.replace("5,6", "5,no")).unwrap_err()
    );
    assert!(
        error.contains("line 10") && error.contains("acc y"),
        "{error}"
    );
}

#[test]
fn a_row_may_be_a_series() {
    let attributes: String = (0..30)
        .map(|i| format!("@attribute att{i} numeric\n"))
        .collect();
    let values: Vec<String> = (0..30).map(|i| i.to_string()).collect();
    let text = format!(
        "@relation x\n{attributes}@attribute target {{1,2}}\n@data\n{},2\n",
        values.join(",")
    );
    let all = read_as(&ARFF, "f.arff", &text).unwrap();
    assert_eq!(
        (
            all[0].samples(),
            all[0].values[29],
            all[0].labels[0].label.as_str()
        ),
        (30, 29.0, "2")
    );
    let text = format!(
        "@relation x\n@attribute r relational\n{attributes}@end r\n@attribute class {{a,b}}\n@data\n'1,2,3\\n4,5,6',a\n\"7,8\\n9,?\",b\n"
    );
    let all = read_as(&ARFF, "f.arff", &text).unwrap();
    assert_eq!(all[0].values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert_eq!(
        (all[1].name.as_str(), all[1].labels[0].label.as_str()),
        ("f:00002", "b")
    );
    for (row, part) in [
        ("'1,2\\n3',a", "channel 2 has 1 values"),
        ("'1,2\\n3,4'", "no class"),
        ("'1,2", "not closed"),
        ("'1,2',a", "1 channels, unlike"),
        ("1,2,a", "quoted series"),
        (
            "'1,2\\n3,4',A",
            "attribute class: \"A\" is not among its declared values: a, b",
        ),
        ("'1,x\\n2,3',a", "\"x\" is not a number"),
    ] {
        let error = format!(
            "{:#}",
            read_as(&ARFF, "f.arff", format!("{text}{row}\n")).unwrap_err()
        );
        assert!(error.contains(part), "{row}: {error}");
    }
    assert!(read_as(&ARFF, "f.arff", "@relation x\n").is_err());
    assert!(
        read_as(
            &ARFF,
            "f.arff",
            "@relation x\n@attribute a numeric\n@data\n{0 1}\n"
        )
        .is_err()
    );
}

#[test]
fn values_that_are_not_declared_are_refused() {
    let head = "@relation x\n@attribute a real\n@attribute class {up, 'go, down',\"x\"}\n@data\n";
    let read = |rows: &str| read_as(&ARFF, "f.arff", format!("{head}{rows}"));
    let all = read("1,up\n2,?\n3,x\n").unwrap();
    assert_eq!(all[0].label_of_each(), [Some("up"), None, Some("x")]);
    let error = format!("{:#}", read("1,up\n2,upp\n").unwrap_err());
    for part in [
        "line 6",
        "attribute class",
        "\"upp\" is not among its declared values: up, go, down, x",
        "1 malformed line",
    ] {
        assert!(error.contains(part), "{error}");
    }
    for bad in ["{a", "{a,'b}"] {
        let text = format!("@relation x\n@attribute class {bad}\n@data\n1\n");
        let error = format!("{:#}", read_as(&ARFF, "f.arff", &text).unwrap_err());
        assert!(error.contains("line 2: attribute class"), "{error}");
    }
    let series: String = (0..30).map(|i| format!("@attribute a{i} real\n")).collect();
    let row = "1,".repeat(30);
    let text = format!("@relation x\n{series}@attribute c {{p,q}}\n@data\n{row}p\n{row}r\n");
    let error = format!("{:#}", read_as(&ARFF, "f.arff", &text).unwrap_err());
    assert!(
        error.contains("line 35") && error.contains("attribute c: \"r\""),
        "{error}"
    );
}

proptest! {
    #[test]
    fn no_text_panics(head in "[@a-z{} '\"\n0-9µ]{0,60}", rows in "[-0-9,.'\"\\\\n\n{}?µ]{0,60}") {
        let _ = read_as(&ARFF, "f.arff", format!("@relation x\n{head}\n@data\n{rows}"));
        let _ = read_as(&ARFF, "f.arff", format!("@relation x\n@attribute r relational\n@attribute a numeric\n@end r\n@attribute c {{a}}\n@data\n{rows}"));
        let _ = read_as(&ARFF, "f.arff", format!("@relation x\n@attribute a numeric\n@attribute class {{a}}\n@data\n{rows}"));
    }
}
