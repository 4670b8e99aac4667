//! Augmentation: training pictures varied anew for each sample and epoch.

use distil_recipe::recipe::AugmentTable;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::rng::{Seed, Stream};
use crate::sample::SampleId;

/// How pictures are varied: a crop after padding, a mirror, a square cut out (DeVries & Taylor 2017).
///
/// Features are moved after they are scaled, so what moves in and what is cut out is 0: the mean, where the data is
/// standardised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Augment {
    /// The most pixels a picture is shifted by along each axis.
    pub shift: usize,
    /// Whether half of all pictures are mirrored left to right.
    pub flip: bool,
    /// The side of the square cut out.
    pub cutout: usize,
    /// Height, width and channels of a picture.
    #[serde(skip)]
    shape: [usize; 3],
}

/// What becomes of one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    /// Where the first row and column are read, relative to the picture.
    from: [i64; 2],
    mirror: bool,
    /// Rows and columns from … to … that are 0.
    hole: [[i64; 2]; 2],
}

/// The changes of an epoch: a pure function of seed, epoch and sample, the same for everyone who reads the sample.
#[derive(Debug, Clone, Copy)]
pub struct Augmentation {
    rule: Augment,
    seed: Seed,
    epoch: u64,
}

impl Augment {
    /// What the recipe asks for, for samples of this shape.
    ///
    /// # Errors
    /// Samples that are no pictures; a shift or a square that does not fit into them.
    pub fn new(table: &AugmentTable, shape: &[usize]) -> Result<Self> {
        let refuse =
            |reason: String, remedy: &str| Err(Error::input("data.augment", reason).remedy(remedy));
        let shape = match *shape {
            [height, width] => [height, width, 1],
            [height, width, channels] => [height, width, channels],
            _ => {
                return refuse(
                    format!("a sample of shape {shape:?} is no picture"),
                    "Remove `augment`",
                );
            }
        };
        let side = shape[0].min(shape[1]);
        for (key, number) in [("shift", &table.shift), ("cutout", &table.cutout)] {
            if number.value >= side as u64 {
                return refuse(
                    format!(
                        "`{key} = {}` leaves nothing of {} × {} pixels",
                        number.value, shape[0], shape[1]
                    ),
                    "Use a smaller number",
                );
            }
        }
        Ok(Self {
            shift: table.shift.value as usize,
            flip: table.flip.value,
            cutout: table.cutout.value as usize,
            shape,
        })
    }

    /// The changes of this epoch.
    pub fn epoch(self, seed: Seed, epoch: u64) -> Augmentation {
        Augmentation {
            rule: self,
            seed,
            epoch,
        }
    }

    fn draw(&self, stream: &mut Stream) -> Change {
        let shift = self.shift as i64;
        let mut from = || stream.below(2 * self.shift as u64 + 1) as i64 - shift;
        let from = [from(), from()];
        let mirror = self.flip && stream.below(2) == 1;
        let mut hole = |length: usize| match self.cutout {
            0 => [0, 0],
            side => {
                let start = stream.below(length as u64) as i64 - side as i64 / 2;
                [start, start + side as i64]
            }
        };
        let [height, width, _] = self.shape;
        Change {
            from,
            mirror,
            hole: [hole(height), hole(width)],
        }
    }
}

impl Augmentation {
    /// Appends a sample's features, `[height, width, channels]`, as this epoch changes them.
    pub(super) fn push(&self, id: SampleId, features: &[f32], out: &mut Vec<f32>) {
        let mut stream = self.seed.stream("augment", &[self.epoch, u64::from(id.0)]);
        self.rule
            .draw(&mut stream)
            .push(self.rule.shape, features, out);
    }
}

impl Change {
    fn push(&self, [height, width, channels]: [usize; 3], features: &[f32], out: &mut Vec<f32>) {
        let inside = |at: i64, length: usize| usize::try_from(at).ok().filter(|at| *at < length);
        let in_hole = |at: usize, [start, end]: [i64; 2]| (start..end).contains(&(at as i64));
        for y in 0..height {
            let row = inside(y as i64 + self.from[0], height);
            for x in 0..width {
                let seen = if self.mirror { width - 1 - x } else { x };
                let column = inside(seen as i64 + self.from[1], width);
                match (row, column) {
                    (Some(row), Some(column))
                        if !(in_hole(y, self.hole[0]) && in_hole(x, self.hole[1])) =>
                    {
                        let at = (row * width + column) * channels;
                        out.extend_from_slice(&features[at..at + channels]);
                    }
                    _ => out.extend(std::iter::repeat_n(0.0, channels)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 2 × 3 picture of two channels, changed.
    fn changed(from: [i64; 2], mirror: bool, hole: [[i64; 2]; 2]) -> Vec<f32> {
        let features: Vec<f32> = (1..=12).map(|x| x as f32).collect();
        let mut out = Vec::new();
        let change = Change { from, mirror, hole };
        change.push([2, 3, 2], &features, &mut out);
        out
    }

    #[test]
    fn a_picture_is_shifted_mirrored_and_cut_by_whole_pixels() {
        const NONE: [[i64; 2]; 2] = [[0, 0]; 2];
        let whole: Vec<f32> = (1..=12).map(|x| x as f32).collect();
        assert_eq!(changed([0, 0], false, NONE), whole);
        assert_eq!(
            changed([1, -1], false, NONE),
            [0.0, 0.0, 7.0, 8.0, 9.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(
            changed([0, 0], true, NONE),
            [
                5.0, 6.0, 3.0, 4.0, 1.0, 2.0, 11.0, 12.0, 9.0, 10.0, 7.0, 8.0
            ]
        );
        assert_eq!(
            changed([0, 0], false, [[-1, 1], [1, 9]]),
            [
                1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0
            ]
        );
    }

    #[test]
    fn every_shift_and_both_sides_are_drawn_equally_often_and_the_square_has_its_size() {
        let rule = Augment {
            shift: 2,
            flip: true,
            cutout: 3,
            shape: [8, 8, 1],
        };
        let draws: Vec<Change> = (0..10_000)
            .map(|id| rule.draw(&mut Seed(1).stream("augment", &[0, id])))
            .collect();
        for shift in -2..=2 {
            let count = draws
                .iter()
                .filter(|change| change.from[1] == shift)
                .count();
            assert!((1_800..2_200).contains(&count), "{shift}: {count}");
        }
        let mirrored = draws.iter().filter(|change| change.mirror).count();
        assert!((4_800..5_200).contains(&mirrored), "{mirrored}");
        assert!(
            draws
                .iter()
                .all(|change| change.hole.iter().all(|[a, b]| b - a == 3))
        );
    }
}
