//! A shipped network with a metric, for tests.

use hadamrnn_runtime::format::{Part, encode_with_parts, part};
use hadamrnn_runtime::kernel::Fwht;
use hadamrnn_runtime::{Metric, Model, RoomOf, Session};

use crate::windows::{HEADER_LEN, decode_sample};

const RECORDED: &[u8] = include_bytes!("../../../models/har2/windows.bin");
/// Samples of a window.
const WINDOW: usize = 64;

/// The file of `shipped`, a network of nine channels and up to 128 units, with an arbitrary metric of six dimensions;
/// lives as long as the tests do.
pub(crate) fn with_metric(shipped: &[u8], threshold: u32) -> &'static [u8] {
    let model = Model::from_bytes(shipped).expect("valid");
    let (units, classes) = (model.top().hidden_size(), model.class_count());
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = || {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        (state >> 33) as u32
    };
    let mut words = vec![1 | (classes as u32) << 8 | 6 << 16, 300, threshold];
    words.push((0..6).fold(0, |word, i| word | 9 << (5 * i)));
    let mut code = || (random() % 64) as i8 - 32;
    words.extend((0..3 * units / 2).map(|_| u32::from_le_bytes([0; 4].map(|_| code() as u8))));
    let projection = words.clone();
    words.extend(vec![0; 4 * classes]);
    let metric = Metric::new(&words, units).expect("valid");
    // Each class where the first recorded window of it is.
    let mut centres = vec![0; 4 * classes];
    for window in RECORDED[HEADER_LEN..].chunks_exact(18 * WINDOW).rev() {
        let mut session = Session::<RoomOf<Fwht, 128, 9>>::new(&model).expect("room");
        for sample in window.chunks_exact(18) {
            let mut values = [0; 9];
            decode_sample(sample, &mut values);
            session.push(&values).expect("a sample");
        }
        let [a, b, c, d, e, f, ..] = session.place(&metric).map(|z| z as u32 & 0xFFFF);
        let centre = [250, a | b << 16, c | d << 16, e | f << 16];
        centres[4 * session.class()..][..4].copy_from_slice(&centre);
    }
    let words = [projection, centres].concat();
    let mut header = *model.header();
    header.addition.bounds = model.bounds();
    let metric = Part {
        id: part::METRIC,
        critical: false,
        words: &words,
    };
    let mut file = vec![0; shipped.len() + 4 * words.len() + 64];
    let weights = model.sections().all().concat();
    let length = encode_with_parts(&header, &weights, &[metric], &mut file).expect("room");
    // On a boundary of words.
    let mut aligned = vec![0u32; length.div_ceil(4)];
    bytemuck::cast_slice_mut(&mut aligned)[..length].copy_from_slice(&file[..length]);
    &bytemuck::cast_slice(aligned.leak())[..length]
}
