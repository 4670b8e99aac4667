//! The import graph of each crate as `docs/imports.md` draws it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use super::{CRATES, Edges, apart, of_crate};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/imports.md");

/// Which room uses which, both named by their first part.
fn between_rooms(edges: &Edges) -> BTreeSet<(String, String)> {
    let parted = edges.iter().filter_map(|(user, used)| apart(user, used));
    let rooms = parted.filter(|(folder, ..)| folder.is_empty());
    rooms.map(|(_, user, used)| (user, used)).collect()
}

/// The arrows that no chain of other arrows stands for. There are no circles (another test).
fn direct(edges: &BTreeSet<(String, String)>) -> Vec<&(String, String)> {
    let mut below: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (user, used) in edges {
        below.entry(user).or_default().push(used);
    }
    let by_detour = |user: &str, used: &str| {
        let mut open: Vec<&str> = below[user]
            .iter()
            .filter(|b| **b != used)
            .copied()
            .collect();
        let mut seen = BTreeSet::new();
        while let Some(room) = open.pop() {
            if room == used {
                return true;
            }
            if seen.insert(room) {
                open.extend(below.get(room).into_iter().flatten());
            }
        }
        false
    };
    let is_direct = |edge: &&(String, String)| !by_detour(&edge.0, &edge.1);
    edges.iter().filter(is_direct).collect()
}

fn page() -> String {
    let mut page = String::from(
        "# Which room uses which\n\n\
         <!-- Written by `BLESS=1 cargo test --release --workspace --test it -- house`. -->\n\n\
         An arrow leads from a room to one that it uses; an arrow that a chain of others stands for is left out. No arrow goes up\n\
         and none is part of a circle: tests see to that, for the files inside each room as well (`crates/distil/tests/it/house/`).\n",
    );
    for (folder, root, _) in CRATES {
        let edges = between_rooms(&of_crate(folder, root));
        let name = folder.trim_start_matches("crates/");
        let _ = write!(page, "\n## {name}\n\n```mermaid\nflowchart TD\n");
        for (user, used) in direct(&edges) {
            let _ = writeln!(page, "    {user} --> {used}");
        }
        page.push_str("```\n");
    }
    page
}

#[test]
fn the_drawn_graph_is_the_one_the_sources_make() {
    let page = page();
    if std::env::var_os("BLESS").is_some() {
        return fs::write(PAGE, page).unwrap();
    }
    let written = fs::read_to_string(PAGE).unwrap_or_default();
    assert_eq!(
        written, page,
        "docs/imports.md is old: it says how to renew it"
    );
}

#[test]
fn an_arrow_that_a_chain_stands_for_is_not_drawn() {
    let edge = |a: &str, b: &str| (a.to_string(), b.to_string());
    let edges = [
        edge("a", "b"),
        edge("b", "c"),
        edge("a", "c"),
        edge("a", "d"),
    ];
    let kept = [edge("a", "b"), edge("a", "d"), edge("b", "c")];
    assert_eq!(direct(&edges.into()), kept.iter().collect::<Vec<_>>());
}
