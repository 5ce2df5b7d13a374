//! Segments that are there twice, by their content.

use std::path::PathBuf;

use super::segments::{Segment, Segments};
use crate::visible;

/// Leaves out segments whose samples and label are there already, and tells of them and of samples with two labels.
pub(super) fn leave_out(segments: &mut Segments, files: &[PathBuf]) {
    let place = |segment: &Segment| segment.origin(files);
    let mut copies = Examples::default();
    let mut contradictions = Examples::default();
    let mut kept: Vec<Segment> = Vec::with_capacity(segments.all.len());
    // Equal ones are neighbours, and among them those of one class, in the order of the files.
    for segment in std::mem::take(&mut segments.all) {
        let before = kept.last().filter(|before| before.id == segment.id);
        match before {
            Some(before) if before.class == segment.class => {
                copies.add(|| format!("{} is a copy of {}", place(&segment), place(before)));
                continue;
            }
            Some(before) => contradictions.add(|| {
                let name = |segment: &Segment| visible::name(&segments.classes[segment.class]);
                format!(
                    "{} is \"{}\", {} is \"{}\"",
                    place(before),
                    name(before),
                    place(&segment),
                    name(&segment)
                )
            }),
            None => {}
        }
        kept.push(segment);
    }
    segments.all = kept;
    segments
        .notes
        .extend(copies.note("intervals are there twice and count once"));
    segments
        .notes
        .extend(contradictions.note("intervals are there with two labels, of which one is wrong"));
}

/// Things that are counted, with the first one told.
#[derive(Default)]
struct Examples {
    count: usize,
    first: Option<String>,
}

impl Examples {
    fn add(&mut self, text: impl FnOnce() -> String) {
        self.count += 1;
        self.first.get_or_insert_with(text);
    }

    fn note(self, what: &str) -> Option<String> {
        let Self { count, first } = self;
        first.map(|first| format!("warning: {count} {what}: {first}"))
    }
}
