//! Tests of recordings as samples of a board.

use hadamrnn_device::channels::Quantity::{Acceleration, Motion, Rotation};

use super::*;

const BOARD: Sensor = Sensor {
    values: 9,
    gives: Channels::of(&[Motion, Rotation, Acceleration]),
    model: None,
};

fn samples(text: &str) -> Vec<Vec<i16>> {
    BOARD.samples(text.as_bytes()).expect("a recording").samples
}

#[test]
fn values_in_units_are_given_as_the_firmware_counts_them() {
    // 4096 counts are 1 g: 8192 of the firmware's.
    let told = "# imported from a; ax: 4096 counts are 1 g, ay: 4096 counts are 1 g, az: 4096 counts are 1 g\n\
                time_s,label,subject,ax,ay,az,gx,gy,gz\n0.00,walk,anna,4096,0,-20000,1,2,3\n";
    let recorded = BOARD.samples(told.as_bytes()).expect("a recording");
    assert_eq!(recorded.samples, [[0, 0, 0, 1, 2, 3, 8192, 0, -32_768]]);
    assert_eq!(recorded.saturated, 1);
    let folder = tempfile::tempdir().expect("a folder");
    let phone = "time,ax (m/s^2),ay (m/s^2),az (m/s^2),gx (rad/s),gy (rad/s),gz (rad/s)\n";
    let row = |i: i32| {
        format!(
            "{:.2},9.80665,0,{},0,0.5,0\n",
            0.01 * f64::from(i),
            i * i % 7
        )
    };
    let rows = (0..40).map(row);
    let path = folder.path().join("phone.csv");
    std::fs::write(&path, phone.to_owned() + &rows.collect::<String>()).expect("written");
    for place in [folder.path(), &path] {
        let recorded = BOARD.imported(place, 50.0).expect("an import");
        let recorded = recorded.expect("units are known");
        assert_eq!(recorded.samples.len(), 40);
        // 0.5 rad/s are 28.65 °/s.
        assert_eq!(recorded.samples[0][3..], [0, 409, 0, 8192, 0, 0]);
        let (own, board) = recorded.other_rate.expect("100 Hz");
        assert!((own - 100.0).abs() < 0.1 && board == 50.0);
    }
    std::fs::write(&path, "ax,ay,az,gx,gy,gz\n1,2,3,4,5,6\n").expect("written");
    assert!(BOARD.imported(&path, 50.0).expect("an import").is_none());
}

#[test]
fn motion_is_split_off_as_the_firmware_does_it() {
    let text = "label,time,gx,gy,gz,ax,ay,az\nwalk,0,1,2,3,100,-200,8192\n,,,,,,,\nwalk,1,4,5,6,356,-200,8192\n";
    let expected = [
        [0, 0, 0, 1, 2, 3, 100, -200, 8192],
        [247, 0, 0, 4, 5, 6, 356, -200, 8192],
    ];
    assert_eq!(samples(text), expected);
}

#[test]
fn a_recording_may_lack_what_the_model_does_not_read() {
    let of = |model: &[Quantity]| Sensor {
        model: Some(Channels::of(model)),
        ..BOARD
    };
    let text = "label,ax,ay,az\nwalk,100,-200,8192\nwalk,356,-200,8192\n";
    let recorded = of(&[Acceleration]).samples(text.as_bytes()).expect("zeros");
    let expected = [
        [0, 0, 0, 0, 0, 0, 100, -200, 8192],
        [247, 0, 0, 0, 0, 0, 356, -200, 8192],
    ];
    assert_eq!(recorded.samples, expected);
    assert_eq!(recorded.absent, [Rotation]);
    let timed = "time (s),ax,ay,az\n0.02,100,-200,8192\n";
    let recorded = of(&[Acceleration]).samples(timed.as_bytes());
    assert_eq!(recorded.expect("counts").samples, expected[..1]);
    let in_units = "time (s),ax (m/s^2),ay (m/s^2),az (m/s^2)\n1,2,3,10\n";
    assert!(of(&[Acceleration]).samples(in_units.as_bytes()).is_err());
    let gyro = "gx,gy,gz\n1,2,3\n";
    let recorded = of(&[Rotation]).samples(gyro.as_bytes()).expect("zeros");
    assert_eq!(recorded.samples, [[0, 0, 0, 1, 2, 3, 0, 0, 0]]);
    assert_eq!(recorded.absent, [Motion, Acceleration]);
    // What it reads is not made up, not even a part of it.
    let gyro_x = Channels::of_values(&[9]);
    for (sensor, text, lacks) in [
        (of(&[Acceleration, Rotation]), text, "lacks rotation"),
        (of(&[Motion]), gyro, "lacks acceleration without gravity"),
        (
            Sensor {
                model: gyro_x,
                ..BOARD
            },
            text,
            "lacks rotation",
        ),
        (BOARD, text, "lacks rotation"),
    ] {
        let error = sensor.samples(text.as_bytes()).expect_err(lacks);
        assert!(format!("{error:#}").contains(lacks), "{error:#}");
    }
    let complete = "ax,ay,az,gx,gy,gz\n1,2,3,4,5,6\n";
    let recorded = of(&[Acceleration]).samples(complete.as_bytes());
    assert_eq!(recorded.expect("a recording").absent, []);
}

#[test]
fn columns_are_found_by_name() {
    let nine = "total_acc_x,total_acc_y,total_acc_z,body_acc_x,body_acc_y,body_acc_z,gx,gy,gz,label\n1,2,3,4,5,6,7,8,9,a\n";
    assert_eq!(samples(nine), [[4, 5, 6, 7, 8, 9, 1, 2, 3]]);
    let unnamed = "label,a,b,c,d,e,f,g,h,i\nx,1,2,3,4,5,6,7,8,9\n";
    assert_eq!(samples(unnamed), [[1, 2, 3, 4, 5, 6, 7, 8, 9]]);
}

#[test]
fn what_is_no_recording_is_refused() {
    for (text, parts) in [
        ("", &["channels"][..]),
        ("ax,ay,az\n1,2,3\n", &["lacks rotation"]),
        ("gx,gy,gz\n1,2,3\n", &["lacks acceleration without gravity"]),
        ("a,b\n1,2\n", &["2 channels (a, b)", "gives 9 values"]),
        ("ay,ax,az\n1,2,3\n", &["total_acc_y, total_acc_x", "lacks"]),
        ("az\n1\n", &["total_acc_z", "lacks"]),
        ("ax,ay,az,gx,gy,gz\n", &["no samples"]),
        (
            "ax,ay,az,gx,gy,gz\n1,2,3,4,5,6\n1,2,3,4,5\n",
            &["malformed"],
        ),
        (
            "ax,ay,az,gx,gy,gz\n1,2,3,4,5,6\n1,2,3,4.5,5,6\n",
            &["line 3, column gx", "4.5"],
        ),
        (
            "ax,ay,az,gx,gy,gz\n1,2,3,4,40000,6\n",
            &["line 2, column gy"],
        ),
    ] {
        let error = BOARD.samples(text.as_bytes()).expect_err(text);
        let error = format!("{error:#}");
        for part in parts {
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}

#[test]
fn long_recordings_have_longer_windows() {
    for (count, steps, windows) in [(1, 1, 1), (65_535, 1, 65_535), (65_537, 2, 32_768)] {
        let bytes = file(&vec![vec![7]; count], 1).expect("fits");
        let header = WindowFile::parse(&bytes).expect("a window file").header();
        assert_eq!((header.steps, header.windows), (steps, windows), "{count}");
    }
}

#[test]
fn the_rate_of_a_recording_of_our_own_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("own.csv");
    for (step, expected) in [(0.01, Some(100.0)), (0.02, None)] {
        let row = |i: i32| {
            let time = step * f64::from(i);
            format!("walk,{time:.2},{},2,8192,4,5,6\n", i * i % 7)
        };
        let rows: String = (0..40).map(row).collect();
        let text = format!("label,time,ax,ay,az,gx,gy,gz\n{rows}");
        std::fs::write(&path, text).expect("written");
        let found = other_rate(&path, 50.0).map(|(own, _)| own.round());
        assert_eq!(found, expected);
    }
}
