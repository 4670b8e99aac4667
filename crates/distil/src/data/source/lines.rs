//! The lines of a text file.

/// The line on which each record begins. The reader's own count is off after `\r\n` and after blank lines.
pub struct Lines<'a> {
    bytes: &'a [u8],
    comment: Option<u8>,
    /// Where the last record began.
    pub at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// The lines of these bytes; those that begin with `comment` hold no record.
    pub fn new(bytes: &'a [u8], comment: Option<char>) -> Self {
        Self {
            bytes,
            comment: comment.and_then(|comment| u8::try_from(comment).ok()),
            at: 0,
            line: 1,
        }
    }

    /// The line of the record that was read from here on: blank lines and comments may come first.
    pub fn of(&mut self, from: usize) -> u64 {
        self.line += line_ends(&self.bytes[self.at..from.min(self.bytes.len())]) as u64;
        // A line end that is cut in two is counted where it ends.
        if from > self.at
            && self.bytes.get(from - 1) == Some(&b'\r')
            && self.bytes.get(from) == Some(&b'\n')
        {
            self.line -= 1;
        }
        self.at = from;
        while let Some(&byte) = self.bytes.get(self.at) {
            let end = match byte {
                b'\r' | b'\n' => self.at,
                _ if Some(byte) == self.comment => {
                    let rest = self.bytes[self.at..].iter();
                    self.at
                        + rest
                            .take_while(|byte| !matches!(byte, b'\r' | b'\n'))
                            .count()
                }
                _ => break,
            };
            let pair = self.bytes.get(end..end + 2) == Some(b"\r\n");
            self.at = end + 1 + usize::from(pair);
            self.line += 1;
        }
        self.line
    }
}

/// Line ends: `\r\n`, `\n` or `\r`.
pub fn line_ends(bytes: &[u8]) -> usize {
    let ends = bytes.iter().enumerate();
    ends.filter(|(at, byte)| {
        **byte == b'\n' || **byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')
    })
    .count()
}
