//! Augmentation: training samples varied anew for each sample and epoch.

use distil_recipe::recipe::AugmentTable;
use serde::Serialize;

use crate::data::mixup::Mix;
use crate::data::spec_augment::{SpecAugment, is_zero};
use crate::error::{Error, Result};
use crate::rng::{Seed, Stream};
use crate::sample::SampleId;

/// How samples are varied: a crop after padding, a mirror, a square cut out (DeVries & Taylor 2017), which are for pictures; a shift in
/// time and masks (Park et al. 2019), which are for sound; two samples mixed (Zhang et al. 2018).
///
/// Features are moved after they are scaled, so what moves in and what is cut out is 0: the mean, where the data is
/// standardised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Augment {
    /// The most pixels a picture is shifted by along each axis.
    pub shift: usize,
    /// Whether half of all pictures are mirrored left to right.
    pub flip: bool,
    /// The side of the square cut out.
    pub cutout: usize,
    /// The most frames a sound is shifted by.
    #[serde(skip_serializing_if = "is_zero")]
    pub time_shift: usize,
    /// Bands and frames of a sound that are masked.
    #[serde(flatten)]
    pub masks: SpecAugment,
    /// The alpha of mixup's Beta(alpha, alpha); 0 mixes nothing.
    pub mixup: f64,
    /// Height, width and channels of a picture, or bands, frames and channels of a sound; of other samples, 1, 1 and the length.
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

/// The changes of an epoch: a pure function of seed, epoch and sample, the same for everyone who reads the sample; and who
/// is mixed with whom in a batch.
#[derive(Debug, Clone)]
pub struct Augmentation {
    rule: Augment,
    seed: Seed,
    epoch: u64,
    mix: Option<Blend>,
}

/// What the samples of one batch are mixed with.
#[derive(Debug, Clone)]
struct Blend {
    share: f32,
    partners: Vec<SampleId>,
}

impl Augment {
    /// What the recipe asks for, for samples of this shape.
    ///
    /// # Errors
    /// Samples that are no pictures, unless they are only mixed; a shift or a square that does not fit into them; an alpha
    /// out of range.
    pub fn new(table: &AugmentTable, shape: &[usize]) -> Result<Self> {
        let refuse =
            |reason: String, remedy: &str| Err(Error::input("data.augment", reason).remedy(remedy));
        let mixup = table.mixup.value;
        if mixup != 0.0 && !(0.001..=1000.0).contains(&mixup) {
            return Err(Error::input(
                "data.augment.mixup",
                format!("`mixup = {mixup}` is no alpha of Beta(alpha, alpha)"),
            )
            .remedy("Use a number from 0.001 to 1000, for example 0.2, or 0 for none"));
        }
        let moves = table.shift.value > 0 || table.flip.value || table.cutout.value > 0;
        let masks = table.frequency_width.value > 0 || table.time_width.value > 0;
        let sound = masks || table.time_shift.value > 0;
        let shape = match *shape {
            [height, width] => [height, width, 1],
            [height, width, channels] => [height, width, channels],
            _ if !moves && !sound && mixup > 0.0 => [1, 1, shape.iter().product()],
            _ if !moves && sound => {
                return refuse(
                    format!("a sample of shape {shape:?} has no bands and frames"),
                    "Remove `augment`, or keep only `mixup` in it",
                );
            }
            _ => {
                return refuse(
                    format!("a sample of shape {shape:?} is no picture"),
                    "Remove `augment`, or keep only `mixup` in it",
                );
            }
        };
        let side = shape[0].min(shape[1]);
        for (key, number) in [("shift", &table.shift), ("cutout", &table.cutout)] {
            if moves && number.value >= side as u64 {
                return refuse(
                    format!(
                        "`{key} = {}` leaves nothing of {} × {} pixels",
                        number.value, shape[0], shape[1]
                    ),
                    "Use a smaller number",
                );
            }
        }
        if table.time_shift.value >= shape[1] as u64 && table.time_shift.value > 0 {
            return Err(Error::input(
                "data.augment.time_shift",
                format!(
                    "`time_shift = {}` leaves nothing of {} frames",
                    table.time_shift.value, shape[1]
                ),
            )
            .remedy("Use a smaller number"));
        }
        Ok(Self {
            shift: table.shift.value as usize,
            flip: table.flip.value,
            cutout: table.cutout.value as usize,
            time_shift: table.time_shift.value as usize,
            masks: SpecAugment::new(table, [shape[0], shape[1]])?,
            mixup,
            shape,
        })
    }

    /// The changes of this epoch.
    pub fn epoch(self, seed: Seed, epoch: u64) -> Augmentation {
        Augmentation {
            rule: self,
            seed,
            epoch,
            mix: None,
        }
    }

    /// How a stage's step mixes its samples, given with their weights; `None` without mixup.
    pub fn mix(self, seed: Seed, step: u64, samples: &[(SampleId, f32)]) -> Option<Mix> {
        (self.mixup > 0.0).then(|| Mix::draw(self.mixup, seed, step, samples))
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
        let hole = [hole(height), hole(width)];
        let later = match self.time_shift {
            0 => 0,
            most => stream.below(2 * most as u64 + 1) as i64 - most as i64,
        };
        Change {
            from: [from[0], from[1] + later],
            mirror,
            hole,
        }
    }
}

impl Augmentation {
    /// The same changes, after which the samples of one batch are mixed: of each `share`, of its partner, which stands at the
    /// same place of `partners`, the rest.
    pub fn mixed(self, share: f32, partners: Vec<SampleId>) -> Self {
        Self {
            mix: Some(Blend { share, partners }),
            ..self
        }
    }

    /// The share and the partner of the sample at this place of the batch, if it is mixed.
    pub(super) fn partner(&self, at: usize) -> Option<(f32, SampleId)> {
        let mix = self.mix.as_ref()?;
        Some((mix.share, *mix.partners.get(at)?))
    }

    /// Appends a sample's features, `[height, width, channels]`, as this epoch changes them.
    pub(super) fn push(&self, id: SampleId, features: &[f32], out: &mut Vec<f32>) {
        let mut stream = self.seed.stream("augment", &[self.epoch, u64::from(id.0)]);
        let (rule, start) = (&self.rule, out.len());
        rule.draw(&mut stream).push(rule.shape, features, out);
        rule.masks.apply(&mut stream, rule.shape, &mut out[start..]);
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
            time_shift: 0,
            masks: SpecAugment::default(),
            mixup: 0.0,
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
