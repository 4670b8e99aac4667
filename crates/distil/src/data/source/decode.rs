//! Pictures: JPEG and PNG as bytes of one size and number of channels.

use std::io::Cursor;

use png::Transformations;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::data::axis::AxisMap;
use crate::data::rows;

/// Grey or colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// One number per pixel; colours become 0.299 red + 0.587 green + 0.114 blue.
    Grey,
    /// Red, green and blue; grey pictures get three equal channels.
    #[default]
    Rgb,
}

impl Colour {
    /// Numbers per pixel.
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }
}

/// A decoded picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Pixels {
    /// Height and width.
    pub size: [usize; 2],
    /// `[height, width, channels]`, row-major.
    pub values: Vec<u8>,
    /// The hash of the pixels as they were decoded, before any change of colour or size.
    pub hash: u64,
}

/// Decodes a JPEG or PNG file; transparency is dropped. The error is a sentence without its full stop.
pub fn decode(file: &[u8], colour: Colour) -> Result<Pixels, String> {
    let (size, channels, values) = match file {
        [0xff, 0xd8, 0xff, ..] => jpeg(file).map_err(|why| broken("JPEG", &why))?,
        [0x89, b'P', b'N', b'G', ..] => png(file).map_err(|why| broken("PNG", &why))?,
        [] => return Err("there is no byte in it".into()),
        _ => return Err("it begins neither like a JPEG nor like a PNG file".into()),
    };
    if values.len() != size[0] * size[1] * channels || values.is_empty() {
        return Err(format!(
            "{} bytes are no picture of {} × {} pixels",
            values.len(),
            size[0],
            size[1]
        ));
    }
    let hash = rows::pixels(&values, channels);
    let values = recoloured(values, channels, colour);
    Ok(Pixels { size, values, hash })
}

fn broken(kind: &str, why: &str) -> String {
    format!(
        "not a whole {kind} file ({})",
        why.trim().trim_end_matches('.')
    )
}

type Decoded = Result<([usize; 2], usize, Vec<u8>), String>;

fn jpeg(file: &[u8]) -> Decoded {
    // The decoder fills up with grey what is cut off at the end: only a file with its end marker is whole.
    if !file.windows(2).rev().any(|pair| pair == [0xff, 0xd9]) {
        return Err("its end is missing".into());
    }
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    let values = decoder.decode().map_err(|error| format!("{error:?}"))?;
    let (width, height) = decoder.dimensions().ok_or("it has no size")?;
    Ok(([height, width], 3, values))
}

fn png(file: &[u8]) -> Decoded {
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let length = reader.output_buffer_size().ok_or("it is too large")?;
    let mut values = vec![0; length];
    let frame = reader
        .next_frame(&mut values)
        .map_err(|error| error.to_string())?;
    values.truncate(frame.buffer_size());
    let size = [frame.height as usize, frame.width as usize];
    Ok((size, frame.color_type.samples(), values))
}

/// From 1 (grey), 2 (grey, opacity), 3 or 4 (colour, opacity) channels.
fn recoloured(values: Vec<u8>, channels: usize, to: Colour) -> Vec<u8> {
    let pixels = values.chunks_exact(channels);
    match (to, channels) {
        (Colour::Grey, 1) | (Colour::Rgb, 3) => values,
        (Colour::Grey, 2) => pixels.map(|pixel| pixel[0]).collect(),
        // The weights of ITU-R BT.601 in 1/65536, rounded to nearest.
        (Colour::Grey, _) => pixels
            .map(|pixel| {
                let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
                ((19_595 * red + 38_470 * green + 7_471 * blue + 0x8000) >> 16) as u8
            })
            .collect(),
        (Colour::Rgb, 1 | 2) => pixels.flat_map(|pixel| [pixel[0]; 3]).collect(),
        (Colour::Rgb, _) => pixels
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
            .collect(),
    }
}

impl Pixels {
    /// The same picture at another size: each new pixel is the mean of the area it covers.
    pub fn resized(self, to: [usize; 2], channels: usize) -> Self {
        if self.size == to {
            return self;
        }
        let [height, width] = self.size;
        let (rows, columns) = (AxisMap::area(height, to[0]), AxisMap::area(width, to[1]));
        let mut values = Vec::with_capacity(to[0] * to[1] * channels);
        let mut line = vec![0.0; width * channels];
        for row in rows.places() {
            line.fill(0.0);
            for &(old, weight) in row {
                let pixels = &self.values[old * width * channels..][..width * channels];
                line.iter_mut()
                    .zip(pixels)
                    .for_each(|(sum, &x)| *sum += weight * f64::from(x));
            }
            for column in columns.places() {
                for channel in 0..channels {
                    let parts = column.iter();
                    let sum: f64 = parts
                        .map(|(old, w)| w * line[old * channels + channel])
                        .sum();
                    values.push(sum.round() as u8);
                }
            }
        }
        Self {
            size: to,
            values,
            hash: self.hash,
        }
    }
}
