//! No key is dead: what a recipe says under any key of its schema changes the plan, its hash, or how a run goes.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::Path;

use distil::plan::{Arm, Draft, schema};
use distil::rng::Seed;
use distil_recipe::RecipeText;
use distil_recipe::set::apply;
use serde_json::Value;

use super::{answers, draft, given};

/// What every recipe here begins as; the keys of a stage are changed in `a`.
const RECIPE: &str = r#"task = "classification"
data = "digits"
result = "a"

[stage.small]
model = { kind = "mlp", hidden = [8] }
train = { epochs = 7 }

[stage.tiny]
model = { kind = "mlp", hidden = [4] }
train = { epochs = 8 }

[stage.a]
model = { kind = "mlp", hidden = [16] }
"#;

const VALUES: &str =
    r#"{ source = "csv", path = "table.csv", target = "x", ignore = ["g", "h", "l", "m"] }"#;
const GROUPS: &str =
    r#"{ source = "csv", path = "table.csv", target = "l", groups = ["g", "h"], ignore = ["m"] }"#;
const LABELS: &str =
    r#"{ source = "csv", path = "table.csv", target = ["l", "m"], ignore = ["g", "h"] }"#;

/// What must stand in a recipe before a key can: in the names that hold the first (`=`: that are it), these values at these paths
/// (`@`: in the key's own table). The last line wins.
#[rustfmt::skip]
const SCENES: &[(&str, &[(&str, &str)])] = &[
    ("=task", &[("data", VALUES)]),
    ("task[multi-label]", &[("data", LABELS)]),
    ("task[regression]", &[("data", VALUES)]),
    ("task[regression].delta", &[("task.loss", "\"huber\"")]),
    ("data[gaussian]", &[("data.samples", "200"), ("data.shape", "[4, 6]"), ("data.pool", "[2, 3]")]),
    ("data[csv]", &[("data.path", "\"table.csv\""), ("data.target", "\"l\"")]),
    ("data[csv].delimiter", &[("data.path", "\"semicolons.csv\"")]),
    ("data[csv].columns", &[("data.path", "\"rules.csv\"")]),
    ("data[csv].columns.a.format", &[("data.path", "\"dates.csv\"")]),
    ("data[csv].columns.a.time", &[("data.path", "\"dates.csv\"")]),
    ("data[csv].weights", &[("data.path", "\"weighted.csv\"")]),
    ("data[csv].groups", &[("data.split", "{ group = \"g\" }")]),
    ("data[fsdd].", &[("data.path", "\"there\"")]),
    ("data[sound-folder].", &[("data.path", "\"there\"")]),
    ("data[idx].", &[("data.path", "\"there\"")]),
    ("data[image-folder].", &[("data.path", "\"there\"")]),
    ("data[parquet].", &[("data.path", "\"there\"")]),
    ("data[cifar-binary].", &[("data.path", "\"there\"")]),
    ("augment.frequency_masks", &[("@.frequency_width", "3")]),
    ("augment.time_masks", &[("@.time_width", "3")]),
    ("augment.time_share", &[("@.time_width", "6")]),
    ("model[dscnn]", &[("@.kernel", "[8, 8]")]),
    ("model[realmlp]", &[("data", VALUES), ("task", "\"regression\"")]),
    ("split.kind", &[("data", "{ source = \"fsdd\", path = \"there\" }")]),
    ("split.column", &[("data", VALUES), ("task", "\"regression\""), ("data.split", "{ kind = \"time\", column = \"z\" }")]),
    ("split.group", &[("data", GROUPS), ("data.split", "{ group = \"h\" }")]),
    ("stage.a.model[file]", &[("stage.a.model", "{ file = \"model\" }"), ("result", "\"small\"")]),
    ("stage.a.model[file].overlap", &[("stage.a.model", "{ file = \"met\" }")]),
    ("view[columns]", &[("data", VALUES), ("task", "\"regression\"")]),
    ("samples[random].refresh", &[("@.fraction", "0.5")]),
    ("samples[stratified]", &[("@.fraction", "0.75")]),
    ("samples[k-center]", &[("@.fraction", "0.75")]),
    ("samples[herding]", &[("@.fraction", "0.75")]),
    ("samples[ids]", &[("@.file", "\"ids.txt\"")]),
    ("stage.a.answers", &[
        ("stage.a", "{ answers = \"p.npy\" }"), ("stage.small.learn", "\"a\""), ("result", "\"small\""),
    ]),
    ("stage.a.answers[file].columns", &[("stage.a.answers", "{ file = \"p.csv\" }")]),
    ("stage.a.answers[file].encoding", &[("stage.a.answers", "{ file = \"p.csv\" }")]),
    ("stage.a.like", &[("stage.a", "{ like = \"small\" }")]),
    ("stage.a.start[from]", &[("stage.a.start", "{ from = \"small\" }")]),
    ("stage.a.start[from].noise", &[("stage.a.start.width", "\"copy\"")]),
    ("stage.a.learn[", &[("stage.a.learn.from", "\"small\"")]),
    ("stage.a.learn[smooth]", &[("stage.a.learn", "{ method = \"smooth\" }")]),
    ("stage.a.learn[bce]", &[("data", LABELS), ("task", "\"multi-label\"")]),
    ("stage.a.learn[mse]", &[("data", VALUES), ("task", "\"regression\"")]),
    ("stage.a.learn[bounded]", &[("data", VALUES), ("task", "\"regression\"")]),
    ("stage.a.learn[fitnet]", &[
        ("stage.a.model.hidden", "[16, 16]"), ("stage.a.learn.add", "5"),
        ("stage.a.learn.layers", "{ \"hidden.0\" = \"hidden.0\" }"),
    ]),
    ("optimizer[sgd].nesterov", &[("@.momentum", "0.5")]),
    ("stage.a.train.base", &[("@.param", "\"mup\"")]),
    ("=train.base", &[("stage.a.train.param", "\"mup\"")]),
    ("compare.arm", &[("compare.arm.own", "{}")]),
    ("compare.tune.seeds", &[("compare.tune", "{ lr = [1e-3, 2e-3] }")]),
    ("compare.tune.widen", &[("compare.tune", "{ lr = [1e-3, 2e-3] }")]),
    ("compare.tune.halving", &[("compare.tune", "{ lr = [1e-3, 2e-3, 4e-3] }")]),
    ("compare.tune.by", &[("compare.tune", "{ lr = [1e-3, 2e-3] }"), ("stage.a.start", "\"small\"")]),
];

/// Values of the keys whose names end so, where their schema says too little.
#[rustfmt::skip]
const WORDS: &[(&str, &[&str])] = &[
    ("name", &["\"other\""]),
    ("result", &["\"small\""]),
    ("data[digits].path", &["\"digits.csv\""]),
    ("data[csv].path", &["\"other.csv\""]),
    (".path", &["\"elsewhere\""]),
    ("].test", &["\"more.csv\""]),
    ("].validation", &["\"more.csv\""]),
    (".limit", &["\"8 GB\""]),
    ("].list", &["\"list.csv\""]),
    ("-folder].file", &["\"name\""]),
    ("].pattern", &["\"{class}_*\""]),
    (".answers", &["\"q.npy\""]),
    ("answers[file].file", &["\"q.npy\""]),
    ("data[gaussian].samples", &["300"]),
    ("data[gaussian].shape", &["[8, 6]"]),
    (".target", &["\"m\""]),
    (".delimiter", &["\";\""]),
    (".encoding", &["\"gb18030\""]),
    (".categorical", &["[\"h\"]"]),
    (".numeric", &["[\"z\"]"]),
    (".ignore", &["[\"x\"]"]),
    (".groups", &["[\"g\"]"]),
    (".missing", &["[\"?\"]"]),
    (".comment", &["\"%\""]),
    (".decimal", &["\",\""]),
    (".thousands", &["\",\""]),
    (".strip", &["\"$\""]),
    (".order", &["[\"0\", \"1\", \"2\", \"4\", \"8\", \"9\", \"13\", \"15\", \"16\"]"]),
    (".format", &["\"%Y-%m-%d\""]),
    (".names", &["[\"one\", \"two\"]"]),
    ("[csv].id", &["\"h\""]),
    ("answers[file].columns", &["[\"9\", \"8\", \"7\", \"6\", \"5\", \"4\", \"3\", \"2\", \"1\", \"0\"]"]),
    (".inputs", &["\"other\""]),
    (".labels", &["\"other\""]),
    (".image", &["\"other\""]),
    (".label", &["\"other\""]),
    (".split", &["{ seed = 5 }"]),
    (".group", &["\"g\""]),
    (".column", &["\"h\""]),
    (".weights", &["\"w\""]),
    ("compare.metric", &["\"macro_f1\""]),
    (".unit", &["\"$\""]),
    ("[columns].columns", &["[\"z\"]", "[0]"]),
    ("[resnet].depth", &["26"]),
    ("[file].file", &["\"other\""]),
    ("[file].classes", &["\"classes.txt\""]),
    ("[ids].file", &["\"others.txt\""]),
    (".like", &["\"tiny\""]),
    (".base", &["\"tiny\""]),
    (".settings", &["\"settings.toml\""]),
    (".start", &["\"small\""]),
    (".learn", &["\"small\""]),
    (".from", &["\"tiny\""]),
    (".layers", &["{ \"hidden.1\" = \"hidden.0\" }"]),
    ("compare.arms", &["[\"smooth\"]"]),
    ("compare.arm", &["{ own = { stage.a.train.lr = 0.25 } }"]),
    ("compare.tune", &["{ lr = [1e-3, 2e-3] }"]),
    ("compare.tune.halving", &["{ at = 0.5, keep = 1 }"]),
    ("run.device", &["\"cpu\"", "\"cuda:0\""]),
];

/// Keys that change nothing, and why that is right.
const EXEMPT: &[(&str, &str)] = &[
    (
        "run.device",
        "a build with one device computes there, and refuses every other word by name",
    ),
    (
        "stage.a.start[from].depth",
        "there is one way to add layers: to write it is to write the default",
    ),
    (
        "stage.a.model[file].classes",
        "a model folder holds the names of its classes, and refuses others",
    ),
    (
        "stage.a.answers[file].id",
        "a file by name and data with those names: `answers.rs` reads both",
    ),
    (
        "stage.a.answers[file].array",
        "an archive of several arrays is refused without it: `answers.rs` reads one",
    ),
    (
        "compare.plain.param",
        "plain training has no other network: every word but the default is refused",
    ),
    ("compare.plain.base", "likewise"),
    (
        "train.settings",
        "a file of settings suits one network: it is refused outside of a stage",
    ),
    ("compare.plain.settings", "likewise"),
];

/// A key of the schema.
struct Key {
    /// Its path, with what is chosen on the way: `stage.a.model[cnn].channels`.
    name: String,
    /// The path of its table: `stage.a.model`.
    table: String,
    /// Its path: `stage.a.model.channels`.
    path: String,
    /// What is chosen on the way: where, and the table that chooses it.
    chosen: Vec<(String, String)>,
    /// Values to try.
    values: Vec<String>,
}

/// Collects the keys of a schema, each at every place of a recipe where it can stand.
struct Walk<'s> {
    schema: &'s Value,
    keys: Vec<Key>,
}

impl<'s> Walk<'s> {
    fn keys(schema: &'s Value) -> Vec<Key> {
        let mut walk = Walk {
            schema,
            keys: Vec::new(),
        };
        walk.table(schema, None, "", "", &[]);
        walk.keys
    }

    /// What a reference refers to.
    fn target(&self, schema: &'s Value) -> &'s Value {
        let all = &schema["allOf"][0]["$ref"];
        match schema["$ref"].as_str().or(all.as_str()) {
            Some(path) => self.target(self.schema.pointer(&path[1..]).unwrap()),
            None => schema,
        }
    }

    /// `first`: the first of the alternatives that this table is one of; what they share is walked in that one.
    fn table(
        &mut self,
        schema: &'s Value,
        first: Option<&'s Value>,
        name: &str,
        path: &str,
        chosen: &[(String, String)],
    ) {
        let schema = self.target(schema);
        let below = |base: &str, key: &str| match base {
            "" => key.to_owned(),
            base => format!("{base}.{key}"),
        };
        for (key, value) in schema["properties"].as_object().into_iter().flatten() {
            let inner = below(name, key);
            if CHOOSERS.contains(&key.as_str()) && value["enum"].is_array() {
                continue;
            }
            let words = WORDS.iter().find(|(end, _)| inner.ends_with(end));
            self.keys.push(Key {
                name: inner.clone(),
                table: path.to_owned(),
                path: below(path, key),
                chosen: chosen.to_vec(),
                values: match words {
                    Some((_, words)) => words.iter().map(|word| (*word).to_owned()).collect(),
                    None => self.values(value),
                },
            });
            if first.is_none_or(|first| first["properties"].get(key) != Some(value)) {
                self.table(value, None, &inner, &below(path, key), chosen);
            }
        }
        if schema["additionalProperties"].is_object() {
            let any = &schema["additionalProperties"];
            self.table(any, None, &below(name, "a"), &below(path, "a"), chosen);
        }
        let mut first = None;
        for one in schema["oneOf"].as_array().into_iter().flatten() {
            let one = self.target(one);
            if one["oneOf"].is_array() {
                self.table(one, None, name, path, chosen);
            }
            if !one["properties"].is_object() {
                continue;
            }
            let mut chosen = chosen.to_vec();
            let choice = CHOOSERS.iter().find_map(|chooser| {
                Some((chooser, one["properties"][chooser]["enum"][0].as_str()?))
            });
            let word = match choice {
                Some((chooser, word)) => {
                    chosen.push((path.to_owned(), format!("{{ {chooser} = \"{word}\" }}")));
                    Some(word)
                }
                None => one["required"][0].as_str(),
            };
            let name = word.map_or(name.to_owned(), |word| format!("{name}[{word}]"));
            self.table(one, first, &name, path, &chosen);
            first = first.or(Some(one));
        }
    }

    /// Some values that a schema allows.
    fn values(&self, schema: &'s Value) -> Vec<String> {
        let schema = self.target(schema);
        let words = schema["enum"].as_array().into_iter().flatten();
        let mut values: Vec<String> = words.map(Value::to_string).collect();
        for of in ["oneOf", "anyOf", "allOf"] {
            let alternatives = schema[of].as_array().into_iter().flatten();
            values.extend(alternatives.flat_map(|one| self.values(one)));
        }
        let more: &[&str] = match schema["type"].as_str() {
            Some("boolean") => &["true", "false"],
            Some("integer") => &["2", "3"],
            Some("number") => &["0.5", "0.25", "2.0"],
            Some("array") => &[
                "[2, 2]",
                "[4, 4]",
                "[3]",
                "[0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
            ],
            _ => &[],
        };
        values.extend(more.iter().map(|value| (*value).to_owned()));
        values
    }
}

/// The keys that choose an entry of a registry.
const CHOOSERS: [&str; 3] = ["kind", "source", "method"];

impl Key {
    /// The recipe in which the key can be written, without it.
    fn scene(&self) -> String {
        let mut text = RECIPE.to_owned();
        let mut put = |path: &str, value: &str| text = apply(&text, path, value).unwrap();
        for (path, table) in &self.chosen {
            put(path, table);
        }
        for (name, lines) in SCENES {
            let fits = match name.strip_prefix('=') {
                Some(name) => self.name == name,
                None => self.name.contains(name),
            };
            for (path, value) in lines.iter().filter(|_| fits) {
                put(&path.replace('@', &self.table), value);
            }
        }
        text
    }
}

/// A folder with the files that the scenes speak of.
fn files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let row = |i: u32| {
        let cells = [i * i % 17, i % 7, i % 10, i % 12, i % 2, i / 3 % 2];
        cells.map(|cell| cell.to_string()).join(",")
    };
    let table = |rows: Range<u32>| {
        let rows: Vec<String> = rows.map(row).collect();
        format!("x,z,g,h,l,m\n{}\n", rows.join("\n"))
    };
    write("more.csv", &table(200..240));
    let table = table(0..120);
    write("table.csv", &table);
    write("other.csv", &table);
    let weighted = table.lines().enumerate().map(|(i, line)| match i {
        0 => format!("{line},w\n"),
        i => format!("{line},{}\n", i % 3 + 1),
    });
    write("weighted.csv", &weighted.collect::<String>());
    write("rules.csv", &table.replacen('x', "a", 1));
    let dates = table.lines().skip(1).enumerate().map(|(i, line)| {
        let (_, rest) = line.split_once(',').unwrap();
        format!("2026-01-{:02},{rest}\n", i % 28 + 1)
    });
    write(
        "dates.csv",
        &format!("a,z,g,h,l,m\n{}", dates.collect::<String>()),
    );
    write("semicolons.csv", &table.replace(',', ";"));
    let digit = |i: u32| {
        let pixels = (0..64).map(|pixel| (i * pixel % 17).to_string());
        format!("{},{}\n", pixels.collect::<Vec<_>>().join(","), i % 10)
    };
    write("digits.csv", &(0..100).map(digit).collect::<String>());
    for (name, doubt) in [("p.npy", 0.0), ("q.npy", 0.1)] {
        let answer = |row: usize, class: usize| match row % 10 == class {
            true => 1.0 - 9.0 * doubt,
            false => doubt,
        };
        fs::write(folder.path().join(name), answers::table(answer)).unwrap();
    }
    write("settings.toml", "lr = 0.25\n");
    let row = |row: usize| {
        let each = (0..10).map(|class| u8::from(row % 10 == class).to_string());
        each.collect::<Vec<_>>().join(",") + "\n"
    };
    let rows: String = (0..1797).map(row).collect();
    write("p.csv", &format!("0,1,2,3,4,5,6,7,8,9\n{rows}"));
    write("ids.txt", "5\n6\n7\n");
    write("others.txt", "5\n6\n");
    let digits = draft(RECIPE, &Arm::Flow).unwrap().read_data().unwrap();
    given::save(&folder.path().join("model"), Seed(0), |_| ());
    given::save(&folder.path().join("other"), Seed(1), |_| ());
    // One that was trained on what is tested here.
    given::save(&folder.path().join("met"), Seed(0), |card| {
        card.split.seed = Seed(9);
        card.provenance.data = digits.hash;
    });
    folder
}

/// What the program makes of a recipe: the plan, and of what the plan carries along for a run each thing that a run reads.
fn outcome(text: &str, base: &Path, name: &str) -> Result<String, String> {
    let arm = match name {
        name if name.starts_with("compare.plain") => Arm::PlainFull,
        "compare.arm" => Arm::Own("own".into()),
        _ => Arm::Flow,
    };
    let text = RecipeText::new("recipe.toml", text);
    let draft = Draft::read(&text, base, &arm).map_err(|refusal| refusal.to_string())?;
    if !["digits", "gaussian", "csv"].contains(&draft.source.name) {
        // There is nothing to read: what would be, and how it would be split.
        let (source, parts) = (draft.source.table("source"), &draft.parts);
        return Ok(format!("{source}{parts:?}{:?}", draft.split));
    }
    let data = draft.read_data().and_then(|raw| draft.dataset(raw, None));
    let data = data.map_err(|error| error.to_string())?;
    let plan = draft.plan(&data).map_err(|refusal| refusal.to_string())?;
    let of_a_run = (
        &plan.run.seed.value,
        &plan.run.threads,
        &plan.run.checkpoint_steps,
        &plan.run.checkpoint_seconds.value,
        &plan.device,
        &plan.answers,
    );
    let of_a_comparison = (&plan.arms, &plan.tuning, &plan.margin, plan.declares_plain);
    let more = (plan.task.unit(), plan.overlap());
    Ok(format!(
        "{}\n{}\n{of_a_run:?}\n{of_a_comparison:?}\n{more:?}",
        plan.to_toml(),
        plan.hash()
    ))
}

#[test]
fn every_key_of_the_schema_changes_the_plan_or_how_a_run_goes() {
    let schema = schema();
    let keys = Walk::keys(&schema);
    let folder = files();
    let (mut living, mut dead, mut refused) = (BTreeSet::new(), Vec::new(), Vec::new());
    for key in &keys {
        if EXEMPT.iter().any(|(name, _)| *name == key.name) {
            continue;
        }
        let below = format!("{}.", key.path);
        let holds = |other: &Key| other.path.starts_with(&below);
        if key.values.is_empty() && keys.iter().any(holds) {
            continue; // A table: its keys are walked.
        }
        let scene = key.scene();
        let before = outcome(&scene, folder.path(), &key.name);
        let mut said = Vec::new();
        let mut changed = false;
        for value in &key.values {
            let text = apply(&scene, &key.path, value).unwrap();
            match outcome(&text, folder.path(), &key.name) {
                Ok(after) => changed |= before.as_ref() != Ok(&after),
                Err(problem) => said.push(problem),
            }
            if changed {
                break;
            }
        }
        if changed {
            living.insert(&key.path);
        } else if said.len() < key.values.len() {
            dead.push(key.name.as_str());
        } else {
            refused.push((key, said));
        }
    }
    // A key that one choice refuses lives in another.
    refused.retain(|(key, said)| !living.contains(&key.path) || said.is_empty());
    let refused = refused.iter().map(|(key, said)| (&key.name, said));
    assert_eq!(dead, [""; 0], "to write one of these changes nothing");
    assert_eq!(
        refused.collect::<Vec<_>>(),
        [],
        "these are refused: let SCENES or WORDS say how to write them"
    );
    for (name, reason) in EXEMPT {
        assert!(keys.iter().any(|key| key.name == *name), "{name}: {reason}");
    }
}

/// The lines of all sources below a folder that are neither comments nor declarations of a field.
fn code(folder: &Path, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code(&path, lines);
        } else {
            let text = fs::read_to_string(path).unwrap();
            let code = text.lines().map(str::trim);
            let code = code.filter(|line| !line.starts_with("//") && !line.starts_with("pub "));
            lines.extend(code.map(str::to_owned));
        }
    }
}

/// Whether a line takes a field of this name: `.name`, or the name alone in a pattern; or a form of this name: `::Name`.
fn takes(line: &str, name: &str) -> bool {
    let form = format!("::{}{}(", name[..1].to_uppercase(), &name[1..]);
    let field = line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back().unwrap_or(' ');
        let after = line[at + name.len()..].chars().next().unwrap_or(',');
        let whole = !after.is_alphanumeric() && after != '_';
        whole && (before == '.' || before == ' ' && matches!(after, ',' | ' ' | '}'))
    });
    field || line.contains(&form)
}

// What an option changes of the plan is only that it is written down: the plan writes all options of what was chosen.
#[test]
fn every_key_of_the_schema_is_taken_by_some_line_of_code() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut lines = Vec::new();
    code(&crates.join("distil/src"), &mut lines);
    code(&crates.join("distil-recipe/src/recipe"), &mut lines);
    let schema = schema();
    let names: BTreeSet<String> = Walk::keys(&schema)
        .iter()
        .map(|key| key.path.rsplit('.').next().unwrap().replace('-', "_"))
        .filter(|name| name != "stage")
        .collect();
    let untaken = names
        .iter()
        .filter(|name| !lines.iter().any(|line| takes(line, name)));
    assert_eq!(untaken.collect::<Vec<_>>(), [""; 0]);
}
