//! The order of the rooms: who may use whom.

mod drawn;
mod imports;

use std::collections::{BTreeMap, BTreeSet};

use imports::{Module, imports};

use crate::sources::sources;

/// Crates by the root of their sources, and the rooms of each from the bottom up: a room uses only rooms below it.
const CRATES: &[(&str, &str, &[&str])] = &[
    (
        "crates/distil-recipe",
        "lib.rs",
        &[
            "suggest", "name", "problem", "spanned", "tree", "read", "choice", "table", "registry",
            "recipe", "set", "text", "parse", "render", "schema",
        ],
    ),
    (
        "crates/distil-kernels",
        "lib.rs",
        &[
            "op",
            "host",
            "simd",
            "exp",
            "free",
            "gather",
            "mapped",
            "pool",
            "product",
            "with_gradient",
            "linear",
            "parametric",
            "periodic",
            "softmax",
            "conv",
        ],
    ),
    (
        "crates/distil",
        "lib.rs",
        &[
            "error",
            "device",
            "memory",
            "read_back",
            "rng",
            "sample",
            "files",
            "weights",
            "data",
            "samples",
            "model",
            "task",
            "optim",
            "growth",
            "method",
            "train",
            "saved",
            "plan",
            "export",
            "run",
            "find",
        ],
    ),
    (
        "crates/distil-report",
        "lib.rs",
        &[
            "error",
            "json",
            "statistics",
            "record",
            "bill",
            "measure",
            "trials",
            "compare",
            "run_json",
            "summary",
            "present",
        ],
    ),
    (
        "crates/distil-cli",
        "main.rs",
        &["args", "machine", "stderr", "exit", "find", "show", "cmd"],
    ),
    ("xtask", "main.rs", &["bench", "report", "seconds"]),
];

type Edges = BTreeSet<(Module, Module)>;

fn of_crate(folder: &str, root: &str) -> Edges {
    let files = sources(&format!("{folder}/src"));
    imports(root, |file| files.get(file).cloned())
}

/// Where two modules part: the folder that holds both, and what each is in it. None where one lies in the other: a folder
/// names its entries, and its entries use what it defines; so does a folder's `registry.rs`.
fn apart(user: &Module, used: &Module) -> Option<(Module, String, String)> {
    let [user, used] = [user, used].map(|module| match module.split_last() {
        Some((name, folder)) if name == "registry" && !folder.is_empty() => folder,
        _ => module,
    });
    let same = user.iter().zip(used).take_while(|(a, b)| a == b).count();
    let (left, right) = (user.get(same)?, used.get(same)?);
    Some((user[..same].to_vec(), left.clone(), right.clone()))
}

fn sentence((user, used): &(Module, Module)) -> String {
    format!("{} uses {}", user.join("::"), used.join("::"))
}

/// Imports that go up, or to or from a room that has no floor.
fn upward(edges: &Edges, floors: &[&str]) -> Vec<String> {
    let floor = |room: &str| floors.iter().position(|name| *name == room);
    let goes_up = |(user, used): &&(Module, Module)| match apart(user, used) {
        Some((folder, user, used)) if folder.is_empty() => {
            !matches!((floor(&user), floor(&used)), (Some(user), Some(used)) if used < user)
        }
        _ => false,
    };
    edges.iter().filter(goes_up).map(sentence).collect()
}

/// Imports that are part of a circle among the entries of a folder, the root's own among them.
fn circles(edges: &Edges) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: BTreeMap<Module, BTreeMap<(String, String), String>> = BTreeMap::new();
    for edge in edges {
        if let Some((folder, user, used)) = apart(&edge.0, &edge.1) {
            let entries = folders.entry(folder).or_default();
            entries.entry((user, used)).or_insert(sentence(edge));
        }
    }
    for entries in folders.values() {
        // Which entries are reached from which.
        let mut reached: BTreeSet<(String, String)> = entries.keys().cloned().collect();
        loop {
            let pairs = reached
                .iter()
                .flat_map(|a| reached.iter().map(move |b| (a, b)));
            let next = pairs.filter(|(a, b)| a.1 == b.0);
            let next: BTreeSet<_> = next.map(|(a, b)| (a.0.clone(), b.1.clone())).collect();
            if next.is_subset(&reached) {
                break;
            }
            reached.extend(next);
        }
        let back = |pair: &&(String, String)| reached.contains(&(pair.1.clone(), pair.0.clone()));
        found.extend(
            entries
                .keys()
                .filter(back)
                .map(|pair| entries[pair].clone()),
        );
    }
    found
}

#[test]
fn every_crate_of_the_workspace_has_floors() {
    let crates = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
    let crates = crates.map(|entry| format!("crates/{}", entry.unwrap().file_name().display()));
    let found: BTreeSet<String> = crates.chain(["xtask".to_string()]).collect();
    let known = CRATES.iter().map(|(folder, ..)| (*folder).to_string());
    assert_eq!(known.collect::<BTreeSet<_>>(), found);
}

#[test]
fn imports_go_down_the_house_never_up() {
    for (folder, root, floors) in CRATES {
        let edges = of_crate(folder, root);
        let found = upward(&edges, floors);
        assert!(found.is_empty(), "{folder}: {found:#?}");
        for room in *floors {
            let met = |edge: &(Module, Module)| {
                [&edge.0, &edge.1].map(|m| m.first().is_some_and(|m| m == room))
            };
            assert!(
                edges.iter().any(|edge| met(edge).contains(&true)),
                "{folder} has no `{room}`"
            );
        }
    }
}

#[test]
fn no_folder_has_a_circle_among_its_entries() {
    let mut found = Vec::new();
    for (folder, root, _) in CRATES {
        let circles = circles(&of_crate(folder, root));
        found.extend(circles.iter().map(|text| format!("{folder}: {text}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// A crate of these files.
fn made_up(files: &[(&str, &str)]) -> Edges {
    imports("lib.rs", |name| {
        let file = files.iter().find(|file| file.0 == name)?;
        Some(file.1.to_string())
    })
}

/// A crate whose room `low` has this text.
fn with_low(text: &str) -> Edges {
    made_up(&[
        ("lib.rs", "mod high; mod low; pub use high::Chair;"),
        (
            "high/mod.rs",
            "pub mod shelf; pub struct Chair; pub fn sit() {}",
        ),
        ("high/shelf.rs", "pub struct Cup;"),
        ("low.rs", text),
    ])
}

#[test]
fn an_import_is_found_in_every_form_it_can_be_written_in() {
    for text in [
        "use crate::high::Chair;",
        "use crate::{high::{self, Chair}};",
        "use crate::high::shelf::{Cup as Glass};",
        "use crate::high::*;",
        "use super::high::Chair;",
        "pub(super) use super::{high};",
        "use super::*; fn f(_: high::Chair) {}",
        "use crate::Chair;",
        "fn f() { use super::Chair; }",
        "fn f() { crate::high::sit() }",
        "fn f(chairs: Vec<super::high::Chair>) {}",
        "type Seat = crate::Chair;",
        "fn f() { vec![crate::high::Chair] }",
        "mod inner { use super::super::high::Chair; }",
        "mod inner { fn f(_: crate::high::shelf::Cup) {} }",
        "#[cfg(test)] mod tests {} use crate::high::Chair;",
        "fn f(quote: char) -> bool { quote == '\"' && crate::high::sit() == () && quote != '\"' }",
    ] {
        let edges = with_low(text);
        assert!(!upward(&edges, &["low", "high"]).is_empty(), "{text}");
        assert!(upward(&edges, &["high", "low"]).is_empty(), "{text}");
        assert!(
            !upward(&edges, &["high"]).is_empty(),
            "without a floor: {text}"
        );
    }
}

#[test]
fn what_is_no_import_is_not_taken_for_one() {
    for text in [
        "// use crate::high::Chair;",
        "/* use /* nested */ crate::high::Chair; */ fn f() {}",
        "/// [`crate::high::Chair`]\nfn f() {}",
        r##"fn f() { ["crate::high::sit", r#"a " crate::high::sit"#]; }"##,
        "#[cfg(test)] mod tests { use crate::high::Chair; }",
        "#[cfg(test)] use crate::high::Chair;",
        "pub(in crate::low) fn f<'a>(_: &'a str) {}",
        "use burn::high::Chair; fn f(_: burn::high::Chair) {}",
    ] {
        let of_low = |edge: &&(Module, Module)| edge.0 == ["low"];
        assert_eq!(with_low(text).iter().find(of_low), None, "{text}");
    }
}

#[test]
fn a_circle_is_found_unless_a_folder_and_its_entries_make_it() {
    let folder = |names: &str, one: &str, two: &str, three: &str| {
        circles(&made_up(&[
            ("lib.rs", "mod folder;"),
            ("folder/mod.rs", names),
            ("folder/one.rs", one),
            ("folder/two.rs", two),
            ("folder/registry.rs", three),
        ]))
    };
    let all = "mod one; mod two; mod registry; pub use two::Two;";
    let found = folder(
        all,
        "use super::Two; pub struct One;",
        "pub struct Two(super::one::One);",
        "",
    );
    let both = [
        "folder::one uses folder::two",
        "folder::two uses folder::one",
    ];
    assert_eq!(found, both);
    // The folder names its entries and they use what it defines.
    let all = "mod one; mod two; mod registry; pub struct Shape; fn all() { one::One; two::Two; }";
    let found = folder(
        all,
        "pub struct One(super::Shape);",
        "pub struct Two(super::Shape);",
        "",
    );
    assert_eq!(found, [""; 0]);
    let all = "mod one; mod two; mod registry;";
    let entry = "pub struct One(super::registry::Shape);";
    let registry = "pub struct Shape; fn all() { super::one::One; }";
    assert_eq!(folder(all, entry, "", registry), [""; 0]);
}
