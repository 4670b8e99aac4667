//! What sources of pictures share: one block of bytes, decoded in parallel.

use std::borrow::Cow;
use std::path::PathBuf;

use distil_report::Part;
use rayon::prelude::*;

use crate::data::growing::Growing;
use crate::data::held::Held;
use crate::data::private;
use crate::data::raw::{Inputs, Picture, Raw, RawTargets};
use crate::data::source::decode::{Background, Colour, Odd, Pixels, decode};
use crate::data::source::decoded::DECODED;
use crate::data::source::file::{hash_of, read_within};
use crate::data::source::limits::Limits;
use crate::error::{Error, Result};
use crate::weights::sha256;

/// Bytes of pictures that are decoded at once, and how many pictures at least.
const TOGETHER: usize = 16 << 20;
const LEAST_TOGETHER: usize = 16;

/// What decoded pictures must be like.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Height and width every picture is brought to; without it all must have the size of the first.
    pub size: Option<[usize; 2]>,
    /// Grey or colour.
    pub colour: Colour,
    /// What transparent pictures are laid over.
    pub background: Option<Background>,
    /// How much is read.
    pub limits: Limits,
}

/// Pictures of one size.
pub struct Block {
    /// Height and width.
    pub size: [usize; 2],
    /// Grey or colour.
    pub colour: Colour,
    /// `[pictures, height, width, channels]`.
    pub values: Held<u8>,
    /// The hash of each picture as it was decoded; none where the values are what was read.
    pub hashes: Option<Held<u64>>,
    /// What is to be said of them.
    pub notes: Vec<String>,
}

/// Encoded pictures that can be fetched from several threads.
pub trait Encoded: Sync {
    /// How many.
    fn len(&self) -> usize;

    /// The bytes of one picture's file.
    fn fetch(&self, at: usize, limits: Limits) -> Result<Cow<'_, [u8]>>;

    /// Where it lies, for messages.
    fn place(&self, at: usize) -> String;
}

impl Encoded for [PathBuf] {
    fn len(&self) -> usize {
        self.len()
    }

    fn fetch(&self, at: usize, limits: Limits) -> Result<Cow<'_, [u8]>> {
        let bytes = read_within(&self[at], limits)?;
        Ok(Cow::Owned(bytes.into_vec()))
    }

    fn place(&self, at: usize) -> String {
        self[at].display().to_string()
    }
}

/// Decodes all pictures in parallel; of several that are broken the first is named.
pub fn decode_all(pictures: &(impl Encoded + ?Sized), form: Form) -> Result<Block> {
    let Form {
        size,
        colour,
        background,
        limits,
    } = form;
    if let Some([height, width]) = size {
        let each = height
            .saturating_mul(width)
            .saturating_mul(colour.channels());
        limits.check_held("data.size", pictures.len(), each)?;
    }
    let one = |at: usize| -> Result<Pixels> {
        let file = pictures.fetch(at, limits)?;
        let pixels = decode(&file, colour, background, limits).map_err(|refusal| {
            Error::input(pictures.place(at), refusal.reason).remedy(refusal.remedy)
        })?;
        let pixels = match size {
            Some(size) => pixels.resized(size, colour.channels()),
            None => pixels,
        };
        DECODED.one();
        Ok(pixels)
    };
    DECODED.begin(pictures.len());
    let first = one(0)?;
    let width = first.values.len();
    limits.check_held(pictures.place(0), pictures.len(), width)?;
    private::check_room((pictures.len() as u64).saturating_mul(width as u64))?;
    let mut hashes = vec![0; pictures.len()];
    let mut odd = vec![Odd::default(); pictures.len()];
    let some = |begin: usize, values: &mut [u8], hashes: &mut [u64], odd: &mut [Odd]| {
        let rows = values.par_chunks_exact_mut(width);
        let rows = rows.zip(hashes).zip(odd).enumerate();
        let failed = rows.filter_map(|(at, ((out, hash), odd))| match one(begin + at) {
            Ok(pixels) if pixels.size == first.size => {
                out.copy_from_slice(&pixels.values);
                (*hash, *odd) = (pixels.hash, pixels.odd);
                None
            }
            Ok(pixels) => {
                let place = pictures.place(begin + at);
                Some((at, other_size(place, pixels.size, first.size)))
            }
            Err(error) => Some((at, error)),
        });
        match failed.min_by_key(|(at, _)| *at) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    };
    // While some are decoded those before are put down.
    let mut all = Growing::default();
    let together = (TOGETHER / width.max(1)).max(LEAST_TOGETHER);
    let (mut next, mut before) = (Vec::new(), Vec::new());
    let parts = hashes
        .chunks_mut(together)
        .zip(odd.chunks_mut(together))
        .enumerate();
    for (part, (hashes, odd)) in parts {
        next.resize(hashes.len() * width, 0);
        let (decoded, put_down) = rayon::join(
            || some(part * together, &mut next, hashes, odd),
            || all.extend(&before),
        );
        decoded.and(put_down)?;
        std::mem::swap(&mut next, &mut before);
    }
    all.extend(&before)?;
    Ok(Block {
        size: first.size,
        colour,
        values: all.finish()?,
        hashes: Some(hashes.into()),
        notes: notes(&odd),
    })
}

/// What is to be said of pictures that are not only their bytes.
fn notes(odd: &[Odd]) -> Vec<String> {
    let of = odd.len();
    let count = |is: fn(&Odd) -> bool| odd.iter().filter(|odd| is(odd)).count();
    let mut notes = Vec::new();
    let turned = count(|odd| odd.turned);
    if turned > 0 {
        notes.push(format!(
            "{turned} of {of} pictures are turned or mirrored, as their EXIF orientation says"
        ));
    }
    let uncovered = count(|odd| odd.uncovered);
    if uncovered > 0 {
        notes.push(format!(
            "{uncovered} of {of} pictures have transparent pixels, and what lies under them is read; `background = \"white\"` or \"black\" lays them over it"
        ));
    }
    let deep: Vec<u16> = odd.iter().filter_map(|odd| odd.deep).collect();
    // Half of the levels of 8 bits are used up to half of those of 16.
    if let Some(most) = deep.iter().max()
        && *most < 1 << 15
    {
        notes.push(format!(
            "{} of {of} pictures have 16 bits and no number above {most}: of the 256 levels of 8 bits {} are used; spread them over the 16 bits before",
            deep.len(),
            (most >> 8) + 1
        ));
    }
    notes
}

fn other_size(place: String, found: [usize; 2], first: [usize; 2]) -> Error {
    let [height, width] = found;
    let [first_height, first_width] = first;
    Error::input(
        place,
        format!(
            "{height} × {width} pixels, where the first picture has {first_height} × {first_width}"
        ),
    )
    .remedy(format!(
        "Bring all to one size, for example with `size = [{first_height}, {first_width}]`"
    ))
}

impl Block {
    /// The pictures as a source's content: shape `[height, width]` where they are grey, `[height, width, 3]` else.
    pub fn raw(self, targets: Option<RawTargets>, official: Option<Vec<Part>>) -> Raw {
        let [height, width] = self.size;
        let shape = match self.colour {
            Colour::Grey => vec![height, width],
            Colour::Rgb => vec![height, width, 3],
        };
        let mut content = format!("{shape:?} {}", hash_of(&self.values));
        if let Some(RawTargets::Classes { names, labels }) = &targets {
            let labels: Vec<u8> = labels
                .iter()
                .flat_map(|label| label.to_le_bytes())
                .collect();
            content += &format!(" {} {}", names.join("\n"), sha256(&labels));
        }
        let inputs = Inputs::Bytes {
            shape,
            values: self.values,
        };
        Raw {
            official,
            picture: Some(Picture {
                height,
                width,
                channels: self.colour.channels(),
                full: 255.0,
            }),
            hashes: self.hashes,
            notes: self.notes,
            ..Raw::new(inputs, targets, sha256(content.as_bytes()))
        }
    }
}

/// The size of a source's pictures.
pub fn size_of(raw: &Raw) -> Option<[usize; 2]> {
    raw.picture
        .as_ref()
        .map(|picture| [picture.height, picture.width])
}

/// Refuses a size without pixels, and one whose pictures cannot be held.
pub fn check_size(size: Option<[usize; 2]>, limits: Limits) -> Result<()> {
    match size {
        Some(size) if size.contains(&0) => Err(Error::input(
            "data.size",
            format!("{} × {} pixels are no picture", size[0], size[1]),
        )
        .remedy("Write height and width, for example `size = [32, 32]`")),
        Some(size) => limits.check_pixels(size).map_err(|reason| {
            Error::input("data.size", reason)
                .remedy("Write a smaller size, or raise `[data] limit`")
        }),
        None => Ok(()),
    }
}
