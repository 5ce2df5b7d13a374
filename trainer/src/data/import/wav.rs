//! WAV: samples of a sound, or of a sensor that was recorded as one, by `hound`. Whole numbers of 16 bits stay counts, those of fewer
//! are brought to the full scale of 16, others are of the range -1 to 1.

use std::io::Cursor;

use anyhow::{Context, Result, ensure};

use super::context::Reading;
use super::recording::{Channel, Recording, TimeBase};
use super::unit::Unit;
use super::{File, Format};

pub(super) const WAV: Format = Format {
    name: "WAV",
    detect: |file| match file.bytes.starts_with(b"RIFF") && file.bytes.get(8..12) == Some(b"WAVE") {
        true => 100,
        false => 0,
    },
    read,
};

fn read(file: &File<'_>, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    const DAMAGED: &str = "it is truncated, damaged or of a kind that is not read: save it as PCM";
    let mut wav = hound::WavReader::new(Cursor::new(file.bytes)).context(DAMAGED)?;
    let spec = wav.spec();
    ensure!(
        (1..=64).contains(&spec.channels) && spec.sample_rate > 0,
        "{DAMAGED}"
    );
    // The length that the header states is not believed.
    reading.budget.take(file.bytes.len().saturating_mul(4))?;
    let channels = (1..=spec.channels).map(|i| match spec.bits_per_sample {
        ..=16 if spec.sample_format == hound::SampleFormat::Int => {
            Channel::new(format!("c{i}"), Unit::Counts)
        }
        _ => Channel::new(format!("c{i}"), Unit::Unknown),
    });
    let mut recording = Recording::new(file.name(), channels.collect());
    recording.values = match (spec.sample_format, spec.bits_per_sample) {
        (hound::SampleFormat::Float, _) => wav
            .samples::<f32>()
            .collect::<Result<_, _>>()
            .context(DAMAGED)?,
        (hound::SampleFormat::Int, bits) => {
            let factor = match bits {
                ..=16 => (1_u32 << (16 - bits)) as f32,
                _ => 1.0 / (1_u64 << (bits.min(32) - 1)) as f32,
            };
            if bits < 16 {
                reading.note(format!(
                    "{}: its samples of {bits} bits are multiplied by {factor}, to the full scale of 16 bits",
                    recording.name
                ));
            }
            let value = |sample: hound::Result<i32>| sample.map(|sample| sample as f32 * factor);
            wav.samples::<i32>()
                .map(value)
                .collect::<Result<_, _>>()
                .context(DAMAGED)?
        }
    };
    ensure!(
        recording.values.iter().all(|value| !value.is_infinite()),
        "{DAMAGED}"
    );
    let whole = recording.samples() * recording.channels.len();
    recording.values.truncate(whole);
    recording.time = TimeBase::Rate(f64::from(spec.sample_rate));
    Ok(vec![recording])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::read_as;
    use super::*;

    fn read_wav(bytes: &[u8]) -> Result<Recording> {
        read_as(&WAV, "walk.wav", bytes).map(|mut all| all.remove(0))
    }

    fn wav(
        bits: u16,
        format: hound::SampleFormat,
        write: impl Fn(&mut hound::WavWriter<&mut Cursor<Vec<u8>>>),
    ) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 100,
            bits_per_sample: bits,
            sample_format: format,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        write(&mut writer);
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn counts() -> Vec<u8> {
        wav(16, hound::SampleFormat::Int, |writer| {
            for value in [1_i16, -2, 32_767, -32_768] {
                writer.write_sample(value).unwrap();
            }
        })
    }

    #[test]
    fn samples_are_read_in_their_order() {
        let found = read_wav(&counts()).unwrap();
        assert_eq!(found.values, [1.0, -2.0, 32_767.0, -32_768.0]);
        assert_eq!(
            (found.time, found.channels.len(), found.channels[0].unit),
            (TimeBase::Rate(100.0), 2, Unit::Counts)
        );
        let wide = wav(24, hound::SampleFormat::Int, |writer| {
            writer.write_sample(1 << 22).unwrap();
            writer.write_sample(-(1 << 23)).unwrap();
        });
        assert_eq!(read_wav(&wide).unwrap().values, [0.5, -1.0]);
        // Of one full scale, whatever the bits.
        let narrow = wav(8, hound::SampleFormat::Int, |writer| {
            for value in [1_i8, -2, 127, -128] {
                writer.write_sample(value).unwrap();
            }
        });
        let found = read_wav(&narrow).unwrap();
        assert_eq!(found.values, [256.0, -512.0, 32_512.0, -32_768.0]);
        assert_eq!(found.channels[0].unit, Unit::Counts);
        let float = wav(32, hound::SampleFormat::Float, |writer| {
            writer.write_sample(0.25_f32).unwrap();
            writer.write_sample(f32::NAN).unwrap();
        });
        assert!(read_wav(&float).unwrap().values[1].is_nan());
        let bytes = counts();
        assert!(read_wav(&bytes[..bytes.len() - 3]).is_err());
        assert!(read_wav(&bytes[..20]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(place in any::<usize>(), byte in any::<u8>(), cut in any::<usize>()) {
            let mut bytes = counts();
            let place = place % bytes.len();
            bytes[place] = byte;
            bytes.truncate(cut % (bytes.len() + 1));
            let _ = read_wav(&bytes);
        }
    }
}
