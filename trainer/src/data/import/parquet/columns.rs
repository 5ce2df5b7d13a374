//! Columns of a Parquet file: the meaning of their values, batches of them, and fields as text has them.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use chrono::{DateTime, NaiveTime};
use parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray,
    FixedLenByteArrayType, FloatType, Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescriptor;

use super::pages;
use crate::data::import::context::Reading;

/// Rows that are decoded at once.
pub(super) const BATCH: usize = 1024;
/// Bytes of a text that are read: labels and names.
const MOST_TEXT: usize = 4096;

/// Meaning of the values of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// Numbers as they are, or truths as 0 and 1.
    Number,
    /// Whole numbers without a sign.
    Unsigned,
    /// Whole numbers with so many decimals.
    Decimal(i32),
    /// Floats of 16 bits.
    Half,
    Text,
    /// Moments, so many a second since 1970.
    Moment(i64),
    /// Times of day, so many a second since midnight.
    OfDay(i64),
    /// Days since 1970.
    Day,
}

impl Meaning {
    /// The meaning of a column; none of one that is not read.
    pub fn of(column: &ColumnDescriptor) -> Option<Self> {
        let a_second = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        };
        let physical = column.physical_type();
        let is_whole = matches!(physical, Physical::INT32 | Physical::INT64);
        Some(match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Timestamp(time)), _) if physical == Physical::INT64 => {
                Self::Moment(a_second(&time.unit))
            }
            (Some(LogicalType::Time(time)), _) if is_whole => Self::OfDay(a_second(&time.unit)),
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE)
                if physical == Physical::INT32 =>
            {
                Self::Day
            }
            (Some(LogicalType::Decimal(decimal)), _) if is_whole => Self::Decimal(decimal.scale),
            (Some(LogicalType::Float16), _)
                if physical == Physical::FIXED_LEN_BYTE_ARRAY && column.type_length() == 2 =>
            {
                Self::Half
            }
            (Some(LogicalType::Integer(integer)), _) if is_whole && !integer.is_signed => {
                Self::Unsigned
            }
            (None, ConvertedType::TIMESTAMP_MILLIS) if is_whole => Self::Moment(1_000),
            (None, ConvertedType::TIMESTAMP_MICROS) if is_whole => Self::Moment(1_000_000),
            (None, ConvertedType::TIME_MILLIS) if is_whole => Self::OfDay(1_000),
            (None, ConvertedType::TIME_MICROS) if is_whole => Self::OfDay(1_000_000),
            (None, ConvertedType::DECIMAL) if is_whole => Self::Decimal(column.type_scale()),
            (
                None,
                ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64,
            ) if is_whole => Self::Unsigned,
            (Some(LogicalType::Decimal(_)), _) | (None, ConvertedType::DECIMAL) => return None,
            _ => match physical {
                Physical::INT96 => Self::Moment(1_000_000_000),
                Physical::BYTE_ARRAY => Self::Text,
                Physical::FIXED_LEN_BYTE_ARRAY => return None,
                _ => Self::Number,
            },
        })
    }

    /// Whether it is a time, whatever the column's name.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Moment(_) | Self::OfDay(_) | Self::Day)
    }
}

/// Values that are not missing.
enum Values {
    Bool(ColumnReaderImpl<BoolType>, Vec<bool>),
    I32(ColumnReaderImpl<Int32Type>, Vec<i32>),
    I64(ColumnReaderImpl<Int64Type>, Vec<i64>),
    I96(ColumnReaderImpl<Int96Type>, Vec<Int96>),
    F32(ColumnReaderImpl<FloatType>, Vec<f32>),
    F64(ColumnReaderImpl<DoubleType>, Vec<f64>),
    Bytes(ColumnReaderImpl<ByteArrayType>, Vec<ByteArray>),
    Fixed(
        ColumnReaderImpl<FixedLenByteArrayType>,
        Vec<FixedLenByteArray>,
    ),
}

/// A column of a group of rows, read batch by batch.
pub(super) struct Column {
    meaning: Meaning,
    values: Values,
    /// Level of a value that is there.
    present: i16,
    levels: Vec<i16>,
    /// Number of the next value of the batch.
    next: usize,
}

impl Column {
    /// Begins to read the column of this number, after a check of its pages.
    ///
    /// # Errors
    /// It lies outside of the file, is compressed in an unknown way, or is damaged.
    pub fn open(
        file: &Bytes,
        group: &RowGroupMetaData,
        number: usize,
        meaning: Meaning,
        reading: &Reading<'_>,
    ) -> Result<Self> {
        let chunk = group.column(number);
        ensure!(
            !matches!(
                chunk.compression(),
                Compression::BROTLI(_) | Compression::LZO
            ),
            "its compression {} is not read: write it with snappy, gzip, LZ4 or zstd",
            chunk.compression()
        );
        let descriptor = chunk.column_descr_ptr();
        let first = chunk.dictionary_page_offset();
        let start = usize::try_from(first.unwrap_or(chunk.data_page_offset())).ok();
        let length = usize::try_from(chunk.compressed_size()).ok();
        let end = start
            .zip(length)
            .and_then(|(start, length)| start.checked_add(length));
        let bytes = start.zip(end).and_then(|(start, end)| file.get(start..end));
        let bytes = bytes.context("it lies outside of the file")?;
        ensure!(
            chunk.num_values() == group.num_rows(),
            "it has {} values, but there are {} rows",
            chunk.num_values(),
            group.num_rows()
        );
        let width = match descriptor.physical_type() {
            Physical::FIXED_LEN_BYTE_ARRAY => i64::from(descriptor.type_length()),
            Physical::BYTE_ARRAY | Physical::INT32 | Physical::FLOAT => 4,
            _ => 8,
        };
        reading
            .budget
            .take(pages::check(bytes, chunk.num_values(), width)?)?;
        let rows = usize::try_from(group.num_rows()).context("a negative number of rows")?;
        let pages = SerializedPageReader::new(Arc::new(file.clone()), chunk, rows, None)?;
        let present = descriptor.max_def_level();
        let values = match get_column_reader(descriptor, Box::new(pages)) {
            ColumnReader::BoolColumnReader(reader) => Values::Bool(reader, Vec::new()),
            ColumnReader::Int32ColumnReader(reader) => Values::I32(reader, Vec::new()),
            ColumnReader::Int64ColumnReader(reader) => Values::I64(reader, Vec::new()),
            ColumnReader::Int96ColumnReader(reader) => Values::I96(reader, Vec::new()),
            ColumnReader::FloatColumnReader(reader) => Values::F32(reader, Vec::new()),
            ColumnReader::DoubleColumnReader(reader) => Values::F64(reader, Vec::new()),
            ColumnReader::ByteArrayColumnReader(reader) => Values::Bytes(reader, Vec::new()),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                Values::Fixed(reader, Vec::new())
            }
        };
        Ok(Self {
            meaning,
            values,
            present,
            levels: Vec::new(),
            next: 0,
        })
    }

    /// Decodes the next rows, of which there must be `count`.
    ///
    /// # Errors
    /// There are fewer, or they are damaged.
    pub fn batch(&mut self, count: usize) -> Result<()> {
        self.levels.clear();
        self.next = 0;
        let levels = &mut self.levels;
        let read = match &mut self.values {
            Values::Bool(reader, values) => decode(reader, values, levels, count),
            Values::I32(reader, values) => decode(reader, values, levels, count),
            Values::I64(reader, values) => decode(reader, values, levels, count),
            Values::I96(reader, values) => decode(reader, values, levels, count),
            Values::F32(reader, values) => decode(reader, values, levels, count),
            Values::F64(reader, values) => decode(reader, values, levels, count),
            Values::Bytes(reader, values) => decode(reader, values, levels, count),
            Values::Fixed(reader, values) => decode(reader, values, levels, count),
        }?;
        let there = match self.present {
            0 => read == count,
            _ => {
                self.levels.len() == count
                    && read
                        == self
                            .levels
                            .iter()
                            .filter(|&&level| level == self.present)
                            .count()
            }
        };
        ensure!(there, "it has fewer values than there are rows");
        Ok(())
    }

    /// Writes the field of row `row` of the batch; nothing for a value that is missing. Rows are asked for in their order.
    pub fn field(&mut self, row: usize, field: &mut String) -> Result<()> {
        field.clear();
        if self
            .levels
            .get(row)
            .is_some_and(|&level| level != self.present)
        {
            return Ok(());
        }
        let at = self.next;
        self.next += 1;
        const MISSING: &str = "a value is missing";
        match &self.values {
            Values::Bool(_, values) => {
                let value = *values.get(at).context(MISSING)?;
                field.push(if value { '1' } else { '0' });
            }
            Values::I32(_, values) => {
                let value = *values.get(at).context(MISSING)?;
                let value = match self.meaning {
                    Meaning::Unsigned => i64::from(value as u32),
                    _ => i64::from(value),
                };
                whole(value, self.meaning, field)?;
            }
            Values::I64(_, values) => match (*values.get(at).context(MISSING)?, self.meaning) {
                (value, Meaning::Unsigned) => write!(field, "{}", value as u64)?,
                (value, meaning) => whole(value, meaning, field)?,
            },
            Values::I96(_, values) => {
                whole(
                    values.get(at).context(MISSING)?.to_nanos(),
                    self.meaning,
                    field,
                )?;
            }
            Values::F32(_, values) => float(f64::from(*values.get(at).context(MISSING)?), field)?,
            Values::F64(_, values) => float(*values.get(at).context(MISSING)?, field)?,
            Values::Bytes(_, values) => {
                let bytes = values.get(at).context(MISSING)?.data();
                ensure!(
                    bytes.len() <= MOST_TEXT,
                    "a text of {} bytes; read are those of up to {MOST_TEXT}",
                    bytes.len()
                );
                field.push_str(String::from_utf8_lossy(bytes).trim());
            }
            Values::Fixed(_, values) => {
                let bytes = values.get(at).context(MISSING)?.data();
                let bytes: [u8; 2] = bytes.try_into().context("a float of another width")?;
                float(half::f16::from_le_bytes(bytes).to_f64(), field)?;
            }
        }
        Ok(())
    }
}

/// Decodes `count` rows; returns the number of values that are not missing.
fn decode<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    values: &mut Vec<T::T>,
    levels: &mut Vec<i16>,
    count: usize,
) -> Result<usize> {
    values.clear();
    let mut left = count;
    while left > 0 {
        let (rows, ..) = reader.read_records(left, Some(&mut *levels), None, values)?;
        ensure!(
            rows > 0 && rows <= left,
            "it has fewer values than there are rows"
        );
        left -= rows;
    }
    Ok(values.len())
}

/// Writes a float as the shortest text that says the same; nothing for one that is none.
fn float(value: f64, field: &mut String) -> Result<()> {
    if !value.is_nan() {
        write!(field, "{value:e}")?;
    }
    Ok(())
}

/// Writes a whole number by its meaning.
fn whole(value: i64, meaning: Meaning, field: &mut String) -> Result<()> {
    match meaning {
        Meaning::Moment(a_second) => {
            let nanos = value.rem_euclid(a_second) * (1_000_000_000 / a_second);
            let moment = DateTime::from_timestamp(value.div_euclid(a_second), nanos as u32);
            let moment = moment.context("a date beyond what a calendar has")?;
            write!(field, "{}", moment.format("%Y-%m-%d %H:%M:%S%.9f"))?;
        }
        Meaning::OfDay(a_second) => {
            let nanos = value.rem_euclid(a_second) * (1_000_000_000 / a_second);
            let seconds = u32::try_from(value.div_euclid(a_second)).unwrap_or(u32::MAX);
            let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos as u32);
            let time = time.context("a time of day beyond a day")?;
            write!(field, "{}", time.format("%H:%M:%S%.9f"))?;
        }
        Meaning::Day => {
            let moment = DateTime::from_timestamp(value.saturating_mul(86_400), 0);
            let day = moment.context("a date beyond what a calendar has")?;
            write!(field, "{}", day.format("%Y-%m-%d"))?;
        }
        Meaning::Decimal(scale) => {
            ensure!((0..=38).contains(&scale), "numbers of {scale} decimals");
            float(value as f64 / 10_f64.powi(scale), field)?;
        }
        _ => write!(field, "{value}")?,
    }
    Ok(())
}
