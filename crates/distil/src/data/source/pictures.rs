//! What sources of pictures share: one block of bytes, decoded in parallel.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use distil_report::Part;
use rayon::prelude::*;

use crate::data::raw::{Inputs, Picture, Raw, RawTargets};
use crate::data::source::decode::{Colour, Pixels, decode};
use crate::data::source::decoded::DECODED;
use crate::data::source::file::read_file;
use crate::error::{Error, Result};
use crate::weights::sha256;

/// What decoded pictures must be like.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Height and width every picture is brought to; without it all must have the size of the first.
    pub size: Option<[usize; 2]>,
    /// Grey or colour.
    pub colour: Colour,
}

/// Pictures of one size.
pub struct Block {
    /// Height and width.
    pub size: [usize; 2],
    /// Grey or colour.
    pub colour: Colour,
    /// `[pictures, height, width, channels]`.
    pub values: Vec<u8>,
    /// The hash of each picture as it was decoded; none where the values are what was read.
    pub hashes: Option<Vec<u64>>,
}

/// Encoded pictures that can be fetched from several threads.
pub trait Encoded: Sync {
    /// How many.
    fn len(&self) -> usize;

    /// The bytes of one JPEG or PNG file.
    fn fetch(&self, at: usize) -> Result<Cow<'_, [u8]>>;

    /// Where it lies, for messages.
    fn place(&self, at: usize) -> String;
}

impl Encoded for [PathBuf] {
    fn len(&self) -> usize {
        self.len()
    }

    fn fetch(&self, at: usize) -> Result<Cow<'_, [u8]>> {
        read_file(&self[at]).map(Cow::Owned)
    }

    fn place(&self, at: usize) -> String {
        self[at].display().to_string()
    }
}

/// Decodes all pictures in parallel; of several that are broken the first is named.
pub fn decode_all(pictures: &(impl Encoded + ?Sized), form: Form) -> Result<Block> {
    let Form { size, colour } = form;
    let one = |at: usize| -> Result<Pixels> {
        let pixels = decode(&pictures.fetch(at)?, colour).map_err(|reason| {
            Error::input(pictures.place(at), reason).remedy("Fetch it again or leave it out")
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
    let mut values = vec![0; pictures.len() * width];
    let mut hashes = vec![0; pictures.len()];
    let rows = values.par_chunks_exact_mut(width).zip(&mut hashes);
    let failed = rows
        .enumerate()
        .filter_map(|(at, (out, hash))| match one(at) {
            Ok(pixels) if pixels.size == first.size => {
                out.copy_from_slice(&pixels.values);
                *hash = pixels.hash;
                None
            }
            Ok(pixels) => Some((at, other_size(pictures.place(at), pixels.size, first.size))),
            Err(error) => Some((at, error)),
        });
    match failed.min_by_key(|(at, _)| *at) {
        Some((_, error)) => Err(error),
        None => Ok(Block {
            size: first.size,
            colour,
            values,
            hashes: Some(hashes),
        }),
    }
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
        let mut content = format!("{shape:?} {}", sha256(&self.values));
        if let Some(RawTargets::Classes { names, labels }) = &targets {
            let labels: Vec<u8> = labels
                .iter()
                .flat_map(|label| label.to_le_bytes())
                .collect();
            content += &format!(" {} {}", names.join("\n"), sha256(&labels));
        }
        let inputs = Inputs::Bytes {
            shape,
            values: Arc::new(self.values),
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
            ..Raw::new(inputs, targets, sha256(content.as_bytes()))
        }
    }
}

/// What names of pictures end in.
pub const PICTURES: &[&str] = &["jpg", "jpeg", "png"];

/// The size of a source's pictures.
pub fn size_of(raw: &Raw) -> Option<[usize; 2]> {
    raw.picture
        .as_ref()
        .map(|picture| [picture.height, picture.width])
}

/// Refuses a size without pixels.
pub fn check_size(size: Option<[usize; 2]>) -> Result<()> {
    match size {
        Some(size) if size.contains(&0) => Err(Error::input(
            "data.size",
            format!("{} × {} pixels are no picture", size[0], size[1]),
        )
        .remedy("Write height and width, for example `size = [32, 32]`")),
        _ => Ok(()),
    }
}
