//! Widgets as text.

use chatkit_protocol::WidgetRoot;
use serde_json::{Map, Value};

use super::text::address;

/// A widget as lines of text: what can be read in it, and what could be done with it in a page.
pub(super) fn text(widget: &WidgetRoot) -> String {
    let mut lines = Vec::new();
    block(widget.as_object(), "", &mut lines);
    lines.join("\n")
}

/// A component on lines of its own. The depth of widgets is bounded.
fn block(component: &Map<String, Value>, indent: &str, lines: &mut Vec<String>) {
    match kind(component) {
        "Row" | "Table.Row" | "Button" | "Badge" => push(&inline(component), indent, lines),
        "ListViewItem" => {
            let mut within = Vec::new();
            blocks(component, "", &mut within);
            for (number, line) in within.iter().enumerate() {
                lines.push(format!("{indent}{}{line}", if number == 0 { "- " } else { "  " }));
            }
        }
        _ => {
            push(&own(component), indent, lines);
            blocks(component, indent, lines);
        }
    }
}

fn blocks(component: &Map<String, Value>, indent: &str, lines: &mut Vec<String>) {
    for child in children(component) {
        block(child, indent, lines);
    }
    for action in ["confirm", "cancel"] {
        if let Some(label) = component.get(action).and_then(|action| string(action, "label")) {
            push(&format!("[{label}]"), indent, lines);
        }
    }
}

/// A component within a line.
fn inline(component: &Map<String, Value>) -> String {
    let mut texts = vec![own(component)];
    texts.extend(children(component).map(inline));
    texts.retain(|text| !text.is_empty());
    let between = if kind(component) == "Table.Row" { " | " } else { " " };
    texts.join(between)
}

/// What a component says itself.
fn own(component: &Map<String, Value>) -> String {
    let field = |name: &str| component.get(name).and_then(Value::as_str).unwrap_or_default();
    match kind(component) {
        "Divider" => "───".to_owned(),
        "Badge" => format!("({})", field("label")),
        "Button" => match field("label") {
            "" => format!("[{}]", field("iconStart")),
            label => format!("[{label}]"),
        },
        "Image" => format!("image: {} {}", field("alt"), address(field("src"))).replace("  ", " "),
        "Checkbox" => {
            let is_set = component.get("defaultChecked") == Some(&Value::Bool(true));
            format!("[{}] {}", if is_set { "x" } else { " " }, field("label"))
        }
        "Select" | "RadioGroup" => {
            let options = component.get("options").and_then(Value::as_array);
            let labels = options.into_iter().flatten().filter_map(|option| string(option, "label"));
            format!("{}: {}", field("name"), labels.collect::<Vec<_>>().join(" / "))
        }
        "Input" | "Textarea" | "DatePicker" => {
            let value = ["defaultValue", "placeholder"].map(field);
            let value = value.into_iter().find(|value| !value.is_empty()).unwrap_or("____");
            format!("{}: {value}", field("name"))
        }
        "Chart" => {
            let series = component.get("series").and_then(Value::as_array);
            let labels = series
                .into_iter()
                .flatten()
                .filter_map(|one| string(one, "label").or_else(|| string(one, "dataKey")));
            format!("chart: {}", labels.collect::<Vec<_>>().join(", "))
        }
        "Card" | "ListView" => match component.get("status").and_then(|it| string(it, "text")) {
            Some(status) => format!("({status})"),
            None => String::new(),
        },
        _ => field("value").to_owned(),
    }
}

fn push(text: &str, indent: &str, lines: &mut Vec<String>) {
    lines.extend(text.lines().map(|line| format!("{indent}{line}")));
}

fn children(component: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let children = match component.get("children") {
        Some(Value::Array(children)) => children.as_slice(),
        // A transition has one child.
        Some(child) => std::slice::from_ref(child),
        None => &[],
    };
    children.iter().filter_map(Value::as_object)
}

fn kind(component: &Map<String, Value>) -> &str {
    component.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn string<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(widget: Value) -> String {
        text(&WidgetRoot::new(widget).unwrap())
    }

    #[test]
    fn a_card_is_read_from_top_to_bottom() {
        let card = shown(json!({"type": "Card", "status": {"text": "Draft"}, "children": [
            {"type": "Title", "value": "Order"},
            {"type": "Row", "children": [
                {"type": "Text", "value": "Tea"}, {"type": "Spacer"},
                {"type": "Badge", "label": "new"}]},
            {"type": "Divider"},
            {"type": "Form", "children": [
                {"type": "Input", "name": "name", "placeholder": "Your name"},
                {"type": "Textarea", "name": "note"},
                {"type": "Select", "name": "size",
                    "options": [{"value": "s", "label": "Small"}, {"value": "l", "label": "Large"}]},
                {"type": "Checkbox", "name": "gift", "label": "A gift", "defaultChecked": true}]},
            {"type": "Image", "src": "https://x/tea.png", "alt": "Tea"},
            {"type": "Transition", "children": {"type": "Markdown", "value": "a\nb"}},
            {"type": "Unheard", "value": "of"},
            {"type": "Button", "label": "Buy"}],
            "confirm": {"label": "Yes"}, "cancel": {"label": "No"}}));
        assert_eq!(
            card,
            "(Draft)\nOrder\nTea (new)\n───\nname: Your name\nnote: ____\nsize: Small / Large\n\
             [x] A gift\nimage: Tea https://x/tea.png\na\nb\nof\n[Buy]\n[Yes]\n[No]"
        );
    }

    #[test]
    fn entries_of_a_list_are_marked() {
        let list = shown(json!({"type": "ListView", "children": [
            {"type": "ListViewItem", "children": [
                {"type": "Icon", "name": "star"},
                {"type": "Col", "children": [
                    {"type": "Text", "value": "One"}, {"type": "Caption", "value": "first"}]}]},
            {"type": "ListViewItem", "children": [{"type": "Text", "value": "Two"}]}]}));
        assert_eq!(list, "- One\n  first\n- Two");
    }
}
