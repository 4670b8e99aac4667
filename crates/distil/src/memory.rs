//! What this machine's memory holds, asked before anything large is made.

use std::fs;

use distil_report::present::human::human_bytes;

/// Bytes of memory a process of this machine may have: all there is, or what its group is held to; none where nobody tells.
pub fn total_bytes() -> Option<u64> {
    let all = || {
        let text = fs::read_to_string("/proc/meminfo").ok()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1024)
    };
    let group = || {
        let text = fs::read_to_string("/sys/fs/cgroup/memory.max").ok()?;
        text.trim().parse().ok()
    };
    let known: [Option<u64>; 2] = [all(), group()];
    known.into_iter().flatten().min()
}

/// Whether so many numbers of four bytes fit into memory; else a sentence without its beginning, `take … of memory, and …`.
///
/// Counts are multiplied exactly, however large.
pub fn fits(counts: &[u128]) -> Result<(), String> {
    let bytes = counts
        .iter()
        .try_fold(4u128, |bytes, count| bytes.checked_mul(*count));
    let total = total_bytes().map_or(u128::from(u64::MAX / 2), u128::from);
    match bytes {
        Some(bytes) if bytes <= total => Ok(()),
        _ => Err(format!(
            "take {} of memory, and this machine has {}",
            bytes.map_or_else(
                || "more bytes than can be counted".into(),
                |bytes| human_bytes(u64::try_from(bytes).unwrap_or(u64::MAX))
            ),
            human_bytes(u64::try_from(total).unwrap_or(u64::MAX))
        )),
    }
}

/// Numbers in an array of this shape, as many as can be counted.
pub fn numbers(shape: &[usize]) -> usize {
    shape
        .iter()
        .fold(1, |numbers, length| numbers.saturating_mul(*length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_fits_and_what_overflows_does_not() {
        assert_eq!(fits(&[1000, 1000]), Ok(()));
        for counts in [&[1 << 62][..], &[u128::MAX, 2], &[1 << 40, 1 << 40]] {
            let said = fits(counts).unwrap_err();
            assert!(
                said.starts_with("take ") && said.contains("this machine has"),
                "{said}"
            );
        }
        assert_eq!(numbers(&[usize::MAX, 3]), usize::MAX);
        assert_eq!(numbers(&[]), 1);
    }
}
