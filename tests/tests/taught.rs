//! What a model was taught: the rule and the centres equal their plain statement, a file with it is the exporter's, and what is damaged
//! is refused.

use hadamrnn_runtime::format::{Part, Replaced, crc32, encode_with_parts, part};
use hadamrnn_runtime::taught::{Lesson, Shown, Taught, TaughtWords, TeachError, judge};
use hadamrnn_runtime::{DIMENSIONS, Metric, Model, ModelError, Place};
use hadamrnn_tests::metric::{PlainMetric, metrics};
use hadamrnn_tests::models::{AlignedBytes, Widths, encode_with, models};
use hadamrnn_tests::oracle::PlainModel;
use hadamrnn_tests::taught::{PlainEntry, PlainTaught};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// Numbers of a range, and its ends.
fn ends(low: i64, high: i64) -> impl Strategy<Value = i64> {
    prop_oneof![1 => Just(low), 1 => Just(high), 6 => low..=high]
}

fn taught(trained: usize, dimensions: usize) -> impl Strategy<Value = PlainTaught> {
    let centre = prop::collection::vec(ends(-32768, 32767), dimensions);
    let factor = prop_oneof![3 => Just(256), 2 => ends(0, 65535)];
    let entry = (ends(1, 32767), factor, centre);
    let labels = prop::collection::vec("[a-zäß ]{1,16}", 0..4);
    let entries = prop::collection::vec((0..trained + 4, entry), 4..=8);
    (labels, entries).prop_map(move |(labels, entries)| {
        let classes = trained + labels.len();
        let mut entries: Vec<PlainEntry> = (entries.into_iter().enumerate())
            .map(|(i, (class, (windows, factor, centre)))| {
                // Each new class has an entry.
                let class = match trained + i < classes {
                    true => trained + i,
                    false => class % classes,
                };
                PlainEntry {
                    class,
                    windows,
                    factor,
                    centre,
                }
            })
            .collect();
        entries.sort_by_key(|entry| entry.class);
        PlainTaught {
            trained,
            entries,
            labels,
        }
    })
}

/// Classes of a model.
fn class_count(model: &PlainModel) -> usize {
    model.readout.len().max(2)
}

type Case = ((PlainModel, Widths), PlainMetric, PlainTaught);

fn cases() -> impl Strategy<Value = Case> {
    models(4..=4).prop_flat_map(|(model, widths)| {
        let (units, classes) = (model.top().hidden_size, class_count(&model));
        metrics(units).prop_flat_map(move |metric| {
            let taught = taught(classes, metric.rows.len());
            (Just((model.clone(), widths)), Just(metric), taught)
        })
    })
}

fn file((plain, widths): &(PlainModel, Widths), parts: &[(u16, bool, &[u32])]) -> AlignedBytes {
    let parts = parts.iter().map(|&(id, critical, words)| Part {
        id,
        critical,
        words,
    });
    AlignedBytes::new(&encode_with(plain, *widths, &parts.collect::<Vec<_>>()))
}

/// Coordinates near a centre and at the ends.
fn places(taught: &PlainTaught, metric: &PlainMetric) -> impl Strategy<Value = Vec<i64>> + use<> {
    let centres = taught.entries.iter().map(|entry| entry.centre.clone());
    let centres: Vec<Vec<i64>> = centres
        .chain(metric.classes.iter().map(|(_, m)| m.clone()))
        .collect();
    let dimensions = metric.rows.len();
    let offsets = prop_oneof![
        prop::collection::vec(-300i64..300, dimensions),
        prop::collection::vec(ends(-65535, 65535), dimensions),
    ];
    (prop::sample::select(centres), offsets).prop_map(|(centre, offsets)| {
        let moved = centre.iter().zip(offsets).map(|(m, offset)| m + offset);
        moved.map(|z| z.clamp(-32768, 32767)).collect()
    })
}

fn place(plain: &[i64]) -> Place {
    let mut place = [0; DIMENSIONS];
    place
        .iter_mut()
        .zip(plain)
        .for_each(|(to, z)| *to = *z as i32);
    place
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_rule_equals_its_plain_statement(
        (case, metric, plain, places) in cases().prop_flat_map(|(case, metric, taught)| {
            let places = prop::collection::vec(places(&taught, &metric), 8);
            (Just(case), Just(metric), Just(taught), places)
        }),
    ) {
        let (words, of_metric) = (plain.words(), metric.words());
        let file = file(&case, &[(part::METRIC, false, &of_metric), (part::TAUGHT, true, &words)]);
        let model = Model::from_bytes(file.as_slice()).expect("valid");
        let found = Metric::of(&model).expect("valid").expect("a metric");
        let taught = Taught::of(&model).expect("valid").expect("taught");
        prop_assert_eq!(taught.class_count(), plain.trained + plain.labels.len());
        prop_assert_eq!(taught.trained_count(), model.class_count());
        prop_assert!(taught.labels().eq(plain.labels.iter()));
        let entries: Vec<PlainEntry> = (taught.entries())
            .map(|entry| PlainEntry {
                class: entry.class.into(),
                windows: entry.windows.into(),
                factor: entry.factor.into(),
                centre: entry.centre()[..metric.rows.len()].iter().map(|&m| m.into()).collect(),
            })
            .collect();
        prop_assert_eq!(&entries, &plain.entries);
        for at in &places {
            for class in 0..model.class_count() {
                let judged = judge(&found, Some(&taught), &place(at), class);
                let expected = plain.judge(&metric, at, class);
                prop_assert_eq!((judged.class, i64::from(judged.score)), expected);
                let untaught = judge(&found, None, &place(at), class);
                prop_assert_eq!((untaught.class, untaught.by_entry), (class, false));
                prop_assert_eq!(untaught.score, found.score(&place(at)));
            }
        }
    }

    #[test]
    fn lessons_move_centres_as_stated_and_the_file_is_the_exporters(
        (case, metric, plain, shown) in cases().prop_flat_map(|(case, metric, taught)| {
            let places = prop::collection::vec(places(&taught, &metric), 1..12);
            let lessons = prop::collection::vec((any::<prop::sample::Index>(), "[a-z]{1,32}", places), 1..6);
            (Just(case), Just(metric), Just(taught), lessons)
        }),
        is_first in any::<bool>(),
        other in prop::collection::vec(any::<u32>(), 0..40),
    ) {
        let of_metric = metric.words();
        let mut plain = match is_first {
            true => PlainTaught { entries: Vec::new(), labels: Vec::new(), ..plain },
            false => plain,
        };
        for (class, label, places) in shown {
            let before = plain.words();
            let mut parts = vec![(part::METRIC, false, &of_metric[..]), (6, false, &other)];
            let has = !plain.entries.is_empty();
            if has {
                parts.push((part::TAUGHT, true, &before));
            }
            parts.push((9, false, &other));
            let old = file(&case, &parts);
            let model = Model::from_bytes(old.as_slice()).expect("valid");
            let class = class.index(plain.trained + plain.labels.len() + 1);
            let mut sums = Shown::default();
            for at in &places {
                prop_assert!(sums.add(&place(at)));
            }
            let lesson = Lesson { class: class as u16, label: &label };
            let found = TaughtWords::with(&model, lesson, &sums);
            let next = plain.clone().shown(class, &label, &places);
            let most = next.entries.iter().map(|entry| entry.windows).max();
            let expected = match (next.entries.len() > 8, most > Some(32767)) {
                (true, _) => Err(TeachError::Full),
                (_, true) => Err(TeachError::Windows),
                _ => Ok(next.words()),
            };
            prop_assert_eq!(found.as_ref().map(|found| found.words().to_vec()).map_err(|e| *e), expected);
            let Ok(found) = found else { continue };
            // The file, piece by piece, is the exporter's with the part in its place.
            let new = Part { id: part::TAUGHT, critical: true, words: found.words() };
            let replaced = Replaced::new(old.as_slice(), &new).expect("of version 4");
            let bytes = replaced.pieces().concat();
            prop_assert_eq!(bytes.len(), replaced.length());
            parts.retain(|part| part.0 != part::TAUGHT);
            parts.insert(2, (part::TAUGHT, true, found.words()));
            prop_assert!(bytes == file(&case, &parts).as_slice());
            for size in [1, 7, 32, 128] {
                let mut copied = vec![0; bytes.len() + 5];
                let mut at = 0;
                while at < bytes.len() {
                    at += replaced.copy(at, &mut copied[at..][..size.min(bytes.len() + 5 - at)]);
                }
                prop_assert_eq!(at, bytes.len());
                prop_assert!(copied.starts_with(&bytes));
            }
            plain = next;
        }
    }

    #[test]
    fn no_words_panic(
        (case, metric, plain) in cases(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0u32..32), 1..4),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let (mut words, of_metric) = (plain.words(), metric.words());
        for (at, bit) in changes {
            let at = at.index(words.len());
            words[at] ^= 1 << bit;
        }
        if is_cut {
            words.truncate(cut.index(words.len()));
        }
        let file = file(&case, &[(part::METRIC, false, &of_metric), (part::TAUGHT, true, &words)]);
        let model = Model::from_bytes(file.as_slice()).expect("valid");
        let found = Metric::of(&model).expect("valid").expect("a metric");
        if let Ok(taught) = Taught::of(&model) {
            let taught = taught.expect("taught");
            let judged = judge(&found, Some(&taught), &[0; DIMENSIONS], 0);
            prop_assert!(judged.class < taught.class_count());
            prop_assert!(taught.labels().all(|label| !label.is_empty()));
        }
    }

    #[test]
    fn damaged_parts_are_refused((case, metric, plain) in cases()) {
        let (words, of_metric) = (plain.words(), metric.words());
        let error = |words: &[u32]| {
            let file = file(&case, &[(part::METRIC, false, &of_metric), (part::TAUGHT, true, words)]);
            let model = Model::from_bytes(file.as_slice()).expect("valid");
            Taught::of(&model).err()
        };
        let with = |at: usize, change: &dyn Fn(u32) -> u32| {
            let mut words = words.clone();
            words[at] = change(words[at]);
            error(&words)
        };
        prop_assert_eq!(error(&words), None);
        let refused = Some(ModelError::Taught);
        for length in 0..words.len() {
            prop_assert_eq!(error(&words[..length]), refused);
        }
        prop_assert_eq!(error(&[&words[..], &[0]].concat()), refused);
        prop_assert_eq!(with(0, &|word| word & !0xFF), refused);
        prop_assert_eq!(with(0, &|word| word + 0x100), refused);
        prop_assert_eq!(with(0, &|word| word | 1 << 16), refused);
        prop_assert_eq!(with(1, &|word| word & 0xFFFF), refused);
        prop_assert_eq!(with(1, &|word| word | 0x8000_0000), refused);
        prop_assert_eq!(with(2, &|word| word | 0x1_0000), refused);
        let last = 2 + metric.rows.len().div_ceil(2);
        let classes = (plain.trained + plain.labels.len()) as u32;
        let final_entry = 1 + (plain.entries.len() - 1) * last;
        prop_assert_eq!(with(final_entry, &|word| word & !0xFFFF | classes), refused);
        if !plain.labels.is_empty() {
            let label = words.len() - 8;
            prop_assert_eq!(with(label, &|word| word & !0xFF), refused);
            prop_assert_eq!(with(label, &|word| word & !0xFF | 0xFF), refused);
            prop_assert_eq!(with(words.len() - 1, &|_| 0x8080_8080), refused);
        }
        // There is nothing to be taught in without a metric.
        let file = file(&case, &[(part::TAUGHT, true, &words)]);
        let model = Model::from_bytes(file.as_slice()).expect("valid");
        prop_assert_eq!(Taught::of(&model).err(), refused);
    }
}

#[test]
fn lessons_out_of_range_are_refused() {
    let (case, metric, _) = drawn(cases());
    let of_metric = metric.words();
    let with = file(&case, &[(part::METRIC, false, &of_metric)]);
    let with = Model::from_bytes(with.as_slice()).expect("valid");
    let without = file(&case, &[]);
    let without = Model::from_bytes(without.as_slice()).expect("valid");
    let classes = class_count(&case.0) as u16;
    let mut one = Shown::default();
    assert!(one.add(&[7; DIMENSIONS]));
    let error = |model: &Model<'_>, class, label: &str, shown: &Shown| {
        TaughtWords::with(model, Lesson { class, label }, shown).err()
    };
    assert_eq!(error(&with, classes, "jump", &one), None);
    assert_eq!(error(&with, 0, "", &one), None);
    assert_eq!(
        error(&without, classes, "jump", &one),
        Some(TeachError::NoMetric)
    );
    let found = classes + 1;
    assert_eq!(
        error(&with, found, "jump", &one),
        Some(TeachError::Class { found, classes })
    );
    for label in ["", "a\0b", &"x".repeat(33)] {
        assert_eq!(
            error(&with, classes, label, &one),
            Some(TeachError::Label),
            "{label:?}"
        );
    }
    assert_eq!(
        error(&with, 0, "", &Shown::default()),
        Some(TeachError::Windows)
    );
    let mut most = Shown::default();
    while most.add(&[i32::from(i16::MIN); DIMENSIONS]) {}
    assert_eq!(most.windows(), 32767);
    let words = TaughtWords::with(
        &with,
        Lesson {
            class: 0,
            label: "",
        },
        &most,
    )
    .expect("fits");
    assert_eq!(words.words()[3] as i16, i16::MIN);
}

#[test]
fn files_of_earlier_versions_have_no_room_for_parts() {
    let ((plain, widths), ..) = drawn(cases());
    let mut header = hadamrnn_tests::models::header_and_words(&plain, widths);
    header.0.addition = Default::default();
    let mut bytes = vec![0; 1 << 16];
    if let Ok(length) = encode_with_parts(&header.0, &header.1, &[], &mut bytes) {
        bytes.truncate(length);
        assert_eq!(
            crc32(&bytes[..length - 4]).to_le_bytes(),
            bytes[length - 4..]
        );
        let part = Part {
            id: part::TAUGHT,
            critical: true,
            words: &[1],
        };
        assert!(Replaced::new(&bytes, &part).is_none());
    }
    for noise in [&b""[..], b"HDRN", &[0x55; 80]] {
        let part = Part {
            id: part::TAUGHT,
            critical: true,
            words: &[1],
        };
        assert!(Replaced::new(noise, &part).is_none());
    }
}

fn drawn<T>(strategy: impl Strategy<Value = T>) -> T {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    strategy.new_tree(&mut runner).expect("a value").current()
}

#[test]
fn the_worked_example_of_the_document() {
    let centre = vec![1, -2, 3, -4, 5, -6];
    let entry = PlainEntry {
        class: 2,
        windows: 10,
        factor: 256,
        centre,
    };
    let plain = PlainTaught {
        trained: 2,
        entries: vec![entry],
        labels: vec!["jump".into()],
    };
    let words: Vec<String> = plain
        .words()
        .iter()
        .map(|word| format!("{word:08x}"))
        .collect();
    assert_eq!(words[7..], ["00000000"; 7]);
    let shown = format!("{}`, then the name `{}`", words[..6].join(" "), words[6]);
    let document = include_str!("../../docs/FORMAT.md").replace('\n', " ");
    assert!(document.contains(&shown), "{shown}");
}
