//! Pictures set upright, as their EXIF data say.

use image::metadata::Orientation;

/// Turns or mirrors a picture `[height, width, channels]`; its values and its size.
pub fn turned(
    values: Vec<u8>,
    size: [usize; 2],
    channels: usize,
    orientation: Orientation,
) -> (Vec<u8>, [usize; 2]) {
    let [height, width] = size;
    let (bottom, right) = (height - 1, width - 1);
    // The old place of a new one.
    let old: fn([usize; 2], [usize; 2]) -> [usize; 2] = match orientation {
        Orientation::NoTransforms => return (values, size),
        Orientation::FlipHorizontal => |[row, column], [_, right]| [row, right - column],
        Orientation::Rotate180 => |[row, column], [bottom, right]| [bottom - row, right - column],
        Orientation::FlipVertical => |[row, column], [bottom, _]| [bottom - row, column],
        Orientation::Rotate90FlipH => |[row, column], _| [column, row],
        Orientation::Rotate90 => |[row, column], [bottom, _]| [bottom - column, row],
        Orientation::Rotate270FlipH => {
            |[row, column], [bottom, right]| [bottom - column, right - row]
        }
        Orientation::Rotate270 => |[row, column], [_, right]| [column, right - row],
    };
    let lies = matches!(
        orientation,
        Orientation::Rotate90FlipH
            | Orientation::Rotate90
            | Orientation::Rotate270FlipH
            | Orientation::Rotate270
    );
    let new = match lies {
        true => [width, height],
        false => size,
    };
    let mut upright = Vec::with_capacity(values.len());
    for row in 0..new[0] {
        for column in 0..new[1] {
            let [row, column] = old([row, column], [bottom, right]);
            let at = (row * width + column) * channels;
            upright.extend_from_slice(&values[at..at + channels]);
        }
    }
    (upright, new)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `abc / def` with one channel, as a viewer shows it under each of EXIF's eight numbers.
    #[test]
    fn every_orientation_of_exif_is_set_upright() {
        let shown = [
            (1, "abcdef", [2, 3]),
            (2, "cbafed", [2, 3]),
            (3, "fedcba", [2, 3]),
            (4, "defabc", [2, 3]),
            (5, "adbecf", [3, 2]),
            (6, "daebfc", [3, 2]),
            (7, "fcebda", [3, 2]),
            (8, "cfbead", [3, 2]),
        ];
        for (number, expected, size) in shown {
            let orientation = Orientation::from_exif(number).unwrap();
            let (values, new) = turned(b"abcdef".to_vec(), [2, 3], 1, orientation);
            assert_eq!(
                (String::from_utf8(values).unwrap().as_str(), new),
                (expected, size),
                "{number}"
            );
        }
    }
}
