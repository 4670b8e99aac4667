//! "Did you mean": the nearest known word.

/// The candidate most like `word`, if one is near enough to be a slip of the fingers.
///
/// Nearness is the Damerau-Levenshtein distance, letter case apart; at most a third of the longer
/// word (and always one letter) may differ.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            let longer = word.chars().count().max(candidate.chars().count());
            *distance <= (longer / 3).max(1) && *distance < longer
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn a_slip_of_the_fingers_finds_the_word() {
        let words = ["samples", "start", "learn"];
        assert_eq!(suggest("smaples", words).as_deref(), Some("samples"));
        assert_eq!(suggest("Start", words).as_deref(), Some("start"));
    }

    #[test]
    fn a_different_word_finds_nothing() {
        assert_eq!(suggest("temperature", ["samples", "kd"]), None);
        assert_eq!(suggest("x", ["y"]), None);
        assert_eq!(suggest("", ["a"]), None);
    }
}
