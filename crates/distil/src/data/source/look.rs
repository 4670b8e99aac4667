//! What data is, seen before anybody has said how to read it: what a recipe for it is written from.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::data::marks::{Marks, marks};
use crate::data::source::cells::{Markers, USUAL, are_whole, no_categories};
use crate::data::source::class_folders;
use crate::data::source::dates;
use crate::data::source::decode::{Colour, decode};
use crate::data::source::encoding::{self, TextEncoding};
use crate::data::source::file::read_within;
use crate::data::source::forms::{Form, Inferred, plain};
use crate::data::source::limits::Limits;
use crate::data::source::listing::{PICTURES, SOUNDS};
use crate::data::source::parquet_table;
use crate::data::source::recordings;
use crate::data::source::sound::read_sound;
use crate::data::source::text_table::{Cut, Header, TextColumn, TextTable};
use crate::error::{Error, Result};

/// Pictures that are looked at, of a folder of many.
const LOOKED_AT: usize = 100;

/// A table.
#[derive(Debug)]
pub struct TableLook {
    /// Rows.
    pub rows: usize,
    /// Whether the first row names the columns.
    pub has_header: bool,
    /// How its text is most likely encoded, where that is not UTF-8.
    pub encoding: Option<TextEncoding>,
    /// Its columns, in order.
    pub columns: Vec<ColumnLook>,
}

/// A column of a table.
#[derive(Debug)]
pub struct ColumnLook {
    /// The header, or `column 3`.
    pub name: String,
    /// Whether a file with a header has no name for it.
    pub nameless: bool,
    /// Whether most of its cells are numbers.
    pub numbers: bool,
    /// Whether all its cells are whole numbers.
    pub whole: bool,
    /// Whether its cells are dates.
    pub dates: bool,
    /// Whether they rise from row to row, or fall.
    pub in_order: bool,
    /// The marks that its numbers are, if they are.
    pub marks: Option<Marks>,
    /// Different cells that are not missing.
    pub different: usize,
    /// Missing cells.
    pub missing: usize,
    /// Why it holds texts that are no categories.
    pub texts: Option<String>,
}

/// Looks at a table of text or of parquet.
///
/// # Errors
/// It is none.
pub fn look_at_table(path: &Path) -> Result<TableLook> {
    let limits = Limits::training(None);
    let mut encoding = None;
    let table = match parquet_table::read(path, limits)? {
        Some(read) => read.table,
        None => {
            let bytes = read_within(path, limits)?;
            encoding = encoding::guess(&bytes);
            let cut = |header| Cut {
                encoding,
                header,
                ..Cut::headed(&[])
            };
            let counted = TextTable::parse(path, &bytes, &cut(Header::Counted))?;
            // Numbers are the first row of a file without a header, unless numbers stand below a word.
            let first = |column: &&TextColumn| {
                let mut cells = column.texts();
                cells.next().is_some_and(|cell| plain(cell).is_some())
            };
            let below = |column: &TextColumn| {
                let rest = column.cells.iter().skip(1);
                2 * rest.filter(|cell| plain(cell).is_some()).count() >= column.cells.len()
            };
            let bare = counted.columns.iter().any(|column| first(&column))
                && !counted
                    .columns
                    .iter()
                    .any(|column| !first(&column) && below(column));
            match bare {
                true => counted,
                false => TextTable::parse(path, &bytes, &cut(Header::First))?,
            }
        }
    };
    let markers = Markers::new(&USUAL);
    let columns = table.columns.iter().map(|column| {
        let known = || markers.known(column);
        let numbers = match Form::infer(known(), table.delimiter, false) {
            Inferred::Form(_, read) => 2 * read > known().count(),
            Inferred::Ambiguous => true,
        };
        let dates = match dates::infer(known()) {
            dates::Inferred::Format(format) if !numbers && format != dates::TIME => known()
                .map(|cell| dates::moment(cell, format).map(|moment| moment.days))
                .collect(),
            _ => Vec::new(),
        };
        let order: Vec<Option<f64>> = match numbers {
            true => known().map(plain).collect(),
            false => dates.clone(),
        };
        let pairs = || order.windows(2);
        let different: HashSet<&str> = known().collect();
        let is_text = !numbers && dates.is_empty();
        ColumnLook {
            name: column.name.clone(),
            nameless: column.nameless,
            numbers,
            whole: numbers && are_whole(known()),
            dates: !dates.is_empty(),
            in_order: order.len() > 1
                && (pairs().all(|pair| pair[0] <= pair[1])
                    || pairs().all(|pair| pair[0] >= pair[1])),
            marks: match numbers {
                true => marks(order.iter().map(|x| x.unwrap_or(f64::NAN))),
                false => None,
            },
            different: different.len(),
            missing: column.cells.len() - known().count(),
            texts: is_text
                .then(|| no_categories(column, &markers, false))
                .flatten(),
        }
    });
    Ok(TableLook {
        rows: table
            .lines
            .len()
            .max(table.columns.first().map_or(0, |column| column.cells.len())),
        has_header: table.has_header,
        encoding,
        columns: columns.collect(),
    })
}

/// Pictures in folders of classes.
#[derive(Debug, Clone, Copy)]
pub struct PictureLook {
    /// Pictures.
    pub count: usize,
    /// Their median height and width.
    pub median: [usize; 2],
    /// Whether those looked at have one size.
    pub alike: bool,
    /// Whether those looked at are grey.
    pub grey: bool,
}

/// Looks at a folder of pictures, a folder per class.
///
/// # Errors
/// It is none; a picture that is broken.
pub fn look_at_pictures(path: &Path) -> Result<PictureLook> {
    let limits = Limits::training(None);
    let files = class_folders::read(path, PICTURES, 2)?.paths;
    let looked_at = files.len().min(LOOKED_AT);
    let (mut heights, mut widths, mut grey) = (Vec::new(), Vec::new(), true);
    for file in (0..looked_at).map(|i| &files[i * files.len() / looked_at]) {
        let bytes = read_within(file, limits)?;
        let pixels = decode(&bytes, Colour::Rgb, None, limits).map_err(|refusal| {
            Error::input(file.display(), refusal.reason).remedy(refusal.remedy)
        })?;
        heights.push(pixels.size[0]);
        widths.push(pixels.size[1]);
        grey &= pixels
            .values
            .chunks_exact(3)
            .all(|x| x[0] == x[1] && x[1] == x[2]);
    }
    heights.sort_unstable();
    widths.sort_unstable();
    let middle = |sides: &[usize]| sides.get(sides.len() / 2).copied().unwrap_or(1);
    Ok(PictureLook {
        count: files.len(),
        median: [middle(&heights), middle(&widths)],
        alike: heights.first() == heights.last() && widths.first() == widths.last(),
        grey,
    })
}

/// Sounds.
#[derive(Debug, Clone, Copy)]
pub struct SoundLook {
    /// Sounds.
    pub count: usize,
    /// Whether they lie in a folder for each class.
    pub in_classes: bool,
    /// Samples per second of most.
    pub rate: u32,
    /// Seconds that 95 of 100 do not exceed.
    pub seconds: f64,
    /// Seconds of the longest.
    pub longest: f64,
}

/// Looks at a folder of sounds, a folder per class or all in one.
///
/// # Errors
/// It is none; a sound that is broken.
pub fn look_at_sounds(path: &Path) -> Result<SoundLook> {
    /// Of sounds that are looked at: half a minute of each would fit in memory.
    const RATE: u32 = 16_000;
    let limits = Limits::training(None);
    let loose = recordings::of_folder(path);
    let in_classes = loose.is_err();
    let files: Vec<PathBuf> = match loose {
        Ok((files, _)) => files,
        Err(_) => class_folders::read(path, SOUNDS, 2)?.paths,
    };
    let mut rates: Vec<u32> = Vec::new();
    let mut seconds: Vec<f64> = Vec::new();
    for file in &files {
        let bytes = read_within(file, limits)?;
        let sound = read_sound(file, &bytes, RATE, limits)?;
        rates.push(sound.resampled.unwrap_or(RATE));
        seconds.push(sound.samples.len() as f64 / f64::from(RATE));
    }
    seconds.sort_by(f64::total_cmp);
    rates.sort_unstable();
    Ok(SoundLook {
        count: files.len(),
        in_classes,
        rate: rates.get(rates.len() / 2).copied().unwrap_or(RATE),
        seconds: seconds
            .get(seconds.len() * 95 / 100)
            .copied()
            .unwrap_or(1.0),
        longest: seconds.last().copied().unwrap_or(1.0),
    })
}
