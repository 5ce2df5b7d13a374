//! Recordings of a phone in physical units, from its files to boards with one sensor or another.

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use hadamrnn::card::Card;
use hadamrnn::data::Split;
use hadamrnn::integer::{self, KernelName};
use hadamrnn::model_folder::StoredModel;
use hadamrnn::pipeline::{RunData, Silent};

use common::{contains, fails, path, run, succeeds, text};

/// Samples of noise that no two seeds share, within ±1.
fn noise(seed: u64, i: u64) -> f64 {
    let mixed = (seed * 1_000_003 + i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f64 / f64::from(1 << 23) - 1.0
}

/// Folders of classes with recordings as Sensor Logger writes them: a folder each, acceleration in m/s², rotation in rad/s, 50 a
/// second.
fn phone(root: &Path) {
    for (class, (label, frequency, strength)) in
        (0..).zip([("rest", 0.3, 0.4), ("walk", 2.0, 4.0), ("run", 3.0, 12.0)])
    {
        for number in 0..5 {
            let folder = root.join(label).join(format!("2026-11-{number:02}"));
            std::fs::create_dir_all(&folder).expect("a folder");
            let seed = 10 * class + number;
            for (sensor, file, scale, up) in [
                (0, "TotalAcceleration.csv", 1.0, 9.81),
                (1, "Gyroscope.csv", 0.2, 0.0),
            ] {
                let mut rows = String::from("time,seconds_elapsed,z,y,x\n");
                for i in 0..500u64 {
                    let time = i as f64 * 0.02;
                    let angle = std::f64::consts::TAU * frequency * time + seed as f64;
                    let of = |axis: u64| noise(6 * seed + 3 * sensor + axis, i) * 0.3;
                    let [z, y, x] = [
                        scale * (strength * angle.sin() + of(0)) + up,
                        scale * (strength * 0.5 * angle.cos() + of(1)),
                        scale * of(2),
                    ];
                    let nanoseconds =
                        1_700_000_000_000_000_000 + seed * 1_000_000_000_000 + i * 20_000_000;
                    writeln!(
                        rows,
                        "{nanoseconds},{:.3},{z:.6},{y:.6},{x:.6}",
                        0.118 + time
                    )
                    .expect("written");
                }
                std::fs::write(folder.join(file), rows).expect("written");
            }
        }
    }
}

/// A phone's recordings imported, and a run on them.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        phone(&desk.at("phone"));
        let (phone, data, run) = (desk.at("phone"), desk.at("data"), desk.at("run"));
        succeeds(&["data", "import", path(&phone), "--out", path(&data)]);
        let args = "--steps 50 --hop 25 --hidden-size 64 --epochs 12";
        let mut all = vec![
            "train",
            "recordings",
            "--data-dir",
            path(&data),
            "--out",
            path(&run),
        ];
        all.extend(args.split(' '));
        contains(&succeeds(&all), &["in physical units", "m/s²", "rad/s"]);
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn export(&self, name: &str, more: &[&str]) -> String {
        let (data, run, out) = (self.at("data"), self.at("run"), self.at(name));
        let args = [
            "export",
            path(&run),
            "--data-dir",
            path(&data),
            "--out",
            path(&out),
        ];
        succeeds(&[&args[..], more].concat())
    }

    /// Classes and logits of the model on the test split.
    fn answers(&self, name: &str) -> (Vec<u32>, Vec<Vec<i32>>) {
        let stored = StoredModel::read(&self.at(name)).expect("a model");
        let card = stored.card().expect("a card");
        let data = RunData::load(&card.config, Some(&self.at("data")), &mut Silent);
        let data = data.expect("the data");
        assert_eq!(data.input_lsb, card.input_lsb);
        let test = data.sequences(Split::Test, None);
        let model = stored.file.model().expect("valid");
        let answers =
            integer::answers(&model, KernelName::best_for(&model), &test, &card.input_lsb);
        let answers = answers.expect("answers");
        let classes = answers.iter().map(|answer| answer.class as u32).collect();
        (
            classes,
            answers.into_iter().map(|answer| answer.logits).collect(),
        )
    }

    fn card(&self, name: &str) -> Card {
        Card::read(&self.at(name)).expect("a card")
    }
}

#[test]
fn one_run_serves_boards_with_other_sensors() {
    let desk = Desk::new();
    let mut answers = Vec::new();
    for (name, sensor, per_unit) in [
        ("st", "lsm6dso@4g,2000dps", 1000.0 / 0.122 / 9.80665),
        ("mpu", "mpu6050@8g,500dps", 4096.0 / 9.80665),
    ] {
        let header = desk.at(&format!("{name}.h"));
        let module = desk.at(&format!("{name}.rs"));
        let more = [
            "--sensor",
            sensor,
            "--c",
            path(&header),
            "--rust",
            path(&module),
        ];
        contains(
            &desk.export(name, &more),
            &["counts that the model reads of", sensor],
        );
        let card = desk.card(name);
        assert_eq!(card.config.export.sensor.as_deref(), Some(sensor));
        assert!((f64::from(card.input_lsb[0]) * per_unit - 1.0).abs() < 1e-6);
        assert_eq!(card.units.len(), 6);
        let folder = desk.at(name);
        contains(
            &succeeds(&["inspect", path(&folder)]),
            &["are 1 m/s²", "are 1 rad/s", "totalacceleration_x", sensor],
        );
        let upper = name.to_uppercase();
        contains(
            &std::fs::read_to_string(header).expect("a header"),
            &[
                &format!("#define {upper}_SENSOR \"{sensor}\"\n"),
                &format!("#define {upper}_CHANNEL_COUNTS_PER_UNIT {{ "),
                &format!("#define {upper}_CHANNEL_UNITS {{ \"m/s\\302\\262\", "),
                &format!("#define {upper}_RATE_HZ 50\n"),
            ],
        );
        contains(
            &std::fs::read_to_string(module).expect("a module"),
            &[
                &format!("pub const SENSOR: &str = \"{sensor}\";"),
                "pub const CHANNEL_COUNTS_PER_UNIT: [f32; 6]",
            ],
        );
        let data = desk.at("data");
        succeeds(&["verify", path(&folder), "--data-dir", path(&data)]);
        answers.push(desk.answers(name));
    }
    let [(st, st_logits), (mpu, mpu_logits)] = &answers[..] else {
        panic!("two models");
    };
    let other = st.iter().zip(mpu).filter(|(a, b)| a != b).count();
    println!("{other} of {} windows are answered otherwise", st.len());
    assert!(
        st.len() >= 40 && 50 * other <= st.len(),
        "{other} of {}",
        st.len()
    );
    assert_ne!(st_logits, mpu_logits, "the counts are others");
    let accuracy = desk.card("st").results.integer_test.accuracy;
    assert!(accuracy > 0.9, "{accuracy}");
}

#[test]
fn counts_are_stated_or_those_of_the_firmware() {
    let desk = Desk::new();
    let exported = desk.export("firmware", &["--counts", "firmware"]);
    contains(&exported, &["835.35", "818.51"]);
    desk.export(
        "stated",
        &[
            "--counts-per-unit",
            "totalacceleration=835.3515,gyro=818.5111",
        ],
    );
    let (firmware, stated) = (desk.card("firmware"), desk.card("stated"));
    for (a, b) in firmware.input_lsb.iter().zip(&stated.input_lsb) {
        assert!((a / b - 1.0).abs() < 1e-6);
    }
    // 12 m/s² on top of gravity are more than 2 g.
    let range = desk.export("small", &["--sensor", "lsm6dso@2g,250dps"]);
    contains(
        &range,
        &[
            "totalacceleration_z",
            "beyond the sensor's range",
            "test samples",
        ],
    );
    let (data, run) = (desk.at("data"), desk.at("run"));
    for (more, part) in [
        (["--sensor", "lsm9000@4g"], "known are lsm6dso"),
        (["--sensor", "lsm6dso@3g"], "2g, 4g, 8g, 16g"),
        (
            ["--sensor", "adxl345@4g"],
            "no rotation for channel gyroscope_x",
        ),
        (
            ["--counts-per-unit", "acc=0"],
            "counts_per_unit of acc must be",
        ),
        (["--counts-per-unit", "acc"], "NAME=COUNTS"),
    ] {
        let args = ["export", path(&run), "--data-dir", path(&data)];
        fails(&[&args[..], &more].concat(), &[part]);
    }
    let model = desk.at("stated");
    let header = desk.at("x.h");
    fails(
        &[
            "export",
            path(&model),
            "--c",
            path(&header),
            "--sensor",
            "lis3dh@4g",
        ],
        &["are fixed"],
    );
}

#[test]
fn a_model_is_evaluated_on_recordings_of_another_scale_by_its_own_counts() {
    let desk = Desk::new();
    desk.export("model", &[]);
    let (model, half, plain) = (desk.at("model"), desk.at("half"), desk.at("plain"));
    for folder in [&half, &plain] {
        std::fs::create_dir(folder).expect("a folder");
    }
    for file in std::fs::read_dir(desk.at("data")).expect("a folder") {
        let file = file.expect("a file").path();
        if file.extension().is_none_or(|end| end != "csv") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("text");
        let (told, below) = text.split_once('\n').expect("a comment");
        let name = file.file_name().expect("a name");
        std::fs::write(plain.join(name), below).expect("written");
        std::fs::write(half.join(name), halved(told, below)).expect("written");
    }
    let evaluated = |data: &Path, split: &str| {
        let args = [
            "eval",
            path(&model),
            "--json",
            "--split",
            split,
            "--data-dir",
            path(data),
        ];
        let output = run(&args);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let found: serde_json::Value = serde_json::from_str(&text(&output.stdout)).expect("JSON");
        found["integer"]["accuracy"].as_f64().expect("a number")
    };
    let (own, other) = (evaluated(&desk.at("data"), "test"), evaluated(&half, "new"));
    assert!(own > 0.9 && other > 0.9, "{own}, {other}");
    fails(
        &[
            "eval",
            path(&model),
            "--split",
            "new",
            "--data-dir",
            path(&plain),
        ],
        &[
            "totalacceleration_x in m/s²",
            "tell no unit",
            "counts are 1 g",
        ],
    );
}

/// The commands of docs/OWN_SENSOR.md: no script, no folder in between.
#[test]
fn four_commands_from_a_phone_to_classes_on_an_emulated_board() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let (originals, run, model, flash) = (at("phone"), at("run"), at("model"), at("flash.bin"));
    phone(&originals);
    let data = ["--data-dir", path(&originals)];
    let args = "train recordings --steps 50 --hop 25 --hidden-size 64 --epochs 12 --out";
    let args = args.split(' ').chain([path(&run)]).chain(data);
    let trained = succeeds(&args.collect::<Vec<_>>());
    contains(
        &trained,
        &[
            "imported: 30 files of Sensor Logger, 15 recordings",
            "50 samples a second",
        ],
    );
    // The command that is printed works as it is.
    let next = trained.split("next: hadamrnn ").nth(1).expect("a command");
    let next = shlex::split(next.lines().next().expect("a line")).expect("a command line");
    let mut next: Vec<&str> = next.iter().map(String::as_str).collect();
    next.extend(["--counts", "firmware", "--out", path(&model)]);
    contains(
        &succeeds(&next),
        &["counts that the model reads", "835.35", "818.51"],
    );
    let board = ["--board", "qemu-m4", "--flash-file", path(&flash)];
    succeeds(&[&["flash", path(&model)][..], &board].concat());
    for class in ["rest", "walk", "run"] {
        let stream = originals.join(class);
        let args = [
            "monitor",
            "--rate",
            "0",
            "--plain",
            "--count",
            "60",
            "--model",
            path(&model),
        ];
        let stream = ["--stream", path(&stream)];
        let watched = succeeds(&[&args[..], &board, &stream].concat());
        let right = watched
            .lines()
            .filter(|line| line.contains(&format!(": {class} ")));
        let right = right.count();
        assert!(right >= 50, "{right} of 60 windows of {class}:\n{watched}");
        assert!(!watched.contains("warning"), "{watched}");
    }
    let evaluated = succeeds(&[&["eval", path(&model)][..], &data].concat());
    contains(
        &evaluated,
        &[
            "imported: 30 files",
            "integer model on the run's test split",
        ],
    );
    succeeds(&[&["verify", path(&model)][..], &data].concat());
}

/// The same recording in half as many counts.
fn halved(told: &str, below: &str) -> String {
    let mut text = told
        .replace("835.3515216715189", "417.67576083575945")
        .replace("818.511135901176", "409.255567950588");
    assert_ne!(text, told);
    for (number, line) in below.lines().enumerate() {
        let fields = line
            .split(',')
            .enumerate()
            .map(|(column, field)| match column {
                0 | 1 => field.to_owned(),
                _ if number == 0 || field.is_empty() => field.to_owned(),
                _ => ((field.parse::<f64>().expect("a count") / 2.0).round() as i16).to_string(),
            });
        text.push('\n');
        text.push_str(&fields.collect::<Vec<_>>().join(","));
    }
    text + "\n"
}
