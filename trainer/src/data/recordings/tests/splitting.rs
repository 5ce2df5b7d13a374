//! Splitting, and what a run keeps of it.

use std::collections::BTreeSet;

use super::*;

#[test]
fn no_recording_is_in_two_splits_and_every_class_is_in_all() {
    let data = load_folder(&ten(), &cutting(8, 4)).unwrap();
    let parts = [&data.train, &data.valid, &data.test];
    for (i, part) in parts.iter().enumerate() {
        assert!(part.class_counts(2).iter().all(|&count| count > 0), "{i}");
        for other in &parts[..i] {
            assert!(
                part.groups
                    .iter()
                    .all(|group| !other.groups.contains(group))
            );
        }
    }
    // A fifth each of ten recordings.
    assert_eq!((data.test.len(), data.valid.len()), (12, 12));
    let again = load_folder(&ten(), &cutting(8, 4)).unwrap();
    assert_eq!(again, data);
}

#[test]
fn a_recording_is_its_name_over_all_places_and_files() {
    let table = |order: &[(&str, usize)]| -> String {
        let parts = order.iter().map(|(label, person)| {
            let seed = 10 * person + usize::from(*label == "b");
            noisy(&format!("p{person},{label}"), seed, 40)
        });
        format!("recording,label,x,y,z\n{}", parts.collect::<String>())
    };
    let by_label: Vec<(&str, usize)> = ["a", "b"]
        .into_iter()
        .flat_map(|label| (1..=6).map(move |p| (label, p)))
        .collect();
    let by_person: Vec<(&str, usize)> = (1..=6)
        .flat_map(|p| ["a", "b"].map(|label| (label, p)))
        .collect();
    let sorted = folder(&[("all.csv", table(&by_label))]);
    let grouped = folder(&[("all.csv", table(&by_person))]);
    let (first, second) = (table(&by_label[..6]), table(&by_label[6..]));
    let two_files = folder(&[("first.csv", first), ("second.csv", second)]);
    let cutting = cutting(10, 10);
    let expected = load_all(&grouped, &cutting).unwrap();
    assert!(
        expected
            .own
            .overview
            .classes
            .iter()
            .all(|row| row.recordings == 6)
    );
    for other in [sorted, two_files] {
        let loaded = load_all(&other, &cutting).unwrap();
        assert_eq!(loaded.own.overview, expected.own.overview);
        let persons = |part: &Sequences| part.groups.iter().copied().collect::<BTreeSet<u32>>();
        let data = &loaded.data;
        assert!(persons(&data.train).is_disjoint(&persons(&data.test)));
        assert!(persons(&data.train).is_disjoint(&persons(&data.valid)));
        assert_eq!(data.train, expected.data.train);
    }
}

#[test]
fn a_column_of_persons_keeps_each_in_one_split() {
    let recordings: Vec<(String, String)> = (0..12)
        .map(|i| {
            let text = ["a", "b"].map(|label| {
                let seed = 2 * i + usize::from(label == "b");
                noisy(&format!("{label},{}", 10 + i / 3), seed, 40)
            });
            (
                format!("{i:02}.csv"),
                format!("label,Subject,x,y,z\n{}", text.concat()),
            )
        })
        .collect();
    let files: Vec<(&str, String)> = recordings
        .iter()
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    let all = folder(&files);
    let loaded = load_all(&all, &cutting(10, 10)).unwrap();
    assert_eq!(loaded.own.cutting.split.as_ref().unwrap().by, By::Group);
    let lines = loaded.own.overview.lines();
    assert!(lines[0].contains("by column Subject"), "{lines:?}");
    let named = &loaded.own.overview.units;
    assert_eq!(
        [named.train.len(), named.valid.len(), named.test.len()],
        [2, 1, 1]
    );
    assert_eq!(lines[3], format!("test: {}", named.test[0]));
    let persons = |part: &Sequences| -> BTreeSet<u32> {
        part.groups.iter().map(|group| (group - 1) / 3).collect()
    };
    let parts = [&loaded.data.train, &loaded.data.valid, &loaded.data.test].map(persons);
    assert!(parts.iter().all(|part| !part.is_empty()));
    assert_eq!(parts.iter().map(BTreeSet::len).sum::<usize>(), 4);
    // By the numbers that the column gives them.
    let holdout = Holdout::Subjects(vec![10 + *parts[1].first().unwrap()]);
    let held = load_whole(&locate(all.path()).unwrap(), &cutting(10, 10), &holdout).unwrap();
    assert_eq!(held.data.valid, loaded.data.valid);
    assert_eq!(held.data.test, loaded.data.test);
    // Whoever is named is not tested on; who is not there is refused with the names.
    for person in 10..14 {
        let holdout = Holdout::Names(vec![person.to_string()]);
        let held = load_whole(&locate(all.path()).unwrap(), &cutting(10, 10), &holdout).unwrap();
        assert_eq!(held.own.overview.units.valid, [person.to_string()]);
        assert_eq!(held.own.overview.units.test.len(), 1);
    }
    let holdout = Holdout::Names(vec!["anna".into()]);
    let error = load_whole(&locate(all.path()).unwrap(), &cutting(10, 10), &holdout).unwrap_err();
    let error = format!("{error:#}");
    assert!(
        error.contains("group \"anna\" cannot be held out") && error.contains("10, 11, 12, 13"),
        "{error}"
    );
    // Two persons are too few to train on one, choose by another and test on a third.
    let few = folder(&files[..6]);
    let error = error_of(&few, &cutting(10, 10));
    for part in ["\"a\" is in 2 groups, it takes 1 more", "--group none"] {
        assert!(error.contains(part), "{error}");
    }
    // One person needs no column, and some files without one are a mistake.
    let one: Vec<(&str, String)> = files[..3].to_vec();
    let loaded = load_all(&folder(&one), &cutting(10, 10)).unwrap();
    assert_eq!(loaded.own.cutting.split.unwrap().by, By::Recording);
    let mut mixed: Vec<(&str, String)> = files.clone();
    mixed.push(("z.csv", format!("label,x,y,z\n{}", noisy("a", 99, 40))));
    let error = error_of(&folder(&mixed), &cutting(10, 10));
    assert!(error.contains("z.csv has no column that groups"), "{error}");
    let none = Cutting {
        group: Some("none".into()),
        ..cutting(10, 10)
    };
    let loaded = load_all(&few, &none).unwrap();
    assert_eq!(loaded.own.cutting.split.unwrap().by, By::Recording);
}

/// Files of 12 people in two passes, with one class each, and their person in column `column`.
fn people(column: &str, name: impl Fn(usize) -> String) -> tempfile::TempDir {
    let file = |i: usize| {
        let label = ["a", "b"][i % 2];
        let text = noisy(&format!("{label},{}", name(i % 12)), i, 40);
        (
            format!("{i:02}.csv"),
            format!("label,{column},x,y,z\n{text}"),
        )
    };
    let files: Vec<(String, String)> = (0..24).map(file).collect();
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    folder(&files)
}

#[test]
fn people_are_told_by_the_name_of_their_column_or_by_the_user() {
    let number = |person: usize| person.to_string();
    for column in ["patient_id", "Proband", "VP", "sujeto", "subj_no", "driver"] {
        let loaded = load_all(&people(column, number), &cutting(10, 10)).unwrap();
        assert_eq!(
            loaded.own.cutting.split.as_ref().unwrap().by,
            By::Group,
            "{column}"
        );
        assert!(!has_note(&loaded, &["--group"]), "{column}");
    }
    // A column that is no channel by its values or by its name may be one of people.
    for (column, is_text) in [("rig", false), ("session", true), ("id", false)] {
        let name = |person| match is_text {
            true => format!("S{person}"),
            false => number(person),
        };
        let place = people(column, name);
        let loaded = load_all(&place, &cutting(10, 10)).unwrap();
        let hint = format!("--group {column} keeps");
        assert!(has_note(&loaded, &[&hint]), "{:?}", loaded.own.notes);
        let by_column = Cutting {
            group: Some(column.into()),
            ..cutting(10, 10)
        };
        let loaded = load_all(&place, &by_column).unwrap();
        assert_eq!(loaded.own.cutting.split.unwrap().by, By::Group);
    }
    // One that numbers the recordings, or the rows, is none.
    let rows = |i: usize| noisy(["a", "b"][i % 2], i, 40);
    let numbered = |i: usize| -> String {
        let row = |(k, row): (usize, &str)| format!("{k},{i},{row}\n");
        rows(i).lines().enumerate().map(row).collect()
    };
    let file = |i: usize| format!("index,session,label,x,y,z\n{}", numbered(i));
    let files: Vec<(String, String)> = (0..10).map(|i| (format!("{i}.csv"), file(i))).collect();
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    let loaded = load_all(&folder(&files), &cutting(10, 10)).unwrap();
    assert!(!has_note(&loaded, &["--group"]), "{:?}", loaded.own.notes);
}

#[test]
fn people_that_are_held_out_have_every_class() {
    let place = people("subject", |person| person.to_string());
    let held = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        load_whole(
            &locate(place.path()).unwrap(),
            &cutting(10, 10),
            &Holdout::Names(names),
        )
    };
    let error = format!("{:#}", held(&["3"]).unwrap_err());
    assert!(
        error.contains("--holdout names has no windows of a"),
        "{error}"
    );
    let loaded = held(&["2", "3"]).unwrap();
    assert!(windows_of(&loaded).iter().all(|[_, valid, _]| *valid > 0));
}

#[test]
fn a_slip_of_a_label_is_told_where_it_is_refused() {
    let file = |i: usize| {
        let label = ["walk", "rest", "walk", "rest", "Walk"][i.min(4)];
        (
            format!("{i}.csv"),
            format!("label,x,y,z\n{}", noisy(label, i, 40)),
        )
    };
    let files: Vec<(String, String)> = (0..5).map(file).collect();
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    let error = error_of(&folder(&files), &cutting(20, 20));
    assert!(
        error.contains("\"Walk\" and \"walk\" are different classes"),
        "{error}"
    );
}

#[test]
fn the_same_content_counts_once_and_is_in_one_split() {
    let recording = |i: usize| {
        let label = ["a", "b"][i % 2];
        (
            format!("{i}.csv"),
            format!("label,x,y,z\n{}", noisy(label, i, 60)),
        )
    };
    let mut files: Vec<(String, String)> = (0..10).map(recording).collect();
    let alone = {
        let files: Vec<(&str, String)> = files
            .iter()
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        load_all(&folder(&files), &cutting(10, 10)).unwrap()
    };
    for i in 0..10 {
        let (name, text) = recording(i);
        files.push((name.replace(".csv", " (1).csv"), text));
        // A part of it, under a third name.
        let (_, text) = recording(i);
        let part: String = text
            .lines()
            .take(41)
            .map(|line| format!("{line}\n"))
            .collect();
        files.push((format!("part-{i}.csv"), part));
    }
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    let loaded = load_all(&folder(&files), &cutting(10, 10)).unwrap();
    assert!(
        has_note(
            &loaded,
            &["10 intervals are there twice", "(1).csv", "is a copy of"]
        ),
        "{:?}",
        loaded.own.notes
    );
    // Six windows of each recording, four of each part; the copies do not count.
    let count = |loaded: &Loaded| windows_of(loaded).iter().flatten().sum::<usize>();
    assert_eq!((count(&alone), count(&loaded)), (60, 100));
    let first_values = |part: &Sequences| -> BTreeSet<String> {
        (0..part.len())
            .map(|i| format!("{:?}", &part.window(i)[..6]))
            .collect()
    };
    let data = &loaded.data;
    let [train, valid, test] = [&data.train, &data.valid, &data.test].map(first_values);
    assert!(train.is_disjoint(&test) && train.is_disjoint(&valid) && valid.is_disjoint(&test));
    // Samples with two labels are told, and stay together.
    let mut twice: Vec<(&str, String)> = files[..10].to_vec();
    twice.push(("odd.csv", files[0].1.replace("a,", "b,")));
    let loaded = load_all(&folder(&twice), &cutting(10, 10)).unwrap();
    assert!(
        has_note(
            &loaded,
            &[
                "1 intervals are there with two labels",
                "odd.csv",
                "is \"b\""
            ]
        ),
        "{:?}",
        loaded.own.notes
    );
}

#[test]
fn what_shares_samples_anywhere_is_in_one_split() {
    let rows = |i: usize, range: std::ops::Range<usize>| -> String {
        let text = noisy(["a", "b"][i % 2], i, 200);
        let rows: Vec<&str> = text.lines().collect();
        format!("label,x,y,z\n{}\n", rows[range].join("\n"))
    };
    // Trimmed copies, and cuts that overlap.
    let trimmed = (0..10).flat_map(|i| [(i, 0..200), (i, 37..200)]);
    let cuts = (0..10).flat_map(|i| (0..4).map(move |k| (i, 40 * k..40 * k + 80)));
    for parts in [trimmed.collect::<Vec<_>>(), cuts.collect()] {
        let files: Vec<(String, String)> = (parts.iter().enumerate())
            .map(|(k, (i, range))| (format!("{k}.csv"), rows(*i, range.clone())))
            .collect();
        let files: Vec<(&str, String)> = (files.iter())
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        let loaded = load_all(&folder(&files), &cutting(20, 10)).unwrap();
        let note = format!("{} intervals share samples with others", parts.len());
        assert!(
            has_note(&loaded, &[&note, "one split"]),
            "{:?}",
            loaded.own.notes
        );
        let samples = |part: &Sequences| -> BTreeSet<String> {
            let samples = (0..part.len()).flat_map(|i| part.window(i).chunks(3));
            samples.map(|sample| format!("{sample:?}")).collect()
        };
        let data = &loaded.data;
        let [train, valid, test] = [&data.train, &data.valid, &data.test].map(samples);
        assert!(!test.is_empty() && !valid.is_empty());
        assert!(train.is_disjoint(&test) && train.is_disjoint(&valid) && valid.is_disjoint(&test));
    }
    let load = |files: &[(String, String)], cutting: &Cutting| {
        let files: Vec<(&str, String)> = (files.iter())
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        load_all(&folder(&files), cutting).unwrap()
    };
    // What does not move is alike by chance.
    let still: Vec<(String, String)> = (0..10)
        .map(|i| {
            let still = format!("{},7,7,7\n", ["a", "b"][i % 2]).repeat(50);
            (format!("{i}.csv"), rows(i, 0..50) + &still)
        })
        .collect();
    let loaded = load(
        &still,
        &Cutting {
            channels: ["x", "y", "z"].map(String::from).to_vec(),
            ..cutting(20, 10)
        },
    );
    assert!(
        !has_note(&loaded, &["share samples"]),
        "{:?}",
        loaded.own.notes
    );
}

#[test]
fn short_gestures_between_long_idle_stretches_are_all_trained_and_tested() {
    let person = |person: usize| {
        let mut text = "label,x,y,z\n".to_owned();
        text += &noisy("idle", 1000 * person, 3000);
        for (g, gesture) in ["circle", "wave"].into_iter().enumerate() {
            for k in 0..12 {
                text += &noisy(gesture, 1000 * person + 100 * (g + 1) + k, 150);
                text += &noisy("", 1000 * person + 500 + 20 * g + k, 40);
            }
        }
        text
    };
    let all = folder(&[("person0.csv", person(0)), ("person1.csv", person(1))]);
    let loaded = load_all(&all, &Cutting::default()).unwrap();
    assert_eq!(loaded.data.classes, ["circle", "idle", "wave"]);
    let [circle, idle, wave] = windows_of(&loaded)[..] else {
        panic!()
    };
    for gesture in [circle, wave] {
        assert_eq!(gesture.iter().sum::<usize>(), 24);
        assert!(
            gesture[1].abs_diff(5) <= 1 && gesture[2].abs_diff(5) <= 1,
            "{gesture:?}"
        );
    }
    // Two stretches of 3000: cut by time, with half a window between the splits.
    assert_eq!(
        idle,
        [
            2 * ((1800 - 64 - 128) / 64 + 1),
            2 * ((600 - 64 - 128) / 64 + 1),
            2 * ((600 - 128) / 64 + 1)
        ]
    );
    assert!(has_note(&loaded, &["cut by time", "idle"]));
    assert!(has_note(
        &loaded,
        &["split by interval", "\"circle\" is in 2 recordings"]
    ));
}

#[test]
fn few_intervals_are_cut_by_time_without_overlap() {
    let one = folder(&[("all.csv", file(&[rows("x", 0, 100), rows("y", 1000, 100)]))]);
    let data = load_folder(&one, &cutting(10, 5)).unwrap();
    let first = |part: &Sequences, class: u32| -> Vec<f32> {
        let of_class = |i: &usize| part.targets.values()[*i] == class;
        let windows = (0..part.len()).filter(of_class);
        windows
            .map(|i| part.window(i)[1].abs().min(part.window(i)[0].abs()))
            .collect()
    };
    let start = |value: i32| (value ^ 1) as f32;
    // 60 samples less a gap of half a window, 20 less a gap, 20.
    assert_eq!(first(&data.train, 0).last(), Some(&start(45)));
    assert_eq!(first(&data.valid, 0), [start(60), start(65)]);
    assert_eq!(first(&data.test, 1), [1080, 1085, 1090].map(start));
    let none = load(
        &locate(one.path()).unwrap(),
        &cutting(10, 5),
        &Holdout::None,
    )
    .unwrap();
    assert_eq!(none.valid.len(), 0);
    assert_eq!(none.test, data.test);
    // Too short to be cut.
    let short = folder(&[("all.csv", file(&[rows("x", 0, 100), rows("y", 1000, 30)]))]);
    let error = error_of(&short, &cutting(10, 5));
    for part in [
        "\"y\" has no windows",
        "to choose by (validation)",
        "record 2 more",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn shares_are_balanced_by_windows_of_each_class() {
    let mut files: Vec<(String, String)> = (0..8)
        .map(|k| {
            (
                format!("walk{k}.csv"),
                format!("label,x,y,z\n{}", noisy("walk", k, 1200)),
            )
        })
        .collect();
    for (k, samples) in [60, 110, 1050].into_iter().enumerate() {
        let text = format!("label,x,y,z\n{}", noisy("fall", 100 + k, samples));
        files.push((format!("fall{k}.csv"), text));
    }
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    let loaded = load_all(&folder(&files), &cutting(50, 50)).unwrap();
    // Of 1, 2 and 21 windows in three recordings, the many are trained on.
    assert_eq!(windows_of(&loaded)[0], [21, 1, 2]);
    let [train, valid, test] = windows_of(&loaded)[1];
    assert_eq!([train, valid, test].map(|windows| windows / 24), [4, 2, 2]);
    assert!(loaded.own.overview.warning().unwrap().contains("fall 2"));
}

#[test]
fn a_split_follows_from_content_and_seed_and_not_from_file_names() {
    let text = |i: usize| format!("label,x,y,z\n{}", noisy(["a", "b"][i % 2], i, 60));
    let named = |name: &dyn Fn(usize) -> String| {
        let files: Vec<(String, String)> = (0..20).map(|i| (name(i), text(i))).collect();
        let files: Vec<(&str, String)> = files
            .iter()
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        folder(&files)
    };
    let (forth, back) = (
        named(&|i| format!("{i:02}.csv")),
        named(&|i| format!("{:02}.csv", 19 - i)),
    );
    let cutting = cutting(10, 10);
    let split = |folder: &tempfile::TempDir, cutting: &Cutting| {
        load_all(folder, cutting).unwrap().own.cutting.split
    };
    assert_eq!(split(&forth, &cutting), split(&back, &cutting));
    let [a, b] = [&forth, &back].map(|folder| load_folder(folder, &cutting).unwrap());
    assert_eq!(
        (a.train.values, a.test.values),
        (b.train.values, b.test.values)
    );
    let seeds: BTreeSet<String> = (0..8)
        .map(|split_seed| {
            format!(
                "{:?}",
                split(
                    &forth,
                    &Cutting {
                        split_seed,
                        ..cutting.clone()
                    }
                )
            )
        })
        .collect();
    assert!(seeds.len() > 4, "{}", seeds.len());
}
