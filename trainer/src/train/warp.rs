//! Random movements of training images.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::augment::normal;
use crate::config::ImageAugmentation;
use crate::data::{ImageLayout, Sequences, Values};

/// Knots of the grid that bends an image, in each direction.
const KNOTS: usize = ImageAugmentation::KNOTS;

/// A vector in pixels: down, to the right.
type Pixels = [f32; 2];

/// Where in an image pixel `p` of the moved one is taken from: `matrix (p - middle) + middle + shift`, and the bend at `p`.
#[derive(Clone, Debug, PartialEq)]
struct Movement {
    /// The inverse of turn, slant and stretch, row by row.
    matrix: [Pixels; 2],
    shift: Pixels,
    /// The shift of each knot, row by row; none where nothing is bent.
    bend: Option<[[Pixels; KNOTS]; KNOTS]>,
}

impl Movement {
    /// Leaves an image as it is.
    #[cfg(test)]
    const NONE: Self = Self {
        matrix: [[1.0, 0.0], [0.0, 1.0]],
        shift: [0.0; 2],
        bend: None,
    };

    fn draw(config: &ImageAugmentation, random: &mut ChaCha8Rng) -> Self {
        let mut deviating = |deviation: f32| normal(random) * deviation;
        let shift = [(); 2].map(|()| deviating(config.shift));
        let (sin, cos) = deviating(config.turn).to_radians().sin_cos();
        let [down, right] = [(); 2].map(|()| deviating(config.stretch).exp());
        let slant = deviating(config.slant);
        let bend = (config.bend > 0.0).then(|| {
            [(); KNOTS].map(|()| [(); KNOTS].map(|()| [(); 2].map(|()| deviating(config.bend))))
        });
        Self {
            matrix: [
                [cos * down, sin * down],
                [(slant * cos - sin) * right, (cos + slant * sin) * right],
            ],
            shift,
            bend,
        }
    }
}

/// Moves every image of a batch; the same `(seed, step)` moves them in the same way.
pub(super) fn warp(
    images: &mut Sequences,
    layout: &ImageLayout,
    config: &ImageAugmentation,
    seed: u64,
    step: u64,
) {
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x696d_6167_6573_2121);
    random.set_stream(step);
    let Values::Numbers(values) = &mut images.values else {
        return;
    };
    let mut frame = Frame::new(layout);
    for sequence in values.packed_mut().chunks_exact_mut(layout.order.len()) {
        frame.fill(layout, sequence);
        frame.moved(layout, &Movement::draw(config, &mut random), sequence);
    }
}

/// An image between margins of background.
struct Frame {
    /// Pixels of a row, margins included.
    width: usize,
    /// Row by row.
    pixels: Vec<f32>,
}

impl Frame {
    /// Rows and columns of background before an image; there are as many and one more behind it.
    const MARGIN: usize = 1;

    fn new(layout: &ImageLayout) -> Self {
        let framed = |side| side + 2 * Self::MARGIN + 1;
        let width = framed(layout.width);
        Self {
            width,
            pixels: vec![0.0; width * framed(layout.height)],
        }
    }

    fn fill(&mut self, layout: &ImageLayout, sequence: &[f32]) {
        for (&pixel, &value) in layout.order.iter().zip(sequence) {
            let (row, column) = (pixel / layout.width, pixel % layout.width);
            self.pixels[(row + Self::MARGIN) * self.width + column + Self::MARGIN] = value;
        }
    }

    /// The moved image as a sequence.
    fn moved(&self, layout: &ImageLayout, movement: &Movement, sequence: &mut [f32]) {
        let middle = [layout.height, layout.width].map(|side| (side - 1) as f32 / 2.0);
        let bends = movement.bend.as_ref().map(|knots| {
            let along = |side: usize| (0..side).map(|at| between_knots(at, side)).collect();
            let [rows, columns]: [Vec<_>; 2] = [along(layout.height), along(layout.width)];
            (knots, rows, columns)
        });
        for (&pixel, value) in layout.order.iter().zip(sequence) {
            let (row, column) = (pixel / layout.width, pixel % layout.width);
            let from_middle = [row as f32 - middle[0], column as f32 - middle[1]];
            let bend = match &bends {
                Some((knots, rows, columns)) => bend(knots, rows[row], columns[column]),
                None => [0.0; 2],
            };
            let [down, right] = std::array::from_fn(|axis| {
                let [a, b] = movement.matrix[axis];
                let turned = a * from_middle[0] + b * from_middle[1];
                turned + movement.shift[axis] + middle[axis] + bend[axis]
            });
            *value = self.between(down, right, layout);
        }
    }

    /// The value at a place, in straight lines between the four pixels around it; background beyond the margins.
    fn between(&self, down: f32, right: f32, layout: &ImageLayout) -> f32 {
        let margin = Self::MARGIN as f32;
        let framed = |at: f32, side: usize| (at + margin).clamp(0.0, side as f32 + margin);
        let (down, right) = (framed(down, layout.height), framed(right, layout.width));
        let (row, column) = (down as usize, right as usize);
        let (low, after) = (down - row as f32, right - column as f32);
        let at = row * self.width + column;
        let in_row = |at: usize| self.pixels[at] + (self.pixels[at + 1] - self.pixels[at]) * after;
        let (upper, lower) = (in_row(at), in_row(at + self.width));
        upper + (lower - upper) * low
    }
}

/// The knot before pixel `at` of `side`, and the weight of the next one: it rises from 0 to 1 with a slope of 0 at both.
fn between_knots(at: usize, side: usize) -> (usize, f32) {
    let place = at as f32 * (KNOTS - 1) as f32 / side.max(2).saturating_sub(1) as f32;
    let knot = (place as usize).min(KNOTS - 2);
    let part = place - knot as f32;
    (knot, part * part * (3.0 - 2.0 * part))
}

/// The bend between four knots.
fn bend(knots: &[[Pixels; KNOTS]; KNOTS], row: (usize, f32), column: (usize, f32)) -> Pixels {
    std::array::from_fn(|axis| {
        let in_row = |row: usize| {
            let (left, right) = (knots[row][column.0][axis], knots[row][column.0 + 1][axis]);
            left + (right - left) * column.1
        };
        let (upper, lower) = (in_row(row.0), in_row(row.0 + 1));
        upper + (lower - upper) * row.1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Targets, Task};
    use proptest::prelude::*;

    fn layout(task: Task) -> ImageLayout {
        ImageLayout::of(task).expect("images")
    }

    /// An image in reading order, and the same in that of `layout`.
    fn image() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(0.0_f32..1.0, 28 * 28)
    }

    fn sequence(image: &[f32], layout: &ImageLayout) -> Vec<f32> {
        layout.order.iter().map(|&pixel| image[pixel]).collect()
    }

    fn moved(image: &[f32], task: Task, movement: &Movement) -> Vec<f32> {
        let layout = layout(task);
        let mut sequence = sequence(image, &layout);
        let mut frame = Frame::new(&layout);
        frame.fill(&layout, &sequence);
        frame.moved(&layout, movement, &mut sequence);
        sequence
    }

    fn warped(image: &[f32], task: Task, config: &ImageAugmentation, step: u64) -> Vec<f32> {
        let layout = layout(task);
        let values = [sequence(image, &layout), sequence(image, &layout)].concat();
        let mut images =
            Sequences::new(1, 784, values, Targets::Class(vec![3, 4]), vec![]).expect("two");
        warp(&mut images, &layout, config, 7, step);
        images.values.numbers().to_vec()
    }

    /// All changes at once.
    const ALL: ImageAugmentation = ImageAugmentation {
        shift: 1.5,
        turn: 10.0,
        stretch: 0.1,
        slant: 0.2,
        bend: 0.5,
    };

    proptest! {
        #[test]
        fn zeros_leave_an_image_as_it_is(image in image()) {
            for task in [Task::Smnist, Task::Pmnist] {
                let same = sequence(&image, &layout(task));
                prop_assert_eq!(&moved(&image, task, &Movement::NONE), &same);
                let warped = warped(&image, task, &ImageAugmentation::default(), 3);
                prop_assert_eq!(&warped[..784], &same[..]);
                prop_assert_eq!(&warped[784..], &same[..]);
            }
        }

        /// The naive form: a shift by whole pixels moves the array, background comes in.
        #[test]
        fn whole_pixels_move_the_array(image in image(), down in -30_i32..30, right in -30_i32..30) {
            let movement = Movement { shift: [down as f32, right as f32], ..Movement::NONE };
            let of_place = |pixel: i32| {
                let (row, column) = (pixel / 28 + down, pixel % 28 + right);
                let inside = (0..28).contains(&row) && (0..28).contains(&column);
                if inside { image[(row * 28 + column) as usize] } else { 0.0 }
            };
            let expected: Vec<f32> = (0..784).map(of_place).collect();
            prop_assert_eq!(moved(&image, Task::Smnist, &movement), expected);
        }

        #[test]
        fn a_permuted_image_is_moved_as_the_image_is(image in image(), step in 0_u64..1000) {
            let layout = layout(Task::Pmnist);
            let [plain, permuted] = [Task::Smnist, Task::Pmnist].map(|task| warped(&image, task, &ALL, step));
            for (plain, permuted) in plain.chunks(784).zip(permuted.chunks(784)) {
                prop_assert_eq!(sequence(plain, &layout), permuted);
            }
        }

        #[test]
        fn values_stay_between_those_of_the_image_and_background(image in image(), step in 0_u64..1000) {
            let most = image.iter().copied().fold(0.0, f32::max);
            let config = ImageAugmentation { shift: 14.0, turn: 180.0, stretch: 1.0, slant: 1.0, bend: 14.0 };
            let all = warped(&image, Task::Smnist, &config, step);
            prop_assert!(all.iter().all(|value| (-1e-6..=most + 1e-6).contains(value)));
        }
    }

    /// The middle of mass of a spot, down and to the right, as far as it is inside.
    fn middle_of(image: &[f32]) -> Pixels {
        let mass: f32 = image.iter().sum();
        let place = |axis: usize, pixel: usize| [pixel / 28, pixel % 28][axis] as f32;
        [0, 1].map(|axis| {
            let sum = image
                .iter()
                .enumerate()
                .map(|(pixel, value)| place(axis, pixel) * value);
            sum.sum::<f32>() / mass
        })
    }

    /// A spot of 3 by 3 pixels around this row and column.
    fn spot(row: usize, column: usize) -> Vec<f32> {
        let is_near =
            |pixel: usize| (pixel / 28).abs_diff(row) <= 1 && (pixel % 28).abs_diff(column) <= 1;
        (0..784)
            .map(|pixel| f32::from(u8::from(is_near(pixel))))
            .collect()
    }

    /// What `config` does to a spot, in many draws: the deviation of each coordinate from where the spot was.
    fn deviations(config: ImageAugmentation, row: usize, column: usize) -> Pixels {
        let image = spot(row, column);
        let mut sums = [0.0_f32; 2];
        for step in 0..500 {
            for moved in warped(&image, Task::Smnist, &config, step).chunks(784) {
                let [down, right] = middle_of(moved);
                sums[0] += (down - row as f32).powi(2);
                sums[1] += (right - column as f32).powi(2);
            }
        }
        sums.map(|sum| (sum / 1000.0).sqrt())
    }

    #[test]
    fn movements_are_as_far_as_stated() {
        let none = ImageAugmentation::default();
        let near = |found: Pixels, expected: Pixels| {
            let is_near =
                |axis: usize| (found[axis] - expected[axis]).abs() < 0.1 + 0.1 * expected[axis];
            assert!(is_near(0) && is_near(1), "{found:?}, expected {expected:?}");
        };
        near(
            deviations(ImageAugmentation { shift: 2.0, ..none }, 14, 14),
            [2.0, 2.0],
        );
        // Nine pixels to the right of the middle: 0.1 radians are 0.95 pixels up or down.
        near(
            deviations(
                ImageAugmentation {
                    turn: 0.1_f32.to_degrees(),
                    ..none
                },
                14,
                23,
            ),
            [0.95, 0.0],
        );
        near(
            deviations(
                ImageAugmentation {
                    stretch: 0.1,
                    ..none
                },
                23,
                14,
            ),
            [0.95, 0.0],
        );
        near(
            deviations(ImageAugmentation { slant: 0.1, ..none }, 23, 14),
            [0.0, 0.95],
        );
    }

    /// A pixel of a ramp is worth its row, or its column: so the moved one tells where it is from. Every second knot is a pixel.
    #[test]
    fn knots_are_shifted_as_far_as_stated() {
        let config = ImageAugmentation {
            bend: 0.5,
            ..ImageAugmentation::default()
        };
        for axis in [0, 1] {
            let ramp: Vec<f32> = (0..784).map(|at| [at / 28, at % 28][axis] as f32).collect();
            for at in [[9, 9], [9, 18], [18, 9]] {
                let square = |step| {
                    let moved = warped(&ramp, Task::Smnist, &config, step);
                    (moved[at[0] * 28 + at[1]] - at[axis] as f32).powi(2)
                };
                let deviation = ((0..500).map(square).sum::<f32>() / 500.0).sqrt();
                assert!((deviation - 0.5).abs() < 0.08, "{deviation}");
            }
        }
    }

    #[test]
    fn equal_seeds_and_steps_move_equally() {
        let image = spot(10, 12);
        let at = |step| warped(&image, Task::Pmnist, &ALL, step);
        assert_eq!(at(5), at(5));
        assert_ne!(at(5), at(6));
        // The images of a batch move by themselves.
        assert_ne!(at(5)[..784], at(5)[784..]);
    }
}
