//! Pictures as bytes of one size and number of channels.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder};
use png::Transformations;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::data::axis::AxisMap;
use crate::data::rows;
use crate::data::source::contents::not_read;
use crate::data::source::guarded::guarded;
use crate::data::source::limits::Limits;
use crate::data::source::turned::turned;

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

/// What transparent pictures are laid over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Background {
    /// 255.
    White,
    /// 0.
    Black,
}

/// A decoded picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Pixels {
    /// Height and width.
    pub size: [usize; 2],
    /// `[height, width, channels]`, row-major.
    pub values: Vec<u8>,
    /// The hash of the pixels as they were decoded, upright, before any change of colour or size.
    pub hash: u64,
    /// What is to be said of it.
    pub odd: Odd,
}

/// What is not seen in the bytes of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Odd {
    /// Its file says that it is to be turned or mirrored, and it was.
    pub turned: bool,
    /// It had transparent pixels, and what lies under them was kept.
    pub uncovered: bool,
    /// Of a picture of 16 bits the largest number.
    pub deep: Option<u16>,
}

/// Why a picture is not read, as a sentence without its full stop, and what to do.
#[derive(Debug)]
pub struct Refusal {
    /// A sentence without its full stop.
    pub reason: String,
    /// A sentence without its full stop.
    pub remedy: &'static str,
}

impl Refusal {
    fn broken(reason: String) -> Self {
        Self {
            reason,
            remedy: "Fetch it again or leave it out",
        }
    }
}

/// Decodes a picture and sets it upright. Without a background opacity is dropped.
pub fn decode(
    file: &[u8],
    colour: Colour,
    background: Option<Background>,
    limits: Limits,
) -> Result<Pixels, Refusal> {
    let (kind, decoder): (&str, Decoder) = match file {
        [0xff, 0xd8, 0xff, ..] => ("JPEG", jpeg),
        [0x89, b'P', b'N', b'G', ..] => ("PNG", png),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => ("WebP", webp),
        [b'G', b'I', b'F', b'8', ..] => ("GIF", gif),
        [b'B', b'M', ..] => ("BMP", bmp),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => ("TIFF", tiff),
        [] => return Err(Refusal::broken("there is no byte in it".into())),
        _ => {
            let (reason, remedy) = not_read(file, "JPEG, PNG, WebP, GIF, BMP and TIFF");
            return Err(Refusal { reason, remedy });
        }
    };
    let decoded = guarded(|| decoder(file, limits), Why::Broken);
    let mut picture = decoded.map_err(|why| match why {
        Why::TooLarge(reason) => Refusal {
            reason,
            remedy: "Make it smaller, leave it out, or raise `[data] limit`",
        },
        Why::Broken(why) => Refusal::broken(format!(
            "not a whole {} file ({})",
            kind,
            why.trim().trim_end_matches('.')
        )),
    })?;
    let [height, width] = picture.size;
    if picture.values.len() != height * width * picture.channels || picture.values.is_empty() {
        return Err(Refusal::broken(format!(
            "{} bytes are no picture of {height} × {width} pixels",
            picture.values.len(),
        )));
    }
    let channels = picture.channels;
    let mut odd = Odd {
        turned: !matches!(picture.orientation, None | Some(Orientation::NoTransforms)),
        uncovered: false,
        deep: picture.deep,
    };
    if let Some(orientation) = picture.orientation {
        (picture.values, picture.size) =
            turned(picture.values, picture.size, channels, orientation);
    }
    if channels.is_multiple_of(2) {
        match background {
            Some(background) => lay_over(&mut picture.values, channels, background),
            None => {
                let opacity = picture.values.chunks_exact(channels);
                odd.uncovered = opacity.map(|pixel| pixel[channels - 1]).any(|x| x < 255);
            }
        }
    }
    let hash = rows::pixels(&picture.values, channels);
    Ok(Pixels {
        size: picture.size,
        values: recoloured(picture.values, channels, colour),
        hash,
        odd,
    })
}

struct Picture {
    size: [usize; 2],
    channels: usize,
    values: Vec<u8>,
    orientation: Option<Orientation>,
    deep: Option<u16>,
}

enum Why {
    TooLarge(String),
    Broken(String),
}

type Decoding = Result<Picture, Why>;
type Decoder = fn(&[u8], Limits) -> Decoding;

fn broken(error: impl ToString) -> Why {
    Why::Broken(error.to_string())
}

fn jpeg(file: &[u8], limits: Limits) -> Decoding {
    // The decoder fills up with grey what is cut off at the end: only a file with its end marker is whole.
    if !file.windows(2).rev().any(|pair| pair == [0xff, 0xd9]) {
        return Err(broken("its end is missing"));
    }
    // A JPEG's sides fit in 16 bits.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    let said = |error| Why::Broken(format!("{error:?}"));
    decoder.decode_headers().map_err(said)?;
    let (width, height) = decoder.dimensions().ok_or(broken("it has no size"))?;
    limits
        .check_pixels([height, width])
        .map_err(Why::TooLarge)?;
    let values = decoder.decode().map_err(said)?;
    let exif = decoder.exif();
    Ok(Picture {
        size: [height, width],
        channels: 3,
        values,
        orientation: exif.and_then(|exif| Orientation::from_exif_chunk(exif)),
        deep: None,
    })
}

fn png(file: &[u8], limits: Limits) -> Decoding {
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(broken)?;
    let info = reader.info();
    limits
        .check_pixels([info.height as usize, info.width as usize])
        .map_err(Why::TooLarge)?;
    let exif = info.exif_metadata.as_deref();
    let orientation = exif.and_then(Orientation::from_exif_chunk);
    let length = reader
        .output_buffer_size()
        .ok_or(broken("it is too large"))?;
    let mut values = vec![0; length];
    let frame = reader.next_frame(&mut values).map_err(broken)?;
    values.truncate(frame.buffer_size());
    let channels = frame.color_type.samples();
    let mut deep = None;
    if frame.bit_depth == png::BitDepth::Sixteen {
        let pairs = values.as_chunks::<2>().0;
        deep = Some(largest(
            pairs.iter().map(|pair| u16::from_be_bytes(*pair)),
            channels,
        ));
        values = pairs.iter().map(|[high, _]| *high).collect();
    }
    Ok(Picture {
        size: [frame.height as usize, frame.width as usize],
        channels,
        values,
        orientation,
        deep,
    })
}

fn webp(file: &[u8], limits: Limits) -> Decoding {
    other(
        image::codecs::webp::WebPDecoder::new(Cursor::new(file)),
        limits,
    )
}

/// Bytes of a GIF's frame, or four times the picture's: it may say that it is larger than that, up to 17 GB, in a few bytes.
const FRAME: u64 = 1 << 26;

fn gif(file: &[u8], limits: Limits) -> Decoding {
    let decoder = image::codecs::gif::GifDecoder::new(Cursor::new(file));
    let mut decoder = decoder.map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let mut frame = image::Limits::no_limits();
    frame.max_alloc = Some(FRAME.max(16 * u64::from(width) * u64::from(height)));
    decoder.set_limits(frame).map_err(broken)?;
    other(Ok(decoder), limits)
}

fn bmp(file: &[u8], limits: Limits) -> Decoding {
    other(
        image::codecs::bmp::BmpDecoder::new(Cursor::new(file)),
        limits,
    )
}

fn tiff(file: &[u8], limits: Limits) -> Decoding {
    other(
        image::codecs::tiff::TiffDecoder::new(Cursor::new(file)),
        limits,
    )
}

/// The first frame or page.
fn other(decoder: image::ImageResult<impl ImageDecoder>, limits: Limits) -> Decoding {
    let mut decoder = decoder.map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let size = [height as usize, width as usize];
    limits.check_pixels(size).map_err(Why::TooLarge)?;
    let orientation = decoder.orientation().ok();
    let picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    let channels = usize::from(picture.color().channel_count());
    let high = |values: Vec<u16>| {
        let deep = largest(values.iter().copied(), channels);
        let values = values.iter().map(|x| (x >> 8) as u8).collect();
        (values, Some(deep))
    };
    let (values, deep) = match picture {
        DynamicImage::ImageLuma8(picture) => (picture.into_raw(), None),
        DynamicImage::ImageLumaA8(picture) => (picture.into_raw(), None),
        DynamicImage::ImageRgb8(picture) => (picture.into_raw(), None),
        DynamicImage::ImageRgba8(picture) => (picture.into_raw(), None),
        DynamicImage::ImageLuma16(picture) => high(picture.into_raw()),
        DynamicImage::ImageLumaA16(picture) => high(picture.into_raw()),
        DynamicImage::ImageRgb16(picture) => high(picture.into_raw()),
        DynamicImage::ImageRgba16(picture) => high(picture.into_raw()),
        _ => {
            return Err(broken(
                "its pixels are no whole numbers; save it with 8 or 16 bits",
            ));
        }
    };
    Ok(Picture {
        size,
        channels,
        values,
        orientation,
        deep,
    })
}

/// The largest number of a picture, its opacity aside.
fn largest(values: impl Iterator<Item = u16>, channels: usize) -> u16 {
    let opacity = channels.is_multiple_of(2).then(|| channels - 1);
    let seen = values.enumerate();
    let seen = seen.filter(|(at, _)| Some(at % channels) != opacity);
    seen.map(|(_, value)| value).max().unwrap_or_default()
}

/// Lays pixels with an opacity over a background; the opacity becomes full.
fn lay_over(values: &mut [u8], channels: usize, background: Background) {
    let under: u32 = match background {
        Background::White => 255,
        Background::Black => 0,
    };
    for pixel in values.chunks_exact_mut(channels) {
        let opacity = u32::from(pixel[channels - 1]);
        for value in &mut pixel[..channels - 1] {
            // Rounded to nearest.
            let sum = u32::from(*value) * opacity + under * (255 - opacity);
            *value = ((sum + 127) / 255) as u8;
        }
        pixel[channels - 1] = 255;
    }
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
            ..self
        }
    }
}
