//! The schema that editors use agrees with what the program reads.

use std::collections::BTreeSet;

use distil_recipe::schema::{Registries, schema};
use distil_recipe::{Registry, Spanned, entry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::validator::is_valid;
use crate::{SOURCE, problems};

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Nothing {}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Mlp {
    /// The widths of the hidden layers.
    pub hidden: Spanned<Vec<u64>>,
    pub dropout: Option<Spanned<f64>>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
pub struct Fsdd {
    pub path: String,
    pub features: Option<Features>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
pub struct Features {
    pub log_mel: u64,
    pub frames: u64,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Kd {
    pub temperature: Spanned<f64>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Fraction {
    pub fraction: Spanned<f64>,
}

macro_rules! registry {
    ($noun:literal: $($name:literal $parameters:ty),+) => {
        Registry { noun: $noun, entries: &[$(entry!($name, "", $parameters => |_| ())),+] }
    };
}

fn recipe_schema() -> Value {
    static TASK: Registry<()> = registry!("task": "classification" Nothing, "regression" Nothing);
    static SOURCES: Registry<()> = registry!("source": "fsdd" Fsdd, "digits" Nothing);
    static MODEL: Registry<()> = registry!("model": "mlp" Mlp);
    static SAMPLES: Registry<()> = registry!("samples": "all" Nothing, "stratified" Fraction);
    static METHOD: Registry<()> = registry!("method": "kd" Kd, "smooth" Nothing);
    static WIDTH: Registry<()> = registry!("growth": "new" Nothing, "copy" Nothing);
    static DEPTH: Registry<()> = registry!("growth": "identity" Nothing);
    static OPTIMIZER: Registry<()> = registry!("optimizer": "adam" Nothing);
    static SCHEDULE: Registry<()> = registry!("schedule": "constant" Nothing, "linear" Nothing);
    schema(&Registries {
        task: &TASK,
        source: &SOURCES,
        model: &MODEL,
        samples: &SAMPLES,
        method: &METHOD,
        width: &WIDTH,
        depth: &DEPTH,
        optimizer: &OPTIMIZER,
        schedule: &SCHEDULE,
    })
}

fn accepts(recipe: &str) -> bool {
    let recipe: Value = toml::from_str(recipe).expect("TOML");
    let schema = recipe_schema();
    is_valid(&schema, &schema, &recipe)
}

#[test]
fn the_schema_accepts_what_the_program_reads() {
    assert!(accepts(SOURCE));
    let start = "{ from = \"small\", width = { kind = \"copy\" }, optimizer = \"keep\", shrink = 0.6, new = { lr = 1.3, warmup = 250 } }";
    let rich = SOURCE
        .replace("start = \"small\"", &format!("start = {start}"))
        .replace(
            "learn = {",
            "learn = [\"small\", { method = \"smooth\", mix = 0.1 }, {",
        )
        .replace("until = 0.4 }", "until = 0.4 }]")
        .replace("mix = 0.5", "mix = 0.2")
        .replace(
            "{ epochs = 6 }",
            "{ steps = 6, schedule = \"linear\", optimizer = { kind = \"adam\" } }",
        )
        .replace("\"official\"", "{ test = 0.2, group = \"speaker\" }");
    assert_eq!(problems(&rich), "");
    assert!(accepts(&rich));
    let given = SOURCE.replace("{ kind = \"mlp\", hidden = [50] }", "{ file = \"model/\" }");
    assert!(accepts(&given));
}

#[test]
fn the_schema_refuses_what_the_program_refuses() {
    let wrong = [
        ("samples =", "smaples ="),
        ("[compare]", "[compair]"),
        ("\"mlp\", hidden = [50]", "\"mpl\", hidden = [50]"),
        ("hidden = [50]", "hiden = [50]"),
        ("hidden = [50]", "hidden = 50"),
        ("frames = 50", "frames = \"50\""),
        ("path     =", "paht     ="),
        ("mix = 0.5", "mix = 1.5"),
        ("temperature = 4", "temprature = 4"),
        ("\"kd\"", "\"dk\""),
        ("epochs = 6", "epochs = 1.5"),
        ("[2, 5]", "2"),
        ("\"official\"", "\"offical\""),
        ("task = \"classification\"", ""),
    ];
    for (right, change) in wrong {
        assert!(SOURCE.contains(right), "{right}");
        assert!(!accepts(&SOURCE.replace(right, change)), "{change}");
    }
}

#[test]
fn the_schema_names_exactly_the_keys_that_are_read() {
    let schema = recipe_schema();
    let table = |definition: &str, alternative: usize| {
        let table = &schema["definitions"][definition];
        if table["properties"].is_object() {
            table
        } else {
            &table["oneOf"][alternative]
        }
    };
    let keys = |table: &Value| -> BTreeSet<String> {
        table["properties"]
            .as_object()
            .expect("keys")
            .keys()
            .cloned()
            .collect()
    };
    // A key that nobody knows makes the program list those it knows.
    let known = |recipe: &str| -> BTreeSet<String> {
        let problems = problems(recipe);
        let list = problems
            .split("the keys here are ")
            .nth(1)
            .expect("a list of keys");
        list.lines()
            .take(1)
            .flat_map(|line| line.split(", "))
            .map(str::to_owned)
            .collect()
    };
    let stage = |line: &str| {
        format!("task = \"regression\"\ndata = \"digits\"\n[stage.a]\nmodel = \"mlp\"\n{line}")
    };
    assert_eq!(keys(&schema), known(&format!("zzz = 1\n{}", stage(""))));
    assert_eq!(keys(table("stage", 0)), known(&stage("zzz = 1")));
    assert_eq!(
        keys(table("start", 1)),
        known(&stage("start = { from = \"a\", zzz = 1 }"))
    );
    assert_eq!(
        keys(table("train", 0)),
        known(&stage("train = { zzz = 1 }"))
    );
    assert_eq!(keys(table("run", 0)), known(&stage("[run]\nzzz = 1")));
    assert_eq!(
        keys(table("compare", 0)),
        known(&stage("[compare]\nzzz = 1"))
    );
    let split = stage("").replace(
        "data = \"digits\"",
        "data = { source = \"digits\", split = { zzz = 1 } }",
    );
    assert_eq!(keys(table("split", 1)), known(&split));
}
