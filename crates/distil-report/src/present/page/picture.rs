//! Small pictures as data URIs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::trials::predictions::Picture;

/// The picture as a `data:` URI holding a PNG; none if its numbers do not fit each other.
pub(super) fn data_uri(picture: &Picture) -> Option<String> {
    let (width, height) = (
        picture.width.try_into().ok()?,
        picture.height.try_into().ok()?,
    );
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(match picture.channels {
        1 => png::ColorType::Grayscale,
        3 => png::ColorType::Rgb,
        _ => return None,
    });
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&picture.pixels).ok()?;
    writer.finish().ok()?;
    Some(format!("data:image/png;base64,{}", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_comes_back_from_its_uri_and_numbers_that_do_not_fit_make_none() {
        let picture = Picture {
            width: 1,
            height: 2,
            channels: 3,
            pixels: vec![1, 2, 3, 4, 5, 6],
        };
        let uri = data_uri(&picture).unwrap();
        let bytes = STANDARD.decode(uri.strip_prefix("data:image/png;base64,").unwrap());
        let decoder = png::Decoder::new(std::io::Cursor::new(bytes.unwrap()));
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; 6];
        let read = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((read.width, read.height), (1, 2));
        assert_eq!(pixels, picture.pixels);
        let unfit = [
            Picture {
                pixels: vec![0; 5],
                ..picture.clone()
            },
            Picture {
                channels: 2,
                ..picture.clone()
            },
            Picture {
                width: 0,
                pixels: Vec::new(),
                ..picture
            },
        ];
        assert!(unfit.iter().all(|picture| data_uri(picture).is_none()));
    }
}
