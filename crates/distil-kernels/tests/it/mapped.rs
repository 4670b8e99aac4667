//! Mapped files.

use std::fs::File;

use distil_kernels::Mapped;

#[test]
fn numbers_are_read_where_they_lie_and_not_beyond_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers");
    let bytes: Vec<u8> = [1.5_f32, -2.0, 3.25]
        .iter()
        .flat_map(|x| x.to_ne_bytes())
        .collect();
    std::fs::write(&path, &bytes).unwrap();
    let mapped = Mapped::new(&File::open(&path).unwrap()).unwrap();
    // Removing its name takes nothing away.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(mapped.slice::<f32>(4, 2).unwrap()[..], [-2.0, 3.25]);
    assert_eq!(mapped.slice::<u8>(0, 12).unwrap()[..], bytes[..]);
    assert!(mapped.slice::<f32>(12, 0).unwrap().is_empty());
    for (start, count) in [(4, 3), (16, 0), (2, 1), (0, usize::MAX)] {
        assert!(mapped.slice::<f32>(start, count).is_none(), "{start}");
    }
    assert!(mapped.slice::<f64>(4, 1).is_none());
}

#[test]
fn a_copy_in_memory_is_what_the_file_was_whatever_becomes_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers");
    let bytes: Vec<u8> = (0..20_000_u32).flat_map(u32::to_ne_bytes).collect();
    std::fs::write(&path, &bytes).unwrap();
    let copied = Mapped::copied(&File::open(&path).unwrap()).unwrap();
    std::fs::write(&path, "cut short").unwrap();
    copied.passed(1 << 30);
    copied.give_back();
    assert_eq!(copied.bytes(), bytes);
    assert_eq!(
        copied.slice::<u32>(4 * 19_998, 2).unwrap()[..],
        [19_998, 19_999]
    );
}
