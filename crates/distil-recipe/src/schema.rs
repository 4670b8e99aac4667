//! The JSON schema of recipes, for editors: draft 7, in words that readers of draft 4 know.

use schemars::generate::SchemaSettings;
use schemars::transform::{
    RecursiveTransform, RemoveRefSiblings, ReplaceConstValue, ReplacePrefixItems, Transform,
};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::recipe::{DEFAULT_METHOD, GivenModel, Recipe, strings};
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
    let mut root = Recipe::json_schema(&mut generator);
    root.remove("description");
    root.insert(
        "$schema".to_owned(),
        json!("http://json-schema.org/draft-07/schema#"),
    );
    root.insert("title".to_owned(), json!("A Distil recipe"));
    let mut definitions = generator.take_definitions(false);
    for [key, holder] in strings() {
        if let Some(table) = definitions
            .get_mut(key)
            .filter(|table| !table["properties"].is_null())
        {
            *table = json!({ "oneOf": [table["properties"][holder], table] });
        }
    }
    let choices = [
        ("task", registries.task),
        ("samples", registries.samples),
        ("width", registries.width),
        ("depth", registries.depth),
        ("optimizer", registries.optimizer),
        ("schedule", registries.schedule),
        ("decay_schedule", registries.schedule),
    ];
    for (name, registry) in choices {
        let alternatives = choice("kind", registry.kinds(&mut generator), &Map::new());
        definitions.insert(name.to_owned(), json!({ "oneOf": alternatives }));
    }
    let mut model = choice("kind", registries.model.kinds(&mut generator), &Map::new());
    model.push(GivenModel::json_schema(&mut generator).to_value());
    definitions.insert("model".to_owned(), json!({ "oneOf": model }));

    let common = shared("source", &definitions["data"]["oneOf"][1]);
    let data = choice("source", registries.source.kinds(&mut generator), &common);
    definitions.insert("data".to_owned(), json!({ "oneOf": data }));

    let common = shared("method", &definitions["term"]);
    let methods = registries.method.kinds(&mut generator);
    let mut term = tables("method", Some(DEFAULT_METHOD), methods, &common);
    term.insert(
        0,
        json!({ "type": "string", "description": "The teacher's stage." }),
    );
    definitions.insert("term".to_owned(), json!({ "oneOf": term }));

    definitions.extend(generator.take_definitions(false));
    root.insert("definitions".to_owned(), Value::Object(definitions));
    RemoveRefSiblings::default().transform(&mut root);
    ReplacePrefixItems::default().transform(&mut root);
    ReplaceConstValue::default().transform(&mut root);
    RecursiveTransform(remove_null).transform(&mut root);
    RecursiveTransform(remove_write_only).transform(&mut root);
    root.to_value()
}

/// The keys of an open table that belong to all its choices.
fn shared(kind_key: &str, table: &Value) -> Map<String, Value> {
    let mut keys = table["properties"].as_object().cloned().unwrap_or_default();
    keys.shift_remove(kind_key);
    keys
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
