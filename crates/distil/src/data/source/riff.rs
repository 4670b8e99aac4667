//! WAV files: what surrounds the samples, taken as it is met, and samples that are no compressed ones.

/// The sound of a WAV file.
pub struct Wave<'a> {
    /// How its samples are stored.
    pub codec: Codec,
    /// Numbers that are one moment.
    pub channels: usize,
    /// Moments a second.
    pub rate: u32,
    /// Bytes of one moment, or of one block of compressed ones.
    pub block: usize,
    /// The samples.
    pub data: &'a [u8],
    /// Moments there are, where the file says so.
    pub frames: Option<usize>,
    /// The chunk that says all this.
    pub format: &'a [u8],
}

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Whole numbers.
    Whole,
    /// Floating numbers.
    Float,
    /// G.711, Europe.
    ALaw,
    /// G.711, America and Japan.
    MuLaw,
    /// Microsoft's or IMA's differences of four bits.
    Adpcm,
    /// An MP3 stream.
    Mp3,
}

/// Programs that write into a pipe do not know the length: they write 0 or about as much as fits (sox, arecord, ffmpeg).
const UNKNOWN: u32 = 0x7fff_0000;

impl<'a> Wave<'a> {
    /// Walks through the chunks: unknown ones are passed over, a length that was not known means up to the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let mut at = 12;
        let (mut format, mut data, mut frames, mut long) = (None, None, None, None);
        while data.is_none() || format.is_none() {
            let Some((name, length)) = chunk(bytes, at) else {
                break;
            };
            let rest = &bytes[at + 8..];
            let inside = rest.get(..length as usize);
            match (name, inside) {
                (b"fmt ", Some(inside)) => format = Some(inside),
                (b"fact", Some([a, b, c, d, ..])) => {
                    frames = Some(u32::from_le_bytes([*a, *b, *c, *d]));
                }
                (b"ds64", Some(inside)) => {
                    let length = inside.get(8..16).and_then(|l| l.try_into().ok());
                    long = length.map(u64::from_le_bytes);
                }
                (b"data", _) => {
                    data = Some(sound(rest, length, long)?);
                }
                (_, None) => return Err("its header is cut short".into()),
                _ => {}
            }
            at = next(bytes, at + 8, length as usize);
        }
        let format = format.ok_or("it does not say how its samples are stored")?;
        let data = data.ok_or("there is no sound in it, only a header")?;
        Self::of(format, data, frames)
    }

    fn of(format: &'a [u8], data: &'a [u8], frames: Option<u32>) -> Result<Self, String> {
        let short = |at: usize| {
            let bytes = format.get(at..at + 2)?.try_into().ok()?;
            Some(u16::from_le_bytes(bytes))
        };
        let field = |at: usize| short(at).ok_or("its header is cut short");
        let tag = match field(0)? {
            // The extensible form: the tag begins a longer one.
            0xfffe => field(24)?,
            tag => tag,
        };
        let codec = match tag {
            1 => Codec::Whole,
            3 => Codec::Float,
            6 => Codec::ALaw,
            7 => Codec::MuLaw,
            2 | 0x11 => Codec::Adpcm,
            0x55 => Codec::Mp3,
            _ => {
                return Err(format!(
                    "its samples are stored in a way (0x{tag:02x}) that is not read"
                ));
            }
        };
        let channels = usize::from(field(2)?);
        let rate = u32::from(field(4)?) | u32::from(field(6)?) << 16;
        if channels == 0 || rate == 0 {
            return Err(format!("{channels} channels at {rate} samples per second"));
        }
        let block = match usize::from(field(12)?) {
            0 => channels * usize::from(field(14)?).div_ceil(8),
            block => block,
        };
        Ok(Self {
            codec,
            channels,
            rate,
            block,
            data,
            frames: frames
                .map(|frames| frames as usize)
                .filter(|frames| *frames > 0),
            format,
        })
    }

    /// The samples, from −1 to 1, channel by channel of each moment; `None` for compressed ones.
    pub fn samples(&self) -> Option<Result<Vec<f32>, String>> {
        let size = self.block / self.channels;
        let refuse = || format!("samples of {size} bytes are not read");
        if size * self.channels != self.block {
            return Some(Err(format!(
                "{} bytes are not shared by {} channels",
                self.block, self.channels
            )));
        }
        let data = &self.data[..self.data.len() / self.block.max(1) * self.block];
        macro_rules! all {
            ($bytes:literal, $convert:expr) => {
                data.as_chunks::<$bytes>().0.iter().map($convert).collect()
            };
        }
        let samples = match (self.codec, size) {
            (Codec::Adpcm | Codec::Mp3, _) => return None,
            (Codec::Whole, 1) => all!(1, |[x]| (f32::from(*x) - 128.0) / 128.0),
            (Codec::Whole, 2) => all!(2, |x| f32::from(i16::from_le_bytes(*x)) / 32_768.0),
            (Codec::Whole, 3) => all!(3, |[a, b, c]| {
                (i32::from_le_bytes([0, *a, *b, *c]) >> 8) as f32 / 8_388_608.0
            }),
            (Codec::Whole, 4) => all!(4, |x| i32::from_le_bytes(*x) as f32 / 2_147_483_648.0),
            (Codec::Float, 4) => all!(4, |x| f32::from_le_bytes(*x)),
            (Codec::Float, 8) => all!(8, |x| f64::from_le_bytes(*x) as f32),
            (Codec::MuLaw, 1) => all!(1, |[x]| f32::from(mu_law(*x)) / 32_768.0),
            (Codec::ALaw, 1) => all!(1, |[x]| f32::from(a_law(*x)) / 32_768.0),
            _ => return Some(Err(refuse())),
        };
        Some(Ok(samples))
    }

    /// The same sound behind a header that every decoder reads.
    pub fn plain(&self) -> Vec<u8> {
        let size = |bytes: &[u8]| (bytes.len() as u32).to_le_bytes();
        let data = &self.data[..self.data.len().min(u32::MAX as usize - 1024)];
        let mut file = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        file.extend(size(self.format));
        file.extend(self.format);
        file.resize(file.len().next_multiple_of(2), 0);
        file.extend(b"data");
        file.extend(size(data));
        file.extend(data);
        let length = size(&file[8..]);
        file[4..8].copy_from_slice(&length);
        file
    }
}

/// The name and length of the chunk that begins here.
fn chunk(bytes: &[u8], at: usize) -> Option<(&[u8; 4], u32)> {
    let head = bytes.get(at..at.checked_add(8)?)?;
    let ([name, length], _) = head.as_chunks::<4>() else {
        return None;
    };
    Some((name, u32::from_le_bytes(*length)))
}

fn is_name(bytes: &[u8], at: usize) -> bool {
    let name = bytes.get(at..at + 4);
    name.is_some_and(|name| name.iter().all(|c| c.is_ascii_alphanumeric() || *c == b' '))
}

/// Where the next chunk begins: after a pad byte behind an odd length, which some programs forget.
fn next(bytes: &[u8], start: usize, length: usize) -> usize {
    let end = start.saturating_add(length);
    let padded = end.saturating_add(length % 2);
    match !is_name(bytes, padded) && is_name(bytes, end) {
        true => end,
        false => padded,
    }
}

fn sound(rest: &[u8], length: u32, long: Option<u64>) -> Result<&[u8], String> {
    let known = match (length, long) {
        (u32::MAX, Some(long)) => long as usize,
        // An empty sound is followed by nothing, or by another chunk.
        (0, _)
            if rest.is_empty()
                || chunk(rest, 0).is_some_and(|(_, l)| l as usize <= rest.len())
                    && is_name(rest, 0) =>
        {
            0
        }
        (0 | UNKNOWN.., _) => rest.len(),
        (length, _) => length as usize,
    };
    rest.get(..known).ok_or(format!(
        "its header says {known} bytes of sound, and {} follow",
        rest.len()
    ))
}

/// G.711: 8 bits to 14, here to the upper bits of 16.
fn mu_law(code: u8) -> i16 {
    let code = !code;
    let magnitude = ((i32::from(code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4);
    let value = (magnitude - 0x84) as i16;
    if code & 0x80 == 0 { value } else { -value }
}

/// G.711: 8 bits to 13, here to the upper bits of 16.
fn a_law(code: u8) -> i16 {
    let code = code ^ 0x55;
    let mantissa = i32::from(code & 0x0f) << 4;
    let magnitude = match (code & 0x70) >> 4 {
        0 => mantissa + 8,
        exponent => (mantissa + 0x108) << (exponent - 1),
    };
    let value = magnitude as i16;
    if code & 0x80 == 0 { -value } else { value }
}
