//! Parts that the data's authors gave: told by the names of folders, files and arrays.

use distil_report::Part;

/// How parts are called, the longer of two that begin alike first.
const WORDS: &[(&str, Part)] = &[
    ("training", Part::Train),
    ("train", Part::Train),
    ("validation", Part::Validation),
    ("valid", Part::Validation),
    ("val", Part::Validation),
    ("dev", Part::Validation),
    ("testing", Part::Test),
    ("test", Part::Test),
];

/// The names of [`part_of`], for messages.
pub const NAMES: &str = "train or training, validation, valid, val or dev, test or testing";

/// The part that one of a name's words tells: `Train`, `seg_train`, `train-00000-of-00001`, `training_set`.
pub fn part_of(name: &str) -> Option<Part> {
    let words = name.split(|c: char| !c.is_ascii_alphabetic());
    let part = |word: &str| {
        let told = WORDS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word));
        told.map(|(_, part)| *part)
    };
    words.filter_map(part).next()
}

/// A name's part, at its beginning or end, and what is left of its letters: `x_train` and `trainX` are `x` of the training part.
pub fn split_name(name: &str) -> (Option<Part>, String) {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    let letters = letters.to_lowercase();
    for (word, part) in WORDS {
        let rest = letters
            .strip_prefix(word)
            .or_else(|| letters.strip_suffix(word));
        if let Some(rest) = rest {
            return (Some(*part), rest.to_string());
        }
    }
    (None, letters)
}

/// The parts as they are used: without a test part the validation part is it. With what is to be said of them; none where
/// there is nothing to test on.
pub fn given(mut parts: Vec<Part>) -> Option<(Vec<Part>, String)> {
    let count = |parts: &[Part], part| parts.iter().filter(|other| **other == part).count();
    let note = match count(&parts, Part::Test) {
        0 => {
            let test = count(&parts, Part::Validation);
            for part in &mut parts {
                if *part == Part::Validation {
                    *part = Part::Test;
                }
            }
            format!(
                "the data comes with {} training and {test} validation samples and no test part: the validation samples are the test part",
                count(&parts, Part::Train)
            )
        }
        test => format!(
            "the data comes in parts: {} training, {} validation and {test} test samples",
            count(&parts, Part::Train),
            count(&parts, Part::Validation)
        ),
    };
    let whole = count(&parts, Part::Train) > 0 && count(&parts, Part::Test) > 0;
    whole.then_some((parts, note))
}
