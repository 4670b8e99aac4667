//! What a file is, told by its first bytes and never by its name.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// In a sentence: `this is …`.
    pub name: &'static str,
    /// Who reads it.
    pub reader: Reader,
}

/// What reads a kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The decoder of pictures.
    Picture,
    /// The decoder of sounds.
    Sound,
    /// No decoder of pictures or sounds.
    None,
}

/// Bytes that tell every kind of [`TOLD_BY`].
const HEAD: usize = 348;

type Mark = (usize, &'static [u8]);

use Reader::{None as Neither, Picture, Sound};

/// Kinds by the bytes at some places; the first that fits.
const TOLD_BY: &[(&[Mark], &str, Reader)] = &[
    (&[(0, b"\xff\xd8\xff")], "a JPEG picture", Picture),
    (&[(0, b"\x89PNG\r\n\x1a\n")], "a PNG picture", Picture),
    (&[(0, b"RIFF"), (8, b"WEBP")], "a WebP picture", Picture),
    (&[(0, b"GIF8")], "a GIF picture", Picture),
    (&[(0, b"BM"), (6, b"\0\0\0\0")], "a BMP picture", Picture),
    (&[(0, b"II*\0")], "a TIFF picture", Picture),
    (&[(0, b"MM\0*")], "a TIFF picture", Picture),
    (&[(0, b"II+\0")], "a TIFF picture", Picture),
    (&[(0, b"MM\0+")], "a TIFF picture", Picture),
    (&[(0, b"RIFF"), (8, b"WAVE")], "a WAV sound", Sound),
    (&[(0, b"RF64"), (8, b"WAVE")], "a WAV sound", Sound),
    (&[(0, b"BW64"), (8, b"WAVE")], "a WAV sound", Sound),
    (&[(0, b"FORM"), (8, b"AIF")], "an AIFF sound", Sound),
    (&[(0, b"fLaC")], "a FLAC sound", Sound),
    (&[(0, b"OggS"), (28, b"OpusHead")], "an Opus sound", Neither),
    (&[(0, b"OggS"), (28, b"Speex")], "a Speex sound", Neither),
    (&[(0, b"OggS")], "an Ogg sound", Sound),
    (&[(0, b"ID3")], "an MP3 sound", Sound),
    (&[(0, b"\xff\xfb")], "an MP3 sound", Sound),
    (&[(0, b"\xff\xf3")], "an MP3 sound", Sound),
    (&[(0, b"\xff\xf2")], "an MP3 sound", Sound),
    (&[(0, b"\xff\xfa")], "an MP3 sound", Sound),
    (&[(0, b"\xff\xe2")], "an MP3 sound", Sound),
    (&[(0, b"\xff\xe3")], "an MP3 sound", Sound),
    (&[(4, b"ftyphei")], "a HEIC picture", Neither),
    (&[(4, b"ftyphev")], "a HEIC picture", Neither),
    (&[(4, b"ftypmif1")], "a HEIC picture", Neither),
    (&[(4, b"ftypmsf1")], "a HEIC picture", Neither),
    (&[(4, b"ftypavi")], "an AVIF picture", Neither),
    (&[(4, b"ftypcrx")], "a Canon raw picture", Neither),
    (&[(4, b"ftypM4A")], "an M4A (AAC) sound", Neither),
    (&[(4, b"ftyp")], "an MP4 file", Neither),
    (&[(0, b"\xff\xf1")], "an AAC sound", Neither),
    (&[(0, b"\xff\xf9")], "an AAC sound", Neither),
    (&[(0, b"#!AMR")], "an AMR sound", Neither),
    (&[(0, b"caff")], "a CAF sound", Neither),
    (&[(0, b".snd")], "an AU sound", Neither),
    (&[(0, b"NIST_1A")], "a SPHERE sound", Neither),
    (
        &[(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")],
        "a Windows Media file",
        Neither,
    ),
    (
        &[(0, b"\x1a\x45\xdf\xa3")],
        "a Matroska or WebM file",
        Neither,
    ),
    (&[(0, b"\xff\x0a")], "a JPEG XL picture", Neither),
    (&[(0, b"\0\0\0\x0cJXL ")], "a JPEG XL picture", Neither),
    (&[(0, b"\0\0\0\x0cjP  ")], "a JPEG 2000 picture", Neither),
    (&[(0, b"\xff\x4f\xff\x51")], "a JPEG 2000 picture", Neither),
    (&[(0, b"\0\0\x01\0")], "an ICO picture", Neither),
    (&[(0, b"8BPS")], "a Photoshop picture", Neither),
    (&[(0, b"\x76\x2f\x31\x01")], "an OpenEXR picture", Neither),
    (&[(0, b"#?RADIANCE")], "a Radiance picture", Neither),
    (&[(0, b"DDS ")], "a DDS picture", Neither),
    (&[(0, b"qoif")], "a QOI picture", Neither),
    (&[(0, b"P5\n")], "a PGM picture", Neither),
    (&[(0, b"P6\n")], "a PPM picture", Neither),
    (&[(128, b"DICM")], "a DICOM picture", Neither),
    (&[(0, b"SIMPLE  =")], "a FITS file", Neither),
    (&[(344, b"n+1\0")], "a NIfTI file", Neither),
    (&[(0, b"%PDF")], "a PDF document", Neither),
    (&[(0, b"\x93NUMPY")], "a NumPy array", Neither),
    (&[(0, b"PAR1")], "a parquet file", Neither),
    (&[(0, b"ARROW1")], "an Arrow file", Neither),
    (&[(0, b"ORC")], "an ORC file", Neither),
    (&[(0, b"Obj\x01")], "an Avro file", Neither),
    (&[(0, b"\x89HDF\r\n\x1a\n")], "an HDF5 file", Neither),
    (&[(0, b"CDF\x01")], "a NetCDF file", Neither),
    (&[(0, b"CDF\x02")], "a NetCDF file", Neither),
    (&[(0, b"MATLAB 5.0")], "a MATLAB file", Neither),
    (&[(0, b"SQLite format 3\0")], "an SQLite database", Neither),
    (&[(0, b"\x80\x02")], "a Python pickle", Neither),
    (&[(0, b"\x80\x03")], "a Python pickle", Neither),
    (&[(0, b"\x80\x04\x95")], "a Python pickle", Neither),
    (&[(0, b"\x80\x05\x95")], "a Python pickle", Neither),
    (&[(0, b"\x1f\x8b")], "a gzip file", Neither),
    (&[(0, b"\x28\xb5\x2f\xfd")], "a Zstandard file", Neither),
    (&[(0, b"\xfd7zXZ\0")], "an xz file", Neither),
    (&[(0, b"BZh")], "a bzip2 file", Neither),
    (&[(0, b"PK\x03\x04")], "a ZIP archive", Neither),
    (&[(0, b"PK\x05\x06")], "an empty ZIP archive", Neither),
    (&[(0, b"7z\xbc\xaf\x27\x1c")], "a 7z archive", Neither),
    (&[(0, b"Rar!")], "a RAR archive", Neither),
    (&[(257, b"ustar")], "a tar archive", Neither),
    (
        &[(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")],
        "an old Office document",
        Neither,
    ),
    (
        &[(0, b"version https://git-lfs")],
        "a Git LFS pointer, not the file itself",
        Neither,
    ),
    (&[(0, b"\xff\xfe")], "text in UTF-16", Neither),
    (&[(0, b"\xfe\xff")], "text in UTF-16", Neither),
];

/// Kinds of text by how it begins, blanks aside and whatever the case.
const TEXTS: &[(&str, &str)] = &[
    ("<!doctype html", "a web page"),
    ("<html", "a web page"),
    ("<svg", "an SVG picture"),
];

/// What these first bytes belong to; none where nothing is known of them.
pub fn content(head: &[u8]) -> Option<Content> {
    let has = |(at, mark): &Mark| head.get(*at..).is_some_and(|from| from.starts_with(mark));
    if let Some((_, name, reader)) = TOLD_BY.iter().find(|(marks, ..)| marks.iter().all(has)) {
        return Some(Content {
            name,
            reader: *reader,
        });
    }
    let text = String::from_utf8_lossy(&head[..head.len().min(HEAD)]).to_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let begins = |start: &str| text.starts_with(start);
    let known = TEXTS.iter().find(|(start, _)| begins(start));
    let xml_picture = begins("<?xml") && text.contains("<svg");
    let name = known
        .map(|(_, name)| *name)
        .or(xml_picture.then_some("an SVG picture"))?;
    Some(Content {
        name,
        reader: Reader::None,
    })
}

/// The same of a file; none where it cannot be opened.
pub fn content_of(file: &Path) -> Option<Content> {
    let mut head = Vec::new();
    let opened = File::open(file).ok()?;
    opened.take(HEAD as u64).read_to_end(&mut head).ok()?;
    content(&head)
}

/// Why a decoder does not read these bytes, and what to do: by their kind, if that is known.
pub fn not_read(head: &[u8], wanted: &str) -> (String, &'static str) {
    match content(head) {
        Some(found) => (
            format!("this is {}, which is not read here", found.name),
            "Convert it, or leave it out",
        ),
        None => (
            format!("it begins like none of {wanted}"),
            "Fetch it again or leave it out",
        ),
    }
}
