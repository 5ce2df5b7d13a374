use super::*;
use crate::events::Timeline;
use crate::metrics::Metrics;

/// A report about a model that answers by a rule, with windows of numbers where there are channels.
fn report(
    classes: usize,
    windows: usize,
    channels: usize,
    rule: fn(usize, usize) -> usize,
) -> RunReport {
    let truth = |window: usize| window % classes;
    let pairs = (0..windows).map(|window| (truth(window), rule(window, classes)));
    let pairs: Vec<(usize, usize)> = pairs.collect();
    let names = names_of(classes);
    let trained = vec![windows / classes.max(1); classes];
    let counted = pairs
        .iter()
        .map(|&(class, answer)| (class as u32, answer as u32));
    let confusion = Confusion::new(names.clone(), &trained, counted);
    let wrong = pairs
        .iter()
        .enumerate()
        .filter(|(_, (class, answer))| class != answer);
    let wrong = wrong.map(|(index, &(class, answer))| WrongWindow {
        index,
        class,
        answer,
        probability: 0.5 + 0.4 * (index % 100) as f64 / 100.0,
        recording: Some("r<1>".repeat(60)),
        person: Some("p\u{202e}&".into()),
        place: Some("file.csv line 3".into()),
        samples: Vec::new(),
    });
    let mut wrong = WrongWindows::choose(wrong.collect());
    let steps = 128;
    for window in &mut wrong.shown {
        let value = |i: usize| ((i * 7919 + window.index) % 1000) as f32;
        window.samples = (0..steps * channels).map(value).collect();
    }
    let channel = |i| Channel {
        name: format!("<channel {i}>"),
        lsb: 1.0,
        unit: Some("g"),
    };
    let part = |i: usize| Part {
        name: format!("<part {i}>"),
        right: i as u64 % 10,
        windows: 10,
    };
    let integer = Metrics {
        loss: 0.5,
        accuracy: confusion.accuracy(),
        count: windows,
    };
    RunReport {
        name: "<run>".into(),
        task: Task::Recordings,
        split: "test".into(),
        sequences: windows,
        kernel: KernelName::Fwht,
        data: DataFacts {
            source: "your own <recordings>".into(),
            units: Some("recordings"),
            classes: names
                .into_iter()
                .map(|name| ClassFacts {
                    name,
                    units: 3,
                    windows: [windows, 0, windows, 1],
                })
                .collect(),
            lines: vec!["split: <whole>".into()],
        },
        notes: (0..50).map(|i| format!("note: <{i}> \u{1b}[1m")).collect(),
        curves: Vec::new(),
        float: None,
        integer,
        confusion: Some(confusion),
        wrong,
        parts: vec![Parts {
            what: "recording",
            rows: (0..5000).map(part).collect(),
        }],
        streams: Some(streams(names_of(classes), &pairs)),
        model: ModelFacts {
            name: "m</title>".into(),
            bytes: 3996,
            window: steps,
            decimation: 1,
            rate_hz: Some(50.0),
            channels: (0..channels).map(channel).collect(),
            sha256: String::new(),
            layers: "64 units".into(),
            hop: None,
            epoch: None,
            commands: Vec::new(),
            boards: Vec::new(),
            cores: Ok(cores(100_000)),
        },
        neighbours: Vec::new(),
        beside: "runs/<above>".into(),
        left_out: vec!["One more model <is not> compared.".into()],
    }
}

fn cores(instructions: u64) -> Vec<CoreCost> {
    let core = |(board, _)| CoreCost {
        board,
        instructions,
        is_measured: board == "qemu-m4",
    };
    CORES.map(core).into()
}

fn names_of(classes: usize) -> Vec<String> {
    (0..classes)
        .map(|class| format!("class <{class}>"))
        .collect()
}

/// Streams of these true and answered classes: fifty windows each.
fn streams(classes: Vec<String>, pairs: &[(usize, usize)]) -> StreamEvaluation {
    let stream = |part: &[(usize, usize)]| Timeline {
        name: "<part> \u{202e}".into(),
        truth: part.iter().map(|pair| Some(pair.0)).collect(),
        answered: part.iter().map(|pair| Some(pair.1)).collect(),
        ..Timeline::default()
    };
    let streams = pairs.chunks(50).map(stream).collect();
    StreamEvaluation::of(classes, None, false, streams, Some(1.28))
}

/// Checks what holds for every page.
fn checked(report: &RunReport) -> String {
    let page = report.html().unwrap();
    for markup in [
        "<run>",
        "<class",
        "class <",
        "<channel",
        "<part",
        "<script",
        "m</title>",
        "\u{1b}",
        "\u{202e}",
        "NaN",
        "inf",
    ] {
        assert!(!page.contains(markup), "{markup:?}");
    }
    for tag in [
        "section", "table", "svg", "figure", "div", "details", "ul", "p", "tr",
    ] {
        let opened =
            page.matches(&format!("<{tag} ")).count() + page.matches(&format!("<{tag}>")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    assert!(page.len() < 3 << 20, "{} bytes", page.len());
    page
}

#[test]
fn twenty_classes_and_ten_thousand_windows_that_are_all_wrong_fit_three_megabytes() {
    let page = checked(&report(20, 10_000, 45, |window, classes| {
        (window + 1 + window / 997 % 18) % classes
    }));
    assert!(page.contains("10,000 of 10,000 windows; 48 are shown"));
    assert!(page.contains("9,952 not"));
    assert!(page.contains("30 more channels are not drawn"));
    assert!(page.contains("4800 are not shown") || page.contains("4800 more are not shown"));
    assert!(page.contains("44 more notes"));
}

#[test]
fn a_class_that_is_never_answered_is_told_and_has_no_precision() {
    let page = checked(&report(2, 100, 3, |_, _| 0));
    assert!(page.contains("Never answered: class &lt;1&gt;"));
    assert!(page.contains("<td>–</td>"));
    assert!(page.contains("no better than always answering"));
}

#[test]
fn everything_right_and_windows_of_tokens() {
    let page = checked(&report(2, 10, 3, |window, classes| window % classes));
    assert!(page.contains("<p>None.</p>") && !page.contains("<figure>"));
    let mut tokens = report(3, 100, 0, |_, _| 1);
    tokens.task = Task::Imdb;
    let page = checked(&tokens);
    assert!(!page.contains("<figure>") && page.contains("<th>probability</th>"));
    // Every step has a class of its own.
    tokens.confusion = None;
    tokens.wrong = WrongWindows::default();
    tokens.data.classes.clear();
    let page = checked(&tokens);
    assert!(page.contains("no class of a window") && !page.contains("id=\"confusion\""));
}

#[test]
fn of_very_many_classes_the_commonest_confusions_are_listed() {
    let page = checked(&report(500, 10_000, 1, |window, classes| {
        (window * 3) % classes
    }));
    assert!(page.contains("300 more classes are not shown"));
    assert!(page.contains("With 500 classes only the commonest confusions"));
}

#[test]
fn neighbours_are_drawn_and_bounded() {
    let mut report = report(2, 100, 3, |window, _| window % 3 % 2);
    let neighbour = |i: usize| Neighbour {
        name: format!("<channel {i}>"),
        bytes: 500 + i,
        accuracy: 0.9,
        cores: cores(100_000 + i as u64),
        is_same_test: i.is_multiple_of(2),
    };
    report.neighbours = (0..100).map(neighbour).collect();
    let page = checked(&report);
    assert!(page.contains("61 more are not listed"));
    assert!(page.contains("≈ 100,000") && page.contains("* Tested on other windows"));
    assert_eq!(
        page.matches("aria-label=\"Accuracy against bytes\"")
            .count(),
        2
    );
}

#[test]
fn events_are_told_with_a_picture_and_without_a_decision_how_to_add_one() {
    let mut report = report(3, 1000, 3, |window, classes| {
        if window % 11 == 0 {
            0
        } else {
            window % classes
        }
    });
    let page = checked(&report);
    for part in [
        "The first 12 of 20 streams.",
        "every answer counts",
        "hadamrnn decide MODEL --false-alarms",
        "a false alarm starts",
        "one every 1.28 s",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let streams = report.streams.as_mut().unwrap();
    streams.decided = Some(streams.every_answer.clone());
    let page = checked(&report);
    assert!(page.contains("as decided") && !page.contains("hadamrnn decide MODEL"));
    report.streams = None;
    assert!(!checked(&report).contains("id=\"streams\""));
}
