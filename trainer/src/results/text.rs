//! JSON that reads well in a diff: a figure a line, but a list of numbers on one.

use serde_json::Value;

/// The value as indented JSON; lists without objects or lists in them take one line.
pub(super) fn compact(value: &Value) -> String {
    let mut text = String::new();
    push(&mut text, value, 0);
    text
}

fn push(text: &mut String, value: &Value, depth: usize) {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    match value {
        Value::Array(items) if items.iter().all(is_plain) => {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            *text += &format!("[{}]", items.join(", "));
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| (String::new(), item));
            push_all(text, ('[', ']'), items, depth);
        }
        Value::Object(fields) if !fields.is_empty() => {
            let named = |(name, value)| (format!("{}: ", Value::from(name)), value);
            let fields = fields.iter().map(|(name, value)| (name.as_str(), value));
            push_all(text, ('{', '}'), fields.map(named), depth);
        }
        value => *text += &value.to_string(),
    }
}

fn push_all<'a>(
    text: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = (String, &'a Value)>,
    depth: usize,
) {
    let indent = |depth: usize| "  ".repeat(depth);
    text.push(open);
    for (i, (head, item)) in items.enumerate() {
        if i > 0 {
            text.push(',');
        }
        *text += &format!("\n{}{head}", indent(depth + 1));
        push(text, item, depth + 1);
    }
    *text += &format!("\n{}{close}", indent(depth));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_the_same_json() {
        let value = json!({
            "rows": [{"a": [1, 2.5, null], "b": "x\"\n", "c": {}}, {"d": [[1], []], "e": [{"f": true}]}], "none": []
        });
        let text = compact(&value);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert!(text.contains("\n      \"a\": [1, 2.5, null],\n"), "{text}");
    }
}
