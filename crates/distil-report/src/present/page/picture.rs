//! Small pictures as data URIs.

use crate::trials::predictions::Picture;

/// The picture as a `data:` URI holding an uncompressed BMP, which every browser reads; none if its numbers do not fit each other.
pub(super) fn data_uri(picture: &Picture) -> Option<String> {
    let Picture {
        width,
        height,
        channels,
        pixels,
    } = picture;
    let fits = (*channels == 1 || *channels == 3) && *width > 0 && *height > 0;
    if !fits || pixels.len() != width.checked_mul(*height)?.checked_mul(*channels)? {
        return None;
    }
    Some(format!("data:image/bmp;base64,{}", base64(&bmp(picture)?)))
}

/// 24 bits per pixel, rows from the bottom, padded to four bytes, blue first.
fn bmp(picture: &Picture) -> Option<Vec<u8>> {
    const HEADERS: u32 = 54;
    let (width, height) = (
        i32::try_from(picture.width).ok()?,
        i32::try_from(picture.height).ok()?,
    );
    let row_bytes = (picture.width * 3).next_multiple_of(4);
    let image_bytes = u32::try_from(row_bytes * picture.height).ok()?;
    let mut bytes = b"BM".to_vec();
    for number in [image_bytes.checked_add(HEADERS)?, 0, HEADERS, 40] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend([1, 0, 24, 0]);
    for number in [0, image_bytes, 2835, 2835, 0, 0] {
        bytes.extend(u32::to_le_bytes(number));
    }
    for row in picture
        .pixels
        .chunks_exact(picture.width * picture.channels)
        .rev()
    {
        let start = bytes.len();
        for pixel in row.chunks_exact(picture.channels) {
            match pixel {
                [red, green, blue] => bytes.extend([*blue, *green, *red]),
                _ => bytes.extend([pixel[0]; 3]),
            }
        }
        bytes.resize(start + row_bytes, 0);
    }
    Some(bytes)
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let byte = |place: usize| u32::from(part.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for sign in 0..4 {
            let filled = sign <= part.len();
            text.push(if filled {
                char::from(SIGNS[(bits >> (18 - 6 * sign) & 63) as usize])
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_as_rfc_4648_says() {
        let coded = ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes()));
        assert_eq!(coded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }

    #[test]
    fn a_picture_becomes_a_bitmap_from_the_bottom_with_blue_first() {
        let pixels = vec![1, 2, 3, 4, 5, 6];
        let picture = Picture {
            width: 1,
            height: 2,
            channels: 3,
            pixels,
        };
        let bytes = bmp(&picture).unwrap_or_default();
        assert_eq!(bytes.len(), 54 + 8);
        assert_eq!(bytes[2..6], 62u32.to_le_bytes());
        assert_eq!(bytes[54..], [6, 5, 4, 0, 3, 2, 1, 0]);
        assert!(
            data_uri(&Picture {
                pixels: vec![0; 5],
                ..picture.clone()
            })
            .is_none()
        );
        assert!(
            data_uri(&Picture {
                channels: 2,
                ..picture
            })
            .is_none()
        );
    }
}
