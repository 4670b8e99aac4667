//! The JSON schema of recipes, for editors: draft 7, in words that readers of draft 4 know.

mod skeleton;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::{
    RecursiveTransform, RemoveRefSiblings, ReplaceConstValue, ReplacePrefixItems, Transform,
};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::recipe::DEFAULT_METHOD;
use crate::registry::{KindSchema, Kinds};

/// Everything a recipe chooses from by name.
pub struct Registries<'a> {
    /// What is learned.
    pub task: &'a dyn Kinds,
    /// Where samples come from.
    pub source: &'a dyn Kinds,
    /// Families of models.
    pub model: &'a dyn Kinds,
    /// Which samples an epoch uses.
    pub samples: &'a dyn Kinds,
    /// Distillation losses.
    pub method: &'a dyn Kinds,
    /// How layers grow wider.
    pub width: &'a dyn Kinds,
    /// How layers are added.
    pub depth: &'a dyn Kinds,
    /// Optimisers.
    pub optimizer: &'a dyn Kinds,
    /// Schedules of the learning rate.
    pub schedule: &'a dyn Kinds,
}

/// The schema of a whole recipe.
pub fn schema(registries: &Registries) -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let mut definitions = skeleton::definitions(&mut generator);
    let choices = [
        ("task", registries.task),
        ("samples", registries.samples),
        ("width", registries.width),
        ("depth", registries.depth),
        ("optimizer", registries.optimizer),
        ("schedule", registries.schedule),
    ];
    for (name, registry) in choices {
        let alternatives = choice("kind", registry.kinds(&mut generator), &Map::new());
        definitions.insert(name.to_owned(), json!({ "oneOf": alternatives }));
    }
    let mut model = choice("kind", registries.model.kinds(&mut generator), &Map::new());
    model.push(skeleton::given_model());
    definitions.insert("model".to_owned(), json!({ "oneOf": model }));

    let sources = registries.source.kinds(&mut generator);
    let data = choice("source", sources, &skeleton::data_keys());
    definitions.insert("data".to_owned(), json!({ "oneOf": data }));

    let methods = registries.method.kinds(&mut generator);
    let mut term = tables(
        "method",
        Some(DEFAULT_METHOD),
        methods,
        &skeleton::learn_keys(),
    );
    term.insert(
        0,
        json!({ "type": "string", "description": "The teacher's stage." }),
    );
    definitions.insert("term".to_owned(), json!({ "oneOf": term }));

    definitions.extend(generator.take_definitions(false));
    let mut root = skeleton::root();
    root.insert("definitions".to_owned(), Value::Object(definitions));
    let mut schema = Schema::from(root);
    RemoveRefSiblings::default().transform(&mut schema);
    ReplacePrefixItems::default().transform(&mut schema);
    ReplaceConstValue::default().transform(&mut schema);
    RecursiveTransform(remove_null).transform(&mut schema);
    RecursiveTransform(remove_write_only).transform(&mut schema);
    schema.to_value()
}

/// A choice: its name alone, where it needs no option, or a table.
fn choice(kind_key: &str, kinds: Vec<KindSchema>, common: &Map<String, Value>) -> Vec<Value> {
    let alone = kinds
        .iter()
        .filter(|kind| required(&kind.schema).is_empty());
    let names: Vec<_> = alone.map(|kind| kind.name).collect();
    let mut alternatives = tables(kind_key, None, kinds, common);
    if !names.is_empty() {
        alternatives.insert(0, json!({ "enum": names }));
    }
    alternatives
}

/// A table per kind: the key that names it, the keys all kinds share, its own options.
fn tables(
    kind_key: &str,
    default: Option<&str>,
    kinds: Vec<KindSchema>,
    common: &Map<String, Value>,
) -> Vec<Value> {
    let table = |kind: KindSchema| {
        let mut properties = Map::new();
        properties.insert(kind_key.to_owned(), json!({ "enum": [kind.name] }));
        properties.extend(common.clone());
        let options = kind.schema.get("properties").and_then(Value::as_object);
        properties.extend(options.cloned().unwrap_or_default());
        let mut needed = required(&kind.schema);
        if default != Some(kind.name) {
            needed.insert(0, json!(kind_key));
        }
        let mut table = json!({
            "type": "object",
            "description": kind.summary,
            "properties": properties,
            "additionalProperties": false,
        });
        if !needed.is_empty() {
            table["required"] = Value::Array(needed);
        }
        table
    };
    kinds.into_iter().map(table).collect()
}

fn required(schema: &Schema) -> Vec<Value> {
    schema
        .get("required")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

/// The schema of a struct all of whose keys may be absent and no others may be present.
fn table_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    let mut schema = T::json_schema(generator);
    schema.remove("required");
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema.to_value()
}

/// TOML has no null: an optional value is absent.
fn remove_null(schema: &mut Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(alternatives)) = schema.get_mut("anyOf") {
        alternatives.retain(|one| one["type"] != "null");
        if let [only] = alternatives.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            schema.insert("allOf".to_owned(), json!([only]));
        }
    }
}

/// Whether a key is written out again is no matter of recipes, and readers of draft 4 do not know the word.
fn remove_write_only(schema: &mut Schema) {
    schema.remove("writeOnly");
}
