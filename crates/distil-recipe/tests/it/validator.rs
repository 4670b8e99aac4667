//! A JSON-schema validator for the few keywords that recipe schemas use.
//!
//! It panics on any other keyword, so that the schema stays within what readers of draft 4 know.

use serde_json::Value;

/// Whether `value` is valid under `schema`; references are looked up in `root`.
pub fn is_valid(root: &Value, schema: &Value, value: &Value) -> bool {
    let Value::Object(keywords) = schema else {
        panic!("not a schema: {schema}")
    };
    let valid = |schema: &Value| is_valid(root, schema, value);
    let list = |keyword: &str, rule: &Value| -> Vec<Value> {
        rule.as_array()
            .unwrap_or_else(|| panic!("{keyword} is no list"))
            .clone()
    };
    keywords
        .iter()
        .all(|(keyword, rule)| match keyword.as_str() {
            "$schema" | "title" | "description" | "default" | "format" | "definitions" => true,
            "$ref" => {
                let pointer = rule
                    .as_str()
                    .and_then(|r| r.strip_prefix('#'))
                    .expect("a reference");
                valid(
                    root.pointer(pointer)
                        .unwrap_or_else(|| panic!("nothing at {pointer}")),
                )
            }
            "type" => match rule {
                Value::Array(types) => types.iter().any(|name| is_type(name, value)),
                name => is_type(name, value),
            },
            "enum" => list(keyword, rule).contains(value),
            "oneOf" => list(keyword, rule).iter().filter(|one| valid(one)).count() == 1,
            "anyOf" => list(keyword, rule).iter().any(valid),
            "allOf" => list(keyword, rule).iter().all(valid),
            "minimum" => value
                .as_f64()
                .is_none_or(|number| number >= rule.as_f64().expect("a number")),
            "maximum" => value
                .as_f64()
                .is_none_or(|number| number <= rule.as_f64().expect("a number")),
            "items" => value
                .as_array()
                .is_none_or(|items| items.iter().all(|item| is_valid(root, rule, item))),
            "minItems" => length(value.as_array().map(Vec::len)) >= rule.as_u64(),
            "maxItems" => value
                .as_array()
                .is_none_or(|items| Some(items.len() as u64) <= rule.as_u64()),
            "minProperties" => length(value.as_object().map(|table| table.len())) >= rule.as_u64(),
            "required" => value.as_object().is_none_or(|table| {
                let mut names = rule
                    .as_array()
                    .expect("a list")
                    .iter()
                    .filter_map(Value::as_str);
                names.all(|name| table.contains_key(name))
            }),
            "properties" => value.as_object().is_none_or(|table| {
                let mut known = table
                    .iter()
                    .filter_map(|(key, value)| Some((rule.get(key)?, value)));
                known.all(|(schema, value)| is_valid(root, schema, value))
            }),
            "additionalProperties" => value.as_object().is_none_or(|table| {
                let known = |key: &str| schema["properties"].get(key).is_some();
                table
                    .iter()
                    .filter(|(key, _)| !known(key))
                    .all(|(_, value)| match rule {
                        Value::Bool(allowed) => *allowed,
                        schema => is_valid(root, schema, value),
                    })
            }),
            other => panic!("readers of draft 4 do not know `{other}`"),
        })
}

fn length(found: Option<usize>) -> Option<u64> {
    Some(found.map_or(u64::MAX, |length| length as u64))
}

fn is_type(name: &Value, value: &Value) -> bool {
    match name.as_str().expect("a type's name") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("recipes have no values of type {other}"),
    }
}
