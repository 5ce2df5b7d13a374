//! Parquet files of our own, written by the crate that reads them.

use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use crate::data::import::{Imported, Options, TimeBase, import};

/// Values of a column; none are missing ones.
enum Values {
    F32(Vec<Option<f32>>),
    F64(Vec<Option<f64>>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
    Text(Vec<&'static str>),
}

/// A file of these columns, each with its declaration without `required` or `optional`.
fn file(columns: &[(&str, Values)], compression: Compression, pandas: Option<&str>) -> Vec<u8> {
    let declared = columns.iter().map(|(declared, values)| {
        let is_optional = matches!(values, Values::F32(_) | Values::F64(_));
        let how = if is_optional { "optional" } else { "required" };
        format!("{how} {declared};")
    });
    let schema = format!("message m {{ {} }}", declared.collect::<String>());
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_key_value_metadata(
            pandas.map(|text| vec![KeyValue::new("pandas".to_owned(), text.to_owned())]),
        )
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut all = columns.iter();
    while let Some(mut column) = group.next_column().unwrap() {
        fn put<T: DataType>(
            column: &mut parquet::file::writer::SerializedColumnWriter<'_>,
            values: &[T::T],
            levels: Option<&[i16]>,
        ) {
            let typed = column.typed::<T>();
            typed.write_batch(values, levels, None).unwrap();
        }
        fn apart<T: Copy>(values: &[Option<T>]) -> (Vec<T>, Vec<i16>) {
            let levels = values.iter().map(|value| i16::from(value.is_some()));
            (values.iter().flatten().copied().collect(), levels.collect())
        }
        match &all.next().unwrap().1 {
            Values::F32(values) => {
                let (values, levels) = apart(values);
                put::<FloatType>(&mut column, &values, Some(&levels));
            }
            Values::F64(values) => {
                let (values, levels) = apart(values);
                put::<DoubleType>(&mut column, &values, Some(&levels));
            }
            Values::I32(values) => put::<Int32Type>(&mut column, values, None),
            Values::I64(values) => put::<Int64Type>(&mut column, values, None),
            Values::Bool(values) => put::<BoolType>(&mut column, values, None),
            Values::Text(values) => {
                let values: Vec<ByteArray> = values.iter().map(|&text| text.into()).collect();
                put::<ByteArrayType>(&mut column, &values, None);
            }
        }
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

fn read_with(bytes: &[u8], options: &Options) -> anyhow::Result<Imported> {
    let folder = tempfile::tempdir().unwrap();
    // Told by content, not by name.
    let path = folder.path().join("walk");
    std::fs::write(&path, bytes).unwrap();
    import(&path, options)
}

fn read(bytes: &[u8]) -> Imported {
    read_with(bytes, &Options::default()).unwrap()
}

/// Six samples, 20 ms apart, with a gap of 3 s before the fifth.
const MICROS: [i64; 8] = [
    1_700_000_000_000_000,
    1_700_000_000_020_000,
    1_700_000_000_040_000,
    1_700_000_000_060_000,
    1_700_000_003_060_000,
    1_700_000_003_080_000,
    1_700_000_003_100_000,
    1_700_000_003_120_000,
];

const LABELS: [&str; 8] = [
    "up", "up", "up", "go down", "up", "up", "go down", "go down",
];

fn small(compression: Compression) -> Vec<u8> {
    let rises = |i: usize| [0.5, -0.25, 1e-3, 9.5, -3.25, 2.0, 0.0, 7.0][i];
    file(
        &[
            (
                "int64 taken (TIMESTAMP(MICROS,true))",
                Values::I64(MICROS.to_vec()),
            ),
            (
                "float ax_mg",
                Values::F32((0..8).map(|i| (i != 2).then(|| rises(i) as f32)).collect()),
            ),
            (
                "double ay",
                Values::F64((0..8).map(|i| Some(rises(7 - i))).collect()),
            ),
            (
                "int32 az (INTEGER(16,true))",
                Values::I32(vec![3, -2, 1, 0, 5, -9, 4, 2]),
            ),
            (
                "boolean pressed",
                Values::Bool(vec![true, false, true, true, false, false, true, false]),
            ),
            ("binary activity (UTF8)", Values::Text(LABELS.to_vec())),
            ("binary subject (UTF8)", Values::Text(vec!["anna"; 8])),
            ("binary note (UTF8)", Values::Text(vec!["a \"b\", c\n"; 8])),
            (
                "int64 __index_level_0__",
                Values::I64(vec![7, 9, 10, 11, 13, 14, 15, 17]),
            ),
        ],
        compression,
        Some(r#"{"index_columns": ["__index_level_0__"]}"#),
    )
}

#[test]
fn columns_play_the_parts_of_their_names_and_types() {
    let all = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for compression in all {
        let imported = read(&small(compression));
        assert_eq!(imported.formats.keys().collect::<Vec<_>>(), [&"Parquet"]);
        let recording = &imported.recordings[0];
        let names: Vec<(&str, &str)> = (recording.channels.iter())
            .map(|channel| (channel.name.as_str(), channel.unit.name()))
            .collect();
        let unknown = "unknown";
        assert_eq!(
            names,
            [
                ("ax", "g"),
                ("ay", unknown),
                ("az", unknown),
                ("pressed", unknown)
            ]
        );
        assert_eq!(recording.subject.as_deref(), Some("anna"));
        // The third has a missing value.
        assert_eq!((recording.samples(), &recording.gaps[..]), (7, &[2, 3][..]));
        assert_eq!(recording.sample(0), [0.0005, 7.0, 3.0, 1.0]);
        assert_eq!(recording.sample(2), [0.0095, -3.25, 0.0, 1.0]);
        let up = Some("up");
        let down = Some("go down");
        assert_eq!(
            recording.label_of_each(),
            [up, up, down, up, up, down, down]
        );
        let TimeBase::Stamps(stamps) = &recording.time else {
            panic!("{:?}", recording.time);
        };
        assert!((stamps[1] - stamps[0] - 0.02).abs() < 1e-6);
        for part in ["note", "__index_level_0__"] {
            let told = |note: &String| note.contains("left out") && note.contains(part);
            assert!(imported.notes.iter().any(told), "{:?}", imported.notes);
        }
    }
}

#[test]
fn stamps_of_every_unit_are_the_same_times() {
    let of = |declared: &str, scale: i64| {
        let values = MICROS.iter().map(|&micros| match scale {
            0 => micros / 1000,
            scale => micros * scale,
        });
        let ax = vec![3, -2, 1, 0, 5, -9, 4, 2];
        let columns = [
            ("int32 ax", Values::I32(ax)),
            (declared, Values::I64(values.collect())),
            ("binary label (UTF8)", Values::Text(LABELS.to_vec())),
        ];
        read(&file(&columns, Compression::SNAPPY, None))
    };
    let micros = of("int64 x (TIMESTAMP(MICROS,false))", 1);
    assert_eq!(micros.recordings[0].gaps, [4]);
    for (declared, scale) in [
        ("int64 y (TIMESTAMP(MILLIS,true))", 0),
        ("int64 z (TIMESTAMP(NANOS,true))", 1000),
        ("int64 w (TIMESTAMP_MICROS)", 1),
        // Bare numbers under a name that says so.
        ("int64 time", 1000),
        ("int64 timestamp", 0),
    ] {
        let other = of(declared, scale);
        let [a, b] = [&micros, &other].map(|found| found.recordings[0].clone());
        assert_eq!(
            (&a.gaps, &a.values, &a.labels),
            (&b.gaps, &b.values, &b.labels)
        );
        let (TimeBase::Stamps(a), TimeBase::Stamps(b)) = (a.time, b.time) else {
            panic!("{declared}: stamps");
        };
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() < 1e-5, "{declared}: {a} {b}");
        }
    }
}

#[test]
fn an_index_is_a_channel_only_where_it_is_asked_for() {
    let columns = [
        ("double ax", Values::F64([1.0, 5.0, 2.0].map(Some).to_vec())),
        ("int64 height", Values::I64(vec![4, 9, 2])),
    ];
    let bytes = file(
        &columns,
        Compression::SNAPPY,
        Some(r#"{"index_columns": ["height"]}"#),
    );
    let of = |channels: &[&str]| {
        let options = Options {
            channels: channels.iter().map(|&name| name.to_owned()).collect(),
            ..Options::default()
        };
        let imported = read_with(&bytes, &options).unwrap();
        imported.recordings[0].values.clone()
    };
    assert_eq!(of(&[]), [1.0, 5.0, 2.0]);
    assert_eq!(of(&["height"]), [4.0, 9.0, 2.0]);
    // An index of successive numbers is described and no column.
    let described = r#"{"index_columns": [{"kind": "range", "start": 0}], "columns": []}"#;
    let bytes = file(&columns, Compression::SNAPPY, Some(described));
    assert_eq!(read(&bytes).recordings[0].channels.len(), 2);
}

#[test]
fn what_cannot_be_read_is_refused() {
    let whole = small(Compression::SNAPPY);
    let text = [("binary label (UTF8)", Values::Text(vec!["a"; 3]))];
    let huge = [("double ax", Values::F64(vec![Some(1e300); 3]))];
    for (bytes, parts) in [
        (
            whole[..whole.len() - 9].to_vec(),
            &["walk", "truncated or damaged"][..],
        ),
        (b"PAR1".to_vec(), &["walk", "truncated or damaged"]),
        (
            file(&text, Compression::SNAPPY, None),
            &["no column is a channel among label"],
        ),
        (
            file(&huge, Compression::SNAPPY, None),
            &["row 1", "column ax", "is too large"],
        ),
    ] {
        let error = format!("{:#}", read_with(&bytes, &Options::default()).unwrap_err());
        for part in parts {
            assert!(error.contains(part), "{error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_panic(
        places in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..4),
        is_of_footer in any::<bool>(),
        compression in 0_usize..3,
        cut in any::<u16>(),
    ) {
        let compression = [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::LZ4_RAW][compression];
        let mut bytes = small(compression);
        let length = bytes.len();
        for (place, byte) in places {
            let within = if is_of_footer { length.min(1400) } else { length };
            let place = length - 1 - usize::from(place) % within;
            bytes[place] = byte;
        }
        let _ = read_with(&bytes, &Options::default());
        bytes.truncate(usize::from(cut) % length);
        let _ = read_with(&bytes, &Options::default());
    }

    #[test]
    fn no_random_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_with(&[b"PAR1", &bytes[..], b"PAR1"].concat(), &Options::default());
    }
}
