//! What strict mode makes of schemas, those of Rust types above all.

use std::collections::{BTreeMap, HashSet};

use schemars::{JsonSchema, schema_for};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{strict_schema, strip_nulls};

fn strict_of<T: JsonSchema>() -> Option<Value> {
    strict_schema(&Value::from(schema_for!(T)))
}

#[test]
fn an_object_is_closed_and_all_its_fields_are_required() {
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Search {
        /// What to look for.
        query: String,
        #[serde(default = "ten")]
        limit: u32,
        exact: Option<bool>,
    }
    fn ten() -> u32 {
        10
    }
    let expected = json!({
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": "What to look for."},
            "limit": {"type": ["integer", "null"], "minimum": 0},
            "exact": {"type": ["boolean", "null"]},
        },
        "required": ["query", "limit", "exact"],
        "additionalProperties": false,
    });
    let strict = strict_of::<Search>().unwrap();
    assert_eq!(sorted(&strict), sorted(&expected));
}

/// `required` in the order of the properties says the same in any order.
fn sorted(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.sort_by_key(ToString::to_string);
    }
    schema
}

#[test]
fn what_an_object_refers_to_is_strict_too() {
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Route {
        from: Place,
        /// Where it goes.
        to: Place,
        via: Option<Place>,
        stops: Vec<Place>,
    }
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Place {
        city: String,
    }
    let place = json!({
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": false,
    });
    let mut described = place.clone();
    described["description"] = "Where it goes.".into();
    let strict = strict_of::<Route>().unwrap();
    assert_eq!(strict["$defs"], json!({"Place": place}));
    assert_eq!(
        strict["properties"],
        json!({
            "from": {"$ref": "#/$defs/Place"},
            "to": described,
            "via": {"anyOf": [{"$ref": "#/$defs/Place"}, {"type": "null"}]},
            "stops": {"type": "array", "items": {"$ref": "#/$defs/Place"}},
        })
    );
}

#[test]
fn a_choice_is_any_of_its_branches() {
    #[derive(JsonSchema)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema counts")]
    enum Shape {
        Circle { radius: f64 },
        Square { side: Option<f64> },
    }
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Drawing {
        shape: Shape,
    }
    let strict = strict_of::<Drawing>().unwrap();
    let shape = &strict["$defs"]["Shape"];
    assert_eq!(
        shape,
        &json!({"anyOf": [
            {
                "type": "object",
                "properties": {
                    "kind": {"type": "string", "const": "circle"},
                    "radius": {"type": "number"},
                },
                "required": shape["anyOf"][0]["required"],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "properties": {
                    "kind": {"type": "string", "const": "square"},
                    "side": {"type": ["number", "null"]},
                },
                "required": shape["anyOf"][1]["required"],
                "additionalProperties": false,
            },
        ]})
    );
    let required = shape["anyOf"][1]["required"].as_array().unwrap();
    assert_eq!(required.iter().collect::<HashSet<_>>().len(), 2);
}

#[test]
fn words_of_an_enum_may_be_left_out() {
    #[derive(JsonSchema, Default)]
    #[serde(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only its schema counts")]
    enum Unit {
        #[default]
        Celsius,
        Kelvin,
    }
    #[derive(JsonSchema, Default)]
    #[schemars(inline)]
    #[expect(dead_code, reason = "only its schema counts")]
    enum Inner {
        #[default]
        Dry,
        Wet,
    }
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Weather {
        #[serde(default)]
        unit: Unit,
        #[serde(default)]
        inner: Inner,
    }
    let strict = strict_of::<Weather>().unwrap();
    assert_eq!(
        strict["properties"],
        json!({
            "unit": {"anyOf": [{"$ref": "#/$defs/Unit"}, {"type": "null"}]},
            "inner": {"type": ["string", "null"], "enum": ["Dry", "Wet", null]},
        })
    );
}

#[test]
fn what_refers_to_itself_ends() {
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Node {
        /// The next ones.
        children: Vec<Node>,
        /// A described way back.
        parent: Option<Box<Node>>,
    }
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Tree {
        /// Where it begins.
        root: Node,
    }
    let strict = strict_of::<Node>().unwrap();
    assert_eq!(strict["properties"]["children"]["items"], json!({"$ref": "#"}));
    let strict = strict_of::<Tree>().unwrap();
    assert_eq!(strict["properties"]["root"]["description"], "Where it begins.");
    let children = &strict["properties"]["root"]["properties"]["children"];
    assert_eq!(children["items"], json!({"$ref": "#/$defs/Node"}));
}

#[test]
fn one_part_of_an_intersection_is_the_whole() {
    let schema = json!({
        "type": "object",
        "properties": {"place": {"allOf": [{"$ref": "#/definitions/Place"}], "description": "Where."}},
        "required": ["place"],
        "definitions": {"Place": {"type": "string", "format": "city", "minLength": 1}},
    });
    assert_eq!(
        strict_schema(&schema).unwrap(),
        json!({
            "type": "object",
            "properties": {"place": {"type": "string", "description": "Where."}},
            "required": ["place"],
            "additionalProperties": false,
            "definitions": {"Place": {"type": "string"}},
        })
    );
}

#[test]
fn formats_that_strict_mode_knows_stay() {
    let schema = json!({
        "type": "object",
        "properties": {
            "day": {"type": "string", "format": "date"},
            "size": {"type": "number", "format": "double"},
        },
        "required": ["day", "size"],
    });
    let strict = strict_schema(&schema).unwrap();
    assert_eq!(strict["properties"]["day"], json!({"type": "string", "format": "date"}));
    assert_eq!(strict["properties"]["size"], json!({"type": "number"}));
}

#[test]
fn what_strict_mode_cannot_say_is_not_strict() {
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Map {
        map: BTreeMap<String, u32>,
    }
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Anything {
        any: Value,
    }
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Pair {
        pair: (u32, String),
    }
    assert_eq!(strict_of::<Map>(), None);
    assert_eq!(strict_of::<Anything>(), None);
    assert_eq!(strict_of::<Pair>(), None);
    assert_eq!(strict_of::<Vec<u32>>(), None);
    for property in [
        json!({"type": "object", "patternProperties": {}}),
        json!({"not": {"type": "string"}}),
        json!({"allOf": [{"type": "string"}, {"type": "string"}]}),
        json!({"type": "object", "properties": {}, "anyOf": [{"type": "object"}]}),
        json!({"$ref": "#/nowhere"}),
        json!({"$ref": "elsewhere.json"}),
    ] {
        let schema = json!({"type": "object", "properties": {"it": property}});
        assert_eq!(strict_schema(&schema), None, "{schema}");
    }
}

#[test]
fn schemas_that_grow_without_end_are_given_up() {
    let mut definitions = serde_json::Map::new();
    for number in 0..40 {
        let next = format!("#/$defs/d{}", number + 1);
        let twice = json!({"$ref": next, "description": "twice"});
        definitions.insert(
            format!("d{number}"),
            json!({"type": "object", "properties": {"a": twice, "b": twice}}),
        );
    }
    definitions.insert("d40".to_owned(), json!({"type": "string"}));
    let first = json!({"$ref": "#/$defs/d0", "description": "first"});
    let schema = json!({"type": "object", "properties": {"a": first}, "$defs": definitions});
    assert_eq!(strict_schema(&schema), None);
}

#[test]
fn schemas_that_go_round_in_circles_end() {
    let branches = json!([{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]);
    for key in ["anyOf", "allOf"] {
        let schema = json!({
            "type": "object",
            "properties": {"a": {"$ref": "#/$defs/a"}},
            "$defs": {"a": {key: branches}},
        });
        assert_eq!(strict_schema(&schema).is_some(), key == "anyOf");
        let mut value = json!({"a": null});
        strip_nulls(&mut value, &schema);
        assert_eq!(value, json!({}));
    }
    let schema = json!({"type": "object", "allOf": [{"$ref": "#"}]});
    let mut value = json!({"a": null});
    strip_nulls(&mut value, &schema);
    assert_eq!(value, json!({"a": null}));
}

#[test]
fn nulls_stand_for_what_is_left_out() {
    #[derive(Deserialize, JsonSchema, Debug, PartialEq)]
    struct Order {
        #[serde(default)]
        count: u32,
        note: Option<String>,
        #[serde(default)]
        lines: Vec<Line>,
        #[serde(default)]
        payment: Payment,
    }
    #[derive(Deserialize, JsonSchema, Debug, PartialEq)]
    struct Line {
        #[serde(default)]
        name: String,
    }
    #[derive(Deserialize, JsonSchema, Debug, PartialEq)]
    #[serde(tag = "by")]
    enum Payment {
        Cash {
            #[serde(default)]
            coins: u32,
        },
        Card {
            number: Option<String>,
        },
    }
    impl Default for Payment {
        fn default() -> Self {
            Self::Card { number: None }
        }
    }
    let schema = Value::from(schema_for!(Order));
    let mut value = json!({
        "count": null,
        "note": null,
        "lines": [{"name": null}, {"name": "tea"}],
        "payment": {"by": "Cash", "coins": null},
    });
    strip_nulls(&mut value, &schema);
    assert_eq!(
        value,
        json!({
            "note": null,
            "lines": [{}, {"name": "tea"}],
            "payment": {"by": "Cash"},
        })
    );
    let order: Order = serde_json::from_value(value).unwrap();
    assert_eq!(order.payment, Payment::Cash { coins: 0 });
    let mut value = json!({"lines": null, "payment": null});
    strip_nulls(&mut value, &schema);
    assert_eq!(value, json!({}));
}

#[test]
fn a_null_that_is_wrong_stays() {
    let schema = json!({
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    });
    let mut value = json!({"city": null, "unknown": null});
    strip_nulls(&mut value, &schema);
    assert_eq!(value, json!({"city": null, "unknown": null}));
}
