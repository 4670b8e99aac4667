//! Data of one source after other data of the same source.

use crate::data::growing::join;
use crate::data::held::Held;
use crate::data::raw::{Cells, Column, Group, Inputs, Moments, Raw, RawTargets, Wide};
use crate::error::{Error, Result};
use crate::weights::sha256;

impl Raw {
    /// The rows of this and then those of `other`, whose further columns are left aside.
    ///
    /// # Errors
    /// Samples of another shape, columns or targets that do not fit.
    pub fn followed_by(self, other: Self) -> Result<Self> {
        let (before, after) = (self.len(), other.len());
        let targets = match (self.targets, other.targets) {
            (Some(own), Some(more)) => Some(join_targets(own, more)?),
            _ => None,
        };
        let mut wide = Wide::new();
        for name in self.wide.keys().chain(other.wide.keys()) {
            let of = |raw: &Wide, inputs| raw.get(name).cloned().or_else(|| singles(inputs, name));
            if !wide.contains_key(name)
                && let Some(own) = of(&self.wide, &self.inputs)
            {
                let more = of(&other.wide, &other.inputs).unwrap_or_default();
                wide.insert(name.clone(), join(&own, &more)?);
            }
        }
        let joined = |own: Vec<Group>, others: &[Group]| -> Vec<Group> {
            let join = |group: Group| {
                let more = others.iter().find(|other| other.name == group.name);
                join_groups(group, more, after)
            };
            own.into_iter().map(join).collect()
        };
        let moments = self.moments.into_iter().filter_map(|mut own| {
            let same = |more: &&Moments| (&more.name, more.dates) == (&own.name, own.dates);
            own.values.extend(&other.moments.iter().find(same)?.values);
            Some(own)
        });
        let weights = self.weights.zip(other.weights);
        let official = self.official.zip(other.official);
        let rows = self.rows.zip(other.rows);
        let mut notes = self.notes;
        notes.extend(other.notes);
        notes.dedup();
        let joined = Self {
            groups: joined(self.groups, &other.groups),
            ids: joined(self.ids, &other.ids),
            files: [self.files, other.files].into_iter().flatten().collect(),
            weights: match weights {
                Some((own, more)) => Some(join(&own, &more)?),
                None => None,
            },
            moments: moments.collect(),
            targets,
            official: official.map(|(own, more)| [own, more].concat()),
            picture: self.picture,
            rows: rows.map(|(own, more)| [own, more].concat()),
            hash: sha256([self.hash, other.hash].concat().as_bytes()),
            hashes: match self.hashes.zip(other.hashes) {
                Some((own, more)) => Some(join(&own, &more)?),
                None => None,
            },
            wide,
            answers: self.answers,
            notes,
            reading: self.reading,
            inputs: join_inputs(self.inputs, other.inputs)?,
        };
        debug_assert_eq!(joined.len(), before + after);
        Ok(joined)
    }
}

fn join_inputs(own: Inputs, more: Inputs) -> Result<Inputs> {
    let shapes = |own: &[usize], more: &[usize]| {
        Error::input(
            "",
            format!("a sample has shape {more:?}, those to train on have {own:?}"),
        )
        .remedy("Bring all samples to one shape")
    };
    match (own, more) {
        (
            Inputs::Block { shape, values },
            Inputs::Block {
                shape: other,
                values: more,
            },
        ) => {
            if shape != other {
                return Err(shapes(&shape, &other));
            }
            Ok(Inputs::Block {
                shape,
                values: join(&values, &more)?,
            })
        }
        (
            Inputs::Bytes { shape, values },
            Inputs::Bytes {
                shape: other,
                values: more,
            },
        ) => {
            if shape != other {
                return Err(shapes(&shape, &other));
            }
            Ok(Inputs::Bytes {
                shape,
                values: join(&values, &more)?,
            })
        }
        (Inputs::Table(columns), Inputs::Table(more)) => {
            let joined = columns.into_iter().map(|column| {
                let name = &column.name;
                match more.iter().find(|other| other.name == *name) {
                    Some(other) => join_column(column, other),
                    None => Err(Error::input("", format!("the column `{name}` is missing"))
                        .remedy("Add it; its cells may be empty")),
                }
            });
            Ok(Inputs::Table(joined.collect::<Result<_>>()?))
        }
        _ => Err(Error::input(
            "",
            "it does not hold samples of the kind that is trained on",
        )),
    }
}

fn join_column(own: Column, more: &Column) -> Result<Column> {
    let cells = match (own.cells, &more.cells) {
        (Cells::Numeric(values), Cells::Numeric(more)) => Cells::Numeric(join(&values, more)?),
        (
            Cells::Categorical { levels, codes },
            Cells::Categorical {
                levels: others,
                codes: more,
            },
        ) => {
            let mut all = [levels.as_slice(), others].concat();
            all.sort();
            all.dedup();
            let place = |level: &String| all.partition_point(|other| other < level) as u32;
            let own = codes
                .iter()
                .map(|code| Some(place(&levels[code? as usize])));
            let more = more.iter().map(|code| Some(place(&others[code? as usize])));
            Cells::Categorical {
                codes: own.chain(more).collect(),
                levels: all,
            }
        }
        _ => {
            return Err(Error::input(
                "",
                format!(
                    "the column `{}` holds numbers in one part and text in another",
                    own.name
                ),
            )
            .remedy("Declare it with `categorical` or `numeric`"));
        }
    };
    Ok(Column {
        name: own.name,
        cells,
    })
}

fn join_targets(own: RawTargets, more: RawTargets) -> Result<RawTargets> {
    let unknown = |names: &[String], more: &[String]| {
        let new = more.iter().find(|name| !names.contains(name))?;
        Some(
            Error::input("", format!("class `{new}` has no sample to train on"))
                .remedy("Leave its rows out, or bring samples to train on"),
        )
    };
    match (own, more) {
        (RawTargets::Classes { names, labels }, more @ RawTargets::Classes { .. }) => {
            if let Some(error) = unknown(&names, more.names()) {
                return Err(error);
            }
            let labels = match more.in_terms_of(&names)? {
                RawTargets::Classes { labels: more, .. } => join(&labels, &more)?,
                _ => labels,
            };
            Ok(RawTargets::Classes { names, labels })
        }
        (
            RawTargets::Values { names, mut values },
            RawTargets::Values {
                names: others,
                values: more,
            },
        ) if names == others => {
            values.extend(more);
            Ok(RawTargets::Values { names, values })
        }
        (
            RawTargets::Labels { names, mut values },
            RawTargets::Labels {
                names: others,
                values: more,
            },
        ) if names == others => {
            values.extend(more);
            Ok(RawTargets::Labels { names, values })
        }
        (own, more) => Err(Error::input(
            "",
            format!(
                "its targets are {}, those to train on are {}",
                more.names().join(", "),
                own.names().join(", ")
            ),
        )
        .remedy("Name the same target columns in the same order")),
    }
}

/// Rows whose group is not known are a group of their own.
fn join_groups(own: Group, more: Option<&Group>, rows: usize) -> Group {
    let own_row = [String::new()];
    let (others, codes) = match more {
        Some(more) => (more.members.as_slice(), more.codes.clone()),
        None => (own_row.as_slice(), vec![0; rows]),
    };
    let mut members = [own.members.as_slice(), others].concat();
    members.sort();
    members.dedup();
    let place = |member: &String| members.partition_point(|other| other < member) as u32;
    let first = own
        .codes
        .iter()
        .map(|code| place(&own.members[*code as usize]));
    let second = codes.iter().map(|code| place(&others[*code as usize]));
    Group {
        name: own.name,
        codes: first.chain(second).collect(),
        members: members.clone(),
    }
}

/// A column's numbers, or those of a block, in 64 bits.
fn singles(inputs: &Inputs, name: &str) -> Option<Held<f64>> {
    let values = match inputs {
        Inputs::Block { values, .. } if name.is_empty() => values,
        Inputs::Table(columns) => match &columns.iter().find(|c| c.name == name)?.cells {
            Cells::Numeric(values) => values,
            Cells::Categorical { .. } => return None,
        },
        _ => return None,
    };
    // A number of 32 bits is meant as its shortest decimals say.
    let exact = |x: &f32| x.to_string().parse().unwrap_or(f64::from(*x));
    Some(values.iter().map(exact).collect())
}
