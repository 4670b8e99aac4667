//! What columns are called: which name ids, and which stand in for one that is missing.

use distil_recipe::suggest;

use crate::data::source::text_table::TextTable;
use crate::error::{Error, Result};

/// Whether a column is called as one of ids is: `id`, `patient_id`, `userId`, `ID`, `subject`.
pub(super) fn is_id(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "patient",
        "subject",
        "user",
        "customer",
        "client",
        "person",
        "participant",
        "speaker",
        "session",
        "household",
        "device",
        "uuid",
    ];
    // Words that are one with `id` behind them only.
    const STEMS: [&str; 6] = ["case", "visit", "member", "account", "employee", "student"];
    let stem = name
        .strip_suffix("id")
        .or(name.strip_suffix("Id"))
        .or(name.strip_suffix("ID"));
    let ends = stem.is_some_and(|stem| match stem.chars().next_back() {
        None => true,
        Some(last) => {
            !last.is_alphanumeric()
                || name.ends_with("Id")
                || name.ends_with("ID") && last.is_lowercase()
        }
    });
    let lower = name.to_lowercase();
    let is_stem = |stem: &str| WORDS.contains(&stem) || STEMS.contains(&stem);
    ends || WORDS.contains(&lower.as_str()) || lower.strip_suffix("id").is_some_and(is_stem)
}

/// Refuses a table that lacks some of these columns, with what it has that is called alike.
pub(super) fn missing_columns(table: &TextTable, wanted: &[String]) -> Result<()> {
    const NAMED: usize = 12;
    let missing: Vec<&String> = wanted
        .iter()
        .filter(|name| table.column(name).is_none())
        .collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let reason = match missing.len() {
        1 => format!("there is no column `{first}`, which the model reads"),
        count => format!(
            "there is no column `{first}`, which the model reads, nor {} more of its columns",
            count - 1
        ),
    };
    let others = table.columns.iter().map(|column| column.name.as_str());
    let others: Vec<&str> = others
        .filter(|name| !wanted.iter().any(|wanted| wanted == name))
        .collect();
    let more = if others.len() > NAMED { ", …" } else { "" };
    let has = match (suggest(first, others.iter().copied()), others.is_empty()) {
        (Some(near), _) => format!("The file has `{near}`: if it is the same, name it `{first}`"),
        (None, true) => "Bring it as it was in training; its cells may be empty".into(),
        (None, false) => format!(
            "What the file has besides is {}{more}: name a column as it was in training, or bring it; its cells may be empty",
            others[..others.len().min(NAMED)].join(", ")
        ),
    };
    Err(Error::input(&table.file, reason).remedy(has))
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn ids_are_known_by_their_names() {
        for name in [
            "id",
            "ID",
            "case_id",
            "caseid",
            "CaseID",
            "userId",
            "patient",
            "studentid",
        ] {
            assert!(is_id(name), "{name}");
        }
        for name in ["paid", "valid", "grid", "case", "account", "acid", "age"] {
            assert!(!is_id(name), "{name}");
        }
    }
}
