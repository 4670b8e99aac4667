//! Generated class clusters.

use std::path::Path;

use distil_report::Part;
use distil_report::measure::TaskKind;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::{Inputs, Raw, RawTargets};
use crate::data::source::Source;
use crate::data::source::numbers::read_numbers;
use crate::error::{Error, Result};
use crate::memory::fits;
use crate::rng::{Seed, Stream};
use crate::weights::sha256_of;

/// The source `gaussian`: each class is a mixture of normal clusters in a grid of numbers.
///
/// A cluster's mean is separation · (√coarse · b + √(1 − coarse) · w) with b standard normal per pool
/// block (a pooled view sees it) and w standard normal per number (a pooled view averages it away);
/// samples add noise · N(0, 1). The official parts are the rows in order, 6 : 1 : 4. Sample i and the
/// means depend on the seed and i alone, not on the number of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gaussian {
    /// Number of samples.
    pub samples: usize,
    /// The grid of numbers a sample is.
    pub shape: [usize; 2],
    /// Number of classes.
    pub classes: usize,
    /// Clusters per class.
    pub modes: usize,
    /// The blocks over which the coarse part of a mean is constant; they divide the grid.
    pub pool: [usize; 2],
    /// The coarse part's share of a mean's energy, 0 to 1.
    pub coarse: f64,
    /// Standard deviation of each number of the means.
    pub separation: f64,
    /// Standard deviation of the noise on each number.
    pub noise: f64,
    /// The data's own seed.
    pub seed: u64,
    /// How numbers are scaled.
    pub scale: Scaling,
}

impl Default for Gaussian {
    fn default() -> Self {
        Self {
            samples: 5500,
            shape: [20, 50],
            classes: 10,
            modes: 3,
            pool: [2, 5],
            coarse: 0.5,
            separation: 0.195,
            noise: 1.0,
            seed: 0,
            scale: Scaling::None,
        }
    }
}

impl Source for Gaussian {
    fn read(&self, _: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("gaussian", kind)?;
        self.check()?;
        let means = self.means();
        let width = means[0].len();
        let mut values = vec![0.0; self.samples * width];
        let rows = values.par_chunks_exact_mut(width).enumerate();
        rows.for_each(|(row, values)| {
            let mut stream = Seed(self.seed).stream("gaussian.sample", &[row as u64]);
            let class = row % self.classes;
            let mode = stream.below(self.modes as u64) as usize;
            stream.normals(values);
            for (x, mean) in values.iter_mut().zip(&means[class * self.modes + mode]) {
                *x = mean + self.noise as f32 * *x;
            }
        });
        let labels = (0..self.samples)
            .map(|row| (row % self.classes) as u32)
            .collect();
        let hash = sha256_of(values.iter().map(|x| x.to_le_bytes()));
        let targets = RawTargets::Classes {
            names: self.names(),
            labels,
        };
        let part = |row: usize| match row * 11 / self.samples {
            0..6 => Part::Train,
            6 => Part::Validation,
            _ => Part::Test,
        };
        let official = (0..self.samples).map(part).collect();
        let inputs = Inputs::Block {
            shape: self.shape.to_vec(),
            values: values.into(),
        };
        Ok(Raw {
            official: Some(official),
            ..Raw::new(inputs, Some(targets), hash)
        })
    }

    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("gaussian", kind)?;
        let numbers = read_numbers(path, &self.shape, self.classes)?;
        let targets = numbers.labels.map(|labels| RawTargets::Classes {
            names: self.names(),
            labels,
        });
        Ok(Raw::new(numbers.inputs, targets, numbers.hash))
    }

    /// They are rows of one distribution: no part is anybody's.
    fn gives_parts(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        let [height, width] = self.shape;
        format!(
            "{} generated samples, {height} × {width} numbers, {} classes of {} clusters",
            self.samples, self.classes, self.modes
        )
    }
}

impl Gaussian {
    fn check(&self) -> Result<()> {
        let refuse = |reason: String, remedy: &str| {
            Err(Error::input("data (gaussian)", reason).remedy(remedy))
        };
        if self.samples == 0 || self.classes < 2 || self.modes == 0 || self.shape.contains(&0) {
            return refuse(
                "`samples`, `modes` and `shape` must be positive and `classes` at least 2"
                    .to_string(),
                "Correct the numbers",
            );
        }
        if (0..2)
            .any(|axis| self.pool[axis] == 0 || !self.shape[axis].is_multiple_of(self.pool[axis]))
        {
            return refuse(
                format!(
                    "pool {:?} does not divide shape {:?}",
                    self.pool, self.shape
                ),
                "Use blocks that divide the grid",
            );
        }
        let clusters = self.classes as u128 * self.modes as u128;
        let width = self.shape[0] as u128 * self.shape[1] as u128;
        for rows in [self.samples as u128, clusters] {
            if let Err(reason) = fits(&[rows, width]) {
                let [height, wide] = self.shape;
                return refuse(
                    format!("{rows} times {height} × {wide} numbers {reason}"),
                    "Use smaller numbers",
                );
            }
        }
        let positive = |x: f64| x.is_finite() && x >= 0.0;
        if !(0.0..=1.0).contains(&self.coarse)
            || !positive(self.separation)
            || !positive(self.noise)
        {
            return refuse(
                "`coarse` is a share from 0 to 1, `separation` and `noise` are not negative"
                    .to_string(),
                "Correct the numbers",
            );
        }
        Ok(())
    }

    /// The mean of each (class, mode), `[height · width]` each.
    fn means(&self) -> Vec<Vec<f32>> {
        let ([height, width], [tall, wide]) = (self.shape, self.pool);
        let normals = |stream: &mut Stream, count: usize| -> Vec<f32> {
            (0..count).map(|_| stream.normal()).collect()
        };
        let mean = |cluster: u64| {
            let mut stream = Seed(self.seed).stream("gaussian.mean", &[cluster]);
            let blocks = normals(&mut stream, (height / tall) * (width / wide));
            let white = normals(&mut stream, height * width);
            let block = |i: usize| blocks[(i / width / tall) * (width / wide) + i % width / wide];
            let share = |energy: f64| (self.separation * energy.sqrt()) as f32;
            let (coarse, fine) = (share(self.coarse), share(1.0 - self.coarse));
            white
                .iter()
                .enumerate()
                .map(|(i, white)| coarse * block(i) + fine * white)
                .collect()
        };
        (0..(self.classes * self.modes) as u64).map(mean).collect()
    }

    fn names(&self) -> Vec<String> {
        (0..self.classes).map(|class| class.to_string()).collect()
    }
}
