//! The JSON Schema of an experiment file, made from the same tables of keys that read it (draft 7, which editors' TOML
//! servers understand).

use serde_json::{Map, Value, json};

use kernels::member::Bounds;

use super::expression::PATTERN;
use super::key::{Key, Kind, Preset, Rule, Times};
use super::registry::Members;

/// The schema of a whole file whose top-level keys these are.
pub fn document(keys: &[Key]) -> Value {
    let mut definitions = Map::new();
    let mut schema = table(keys, &[], &mut definitions);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("runner experiment");
    definitions.insert("derived".to_owned(), derived());
    schema["definitions"] = Value::Object(definitions);
    schema
}

/// A table with these keys and no others; `more` are keys that are read elsewhere.
fn table(keys: &[Key], more: &[(&str, Value)], definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for (name, schema) in more {
        properties.insert((*name).to_owned(), schema.clone());
    }
    let mut required = Vec::new();
    for key in keys {
        let mut schema = of(&key.kind, definitions);
        if schema.get("$ref").is_some() || key.rule.is_some() {
            let rule = key.rule.map(|rule| defined(rule, definitions));
            let all: Vec<Value> = [schema].into_iter().chain(rule).collect();
            schema = json!({ "allOf": all });
        }
        schema["description"] = json!(key.summary);
        if let Preset::Toml(text) = key.preset {
            schema["default"] = default_of(text);
        }
        for alias in key.aliases {
            properties.insert((*alias).to_owned(), schema.clone());
        }
        properties.insert(key.name.to_owned(), schema);
        if key.preset == Preset::Required {
            required.push(key);
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    let plain: Vec<&str> = required.iter().filter(|k| k.aliases.is_empty()).map(|k| k.name).collect();
    if !plain.is_empty() {
        schema["required"] = json!(plain);
    }
    let spellings: Vec<Value> = keys.iter().filter(|key| !key.aliases.is_empty()).map(one_spelling).collect();
    if !spellings.is_empty() {
        schema["allOf"] = json!(spellings);
    }
    schema
}

/// A key may stand under any of its spellings, but under one only.
fn one_spelling(key: &Key) -> Value {
    let spelled = one_of(key.names());
    match key.preset {
        Preset::Required => spelled,
        _ => json!({ "anyOf": [spelled, { "not": any_of(key.names()) }] }),
    }
}

/// Exactly one of these keys stands in a table.
pub fn one_of<'a>(keys: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "oneOf": each(keys) })
}

/// One of these keys at least stands in a table.
pub fn any_of<'a>(keys: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "anyOf": each(keys) })
}

fn each<'a>(keys: impl IntoIterator<Item = &'a str>) -> Vec<Value> {
    keys.into_iter().map(|key| json!({ "required": [key] })).collect()
}

/// The rule of a key among the definitions: some stand at several keys, and one may speak of itself.
fn defined(rule: Rule, definitions: &mut Map<String, Value>) -> Value {
    let schema = (rule.schema)();
    let known = definitions.entry(rule.name).or_insert_with(|| schema.clone());
    assert_eq!(*known, schema, "two rules are called `{}`", rule.name);
    json!({ "$ref": format!("#/definitions/{}", rule.name) })
}

fn default_of(text: &str) -> Value {
    // the defaults are TOML values; the ones that are not JSON too are tables, told by their text
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

fn of(kind: &Kind, definitions: &mut Map<String, Value>) -> Value {
    match kind {
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Whole { least, most } => or_derived(json!({ "type": "integer", "minimum": least, "maximum": most })),
        Kind::Number(bounds) => or_derived(number(*bounds)),
        Kind::Numbers { count, bounds } => {
            let mut schema = json!({ "type": "array", "items": or_derived(number(*bounds)) });
            if let Some(count) = count {
                schema["minItems"] = json!(count);
                schema["maxItems"] = json!(count);
            }
            schema
        }
        Kind::Text => json!({ "type": "string" }),
        Kind::Word(words) => json!({ "enum": words.iter().map(|(word, _)| *word).collect::<Vec<_>>() }),
        Kind::Length => json!({ "anyOf": length() }),
        Kind::Times => {
            let forms = [length(), times()].concat();
            json!({ "anyOf": forms })
        }
        Kind::Member { registry, common } => member(registry(), common, definitions),
        Kind::List { of: each, least } => {
            json!({ "type": "array", "items": of(each, definitions), "minItems": least })
        }
        Kind::Table(keys) => table(keys, &[], definitions),
        Kind::Map(each) => json!({ "type": "object", "additionalProperties": of(each, definitions) }),
        Kind::Either(kinds) => {
            json!({ "anyOf": kinds.iter().map(|k| of(k, definitions)).collect::<Vec<_>>() })
        }
        Kind::Raw => json!({}),
    }
}

/// A number, or a string that derives it. Which of them are sections of a trial only the reader knows.
fn or_derived(number: Value) -> Value {
    json!({ "anyOf": [number, { "$ref": "#/definitions/derived" }] })
}

/// An expression names a key: a number in quotes is a slip.
fn derived() -> Value {
    let description = "an expression over other settings: \"0.05 * train.batch_size / 64\"";
    json!({ "type": "string", "pattern": PATTERN, "description": description })
}

fn number(bounds: Bounds) -> Value {
    match bounds {
        Bounds::Any => json!({ "type": "number" }),
        Bounds::AtLeast(a) => json!({ "type": "number", "minimum": a }),
        Bounds::Above(a) => json!({ "type": "number", "exclusiveMinimum": a }),
        Bounds::Within(a, b) => json!({ "type": "number", "minimum": a, "maximum": b }),
        Bounds::Below(a, b) => json!({ "type": "number", "minimum": a, "exclusiveMaximum": b }),
    }
}

/// A table whose only key is `unit`.
fn one(unit: &str, schema: Value) -> Value {
    json!({ "type": "object", "properties": { unit: schema }, "required": [unit], "additionalProperties": false })
}

fn length() -> Vec<Value> {
    vec![
        json!({ "type": "integer", "minimum": 0 }),
        one("steps", or_derived(json!({ "type": "integer", "minimum": 0 }))),
        one("epochs", or_derived(json!({ "type": "number", "minimum": 0 }))),
        one("fraction", or_derived(json!({ "type": "number", "minimum": 0, "maximum": 1 }))),
    ]
}

/// The forms of [`Kind::Times`] beside a length.
fn times() -> Vec<Value> {
    let step = json!({ "type": "integer", "minimum": 1, "maximum": 1_i64 << 40 });
    vec![
        one("log", json!({ "type": "integer", "minimum": 1, "maximum": Times::MOST })),
        json!({ "type": "array", "items": step, "minItems": 1 }),
    ]
}

/// A choice from a registry. It is a definition of its own, because layers contain layers.
fn member(registry: &'static dyn Members, common: &[Key], definitions: &mut Map<String, Value>) -> Value {
    let name = registry.kind();
    let reference = json!({ "$ref": format!("#/definitions/{name}") });
    if definitions.contains_key(name) {
        return reference;
    }
    definitions.insert(name.to_owned(), Value::Null);
    let mut choices = Vec::new();
    for about in registry.all() {
        let names: Vec<&str> = [about.name].into_iter().chain(about.aliases.iter().copied()).collect();
        let keys: Vec<Key> = about.keys.iter().chain(common).copied().collect();
        let own = [("type", json!({ "enum": names })), ("label", json!({ "type": "string" }))];
        let mut schema = table(&keys, &own, definitions);
        schema["description"] = json!(about.summary);
        match schema.get_mut("required").and_then(Value::as_array_mut) {
            Some(required) => required.push(json!("type")),
            None => schema["required"] = json!(["type"]),
        }
        if keys.iter().all(|k| k.preset != Preset::Required) {
            choices.push(json!({ "enum": names, "description": about.summary }));
        }
        choices.push(schema);
    }
    definitions.insert(name.to_owned(), json!({ "anyOf": choices }));
    reference
}
