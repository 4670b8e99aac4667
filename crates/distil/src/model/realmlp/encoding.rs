//! Which features of a sample are numbers, and which stand for what category.

use std::ops::Range;

use crate::data::ColumnFeatures;

/// The features as the network takes them in, its numbers first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Encoding {
    /// Features that are numbers.
    pub numbers: Vec<usize>,
    /// What else is scaled: places of short one-hot vectors, and flags.
    pub flags: Vec<Flag>,
    /// The places of long one-hot vectors, each of which is embedded.
    pub embedded: Vec<Range<usize>>,
}

/// A feature of 0, 1 and, where there are two categories, −1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    /// A feature as it is.
    One(usize),
    /// The first feature less the second.
    Less(usize, usize),
}

impl Encoding {
    /// One-hot vectors of up to `short` places stay; where a category is missing or unknown, all its places are 0.
    pub fn of(columns: &[ColumnFeatures], short: usize) -> Self {
        let mut encoding = Self::default();
        let mut at = 0;
        for column in columns {
            match *column {
                ColumnFeatures::Number { missing } => {
                    encoding.numbers.push(at);
                    if missing {
                        encoding.flags.push(Flag::One(at + 1));
                    }
                }
                ColumnFeatures::Category { levels: 2, .. } if short >= 2 => {
                    encoding.flags.push(Flag::Less(at, at + 1));
                }
                ColumnFeatures::Category { levels, .. } if levels <= short => {
                    encoding.flags.extend((at..at + levels).map(Flag::One));
                }
                ColumnFeatures::Category { levels, .. } => encoding.embedded.push(at..at + levels),
            }
            at += column.width();
        }
        encoding
    }

    /// Of every scaled feature, the one it is and the one taken from it, if any.
    pub fn scaled(&self) -> Vec<(usize, Option<usize>)> {
        let flag = |flag: &Flag| match *flag {
            Flag::One(at) => (at, None),
            Flag::Less(first, second) => (first, Some(second)),
        };
        let numbers = self.numbers.iter().map(|at| (*at, None));
        numbers.chain(self.flags.iter().map(flag)).collect()
    }
}
