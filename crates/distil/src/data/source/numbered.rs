//! Classes given as numbers.

/// Names and labels of classes given as numbers: those that there are, in order, each named by its number; and what is to be
/// said if they are not numbered from 0 on without a gap.
pub fn numbered(numbers: &[i64]) -> (Vec<String>, Vec<u32>, Option<String>) {
    let mut present = numbers.to_vec();
    present.sort_unstable();
    present.dedup();
    let label = |number: &i64| present.partition_point(|other| other < number) as u32;
    let labels = numbers.iter().map(label).collect();
    let names = present.iter().map(i64::to_string).collect();
    let note = match present.as_slice() {
        [first, .., last] if *first != 0 || *last != present.len() as i64 - 1 => Some(format!(
            "the {} classes are numbered {first} to {last}, and named by these numbers",
            present.len()
        )),
        _ => None,
    };
    (names, labels, note)
}

/// The same of classes given as text, sorted.
pub fn texts(texts: &[String]) -> (Vec<String>, Vec<u32>) {
    let mut names = texts.to_vec();
    names.sort();
    names.dedup();
    let label = |text: &String| names.partition_point(|other| other < text) as u32;
    let labels = texts.iter().map(label).collect();
    (names, labels)
}
