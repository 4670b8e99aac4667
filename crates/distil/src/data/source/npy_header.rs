//! The header of a NumPy file: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` behind the magic bytes.

/// What a header says.
#[derive(Debug, PartialEq)]
pub struct Header {
    /// The type of the elements, as NumPy writes it.
    pub descr: String,
    /// Whether the first axis is the fastest.
    pub columns_first: bool,
    /// The lengths of the axes.
    pub shape: Vec<usize>,
    /// Where the elements begin.
    pub start: usize,
}

/// NumPy has at most so many axes.
const AXES: usize = 64;

impl Header {
    /// Reads the three keys, each once and nothing else; the error is a part of a sentence.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let rest = bytes
            .strip_prefix(b"\x93NUMPY")
            .ok_or("it does not begin like one")?;
        let (start, length): (usize, usize) = match rest {
            [1, _, low, high, ..] => (10, usize::from(u16::from_le_bytes([*low, *high]))),
            [2 | 3, _, a, b, c, d, ..] => (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
            [1..=3, ..] | [] => return Err("its header is cut short".into()),
            [version, ..] => return Err(format!("version {version} is not known")),
        };
        let text = start
            .checked_add(length)
            .and_then(|end| bytes.get(start..end))
            .ok_or("its header is cut short")?;
        let mut text = Text(text);
        let (mut descr, mut columns_first, mut shape) = (None, None, None);
        let ill = || "its header is not `{'descr': …, 'fortran_order': …, 'shape': …}`".to_string();
        text.take(b'{').ok_or_else(ill)?;
        while text.take(b'}').is_none() {
            let key = text.quoted().ok_or_else(ill)?;
            text.take(b':').ok_or_else(ill)?;
            let read = match key.as_str() {
                "descr" if descr.is_none() => text.descr().map(|found| descr = Some(found)),
                "fortran_order" if columns_first.is_none() => {
                    text.truth().map(|found| columns_first = Some(found))
                }
                "shape" if shape.is_none() => text.tuple().map(|found| shape = Some(found)),
                _ => None,
            };
            read.ok_or_else(ill)?;
            if text.take(b',').is_none() {
                text.take(b'}').ok_or_else(ill)?;
                break;
            }
        }
        text.end().ok_or_else(ill)?;
        Ok(Self {
            descr: descr.ok_or_else(ill)?,
            columns_first: columns_first.ok_or_else(ill)?,
            shape: shape.ok_or_else(ill)?,
            start: start + length,
        })
    }
}

/// What is left of the header's text. Each byte is looked at once.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn blanks(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.blanks();
        let (first, rest) = self.0.split_first()?;
        (*first == byte).then(|| self.0 = rest)
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.blanks();
        self.0 = self.0.strip_prefix(word)?;
        Some(())
    }

    /// A string without escapes.
    fn quoted(&mut self) -> Option<String> {
        self.blanks();
        let (quote, rest) = self.0.split_first()?;
        if !matches!(quote, b'\'' | b'"') {
            return None;
        }
        let length = rest.iter().position(|byte| byte == quote)?;
        let (text, rest) = rest.split_at(length);
        self.0 = &rest[1..];
        let text = std::str::from_utf8(text).ok()?;
        (!text.contains('\\')).then(|| text.to_string())
    }

    /// A type, or a list of named ones, which is kept as it is written.
    fn descr(&mut self) -> Option<String> {
        self.blanks();
        if self.0.first() != Some(&b'[') {
            return self.quoted();
        }
        let mut depth = 0;
        let end = self.0.iter().position(|byte| {
            depth += i32::from(*byte == b'[') - i32::from(*byte == b']');
            depth == 0
        })?;
        let (list, rest) = self.0.split_at(end + 1);
        self.0 = rest;
        Some(String::from_utf8_lossy(list).into_owned())
    }

    fn truth(&mut self) -> Option<bool> {
        match self.word(b"True") {
            Some(()) => Some(true),
            None => self.word(b"False").map(|()| false),
        }
    }

    /// `()`, `(3,)` or `(3, 4)`; Python 2 wrote `3L`.
    fn tuple(&mut self) -> Option<Vec<usize>> {
        self.take(b'(')?;
        let mut lengths = Vec::new();
        while self.take(b')').is_none() {
            self.blanks();
            let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit());
            let (number, rest) = self.0.split_at(digits.count());
            self.0 = rest;
            lengths.push(std::str::from_utf8(number).ok()?.parse().ok()?);
            _ = self.word(b"L");
            if self.take(b',').is_none() {
                self.take(b')')?;
                break;
            }
            if lengths.len() == AXES {
                return None;
            }
        }
        Some(lengths)
    }

    fn end(&mut self) -> Option<()> {
        self.blanks();
        self.0.iter().all(|byte| *byte == 0).then_some(())
    }
}
