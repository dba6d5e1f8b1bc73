//! What differs from the reference, and converters of one's own.

use chatkit_agents::{
    ConvertError, DefaultConverter, ThreadItemConverter, TokenBudget, model::InputItem,
    simple_to_agent_input,
};
use chatkit_protocol::WidgetItem;
use chatkit_server::async_trait;
use serde_json::json;

use crate::{assistant, items, texts, user};

#[tokio::test]
async fn hidden_context_may_be_any_json() {
    let items =
        items([json!({"type": "hidden_context_item", "content": {"b": [1, null], "a": "ü"}})]);
    let input = simple_to_agent_input(&items).await.unwrap();
    let context = "Hidden context for the agent (not shown to the user):\n\
                   <HiddenContext>\n{\"a\":\"ü\",\"b\":[1,null]}\n</HiddenContext>";
    assert_eq!(input, [InputItem::user(context)]);
}

#[tokio::test]
async fn a_message_without_parts_is_left_out() {
    let items = items([user("x"), json!({"type": "assistant_message", "content": []})]);
    assert_eq!(simple_to_agent_input(&items).await.unwrap(), [InputItem::user("x")]);
}

struct Own(DefaultConverter);

#[async_trait]
impl ThreadItemConverter for Own {
    fn base(&self) -> &DefaultConverter {
        &self.0
    }

    async fn widget_to_input(&self, item: &WidgetItem) -> Result<Vec<InputItem>, ConvertError> {
        match &item.copy_text {
            Some(text) => Ok(vec![InputItem::user(text.as_str()), InputItem::user("(a widget)")]),
            None => Err(ConvertError::application("no text")),
        }
    }
}

#[tokio::test]
async fn a_method_is_overridden_and_options_stay() {
    let widget = json!({"type": "widget", "widget": {"type": "Card"}, "copy_text": "sunny"});
    let items = items([user(&"old ".repeat(100)), user("weather?"), widget, assistant("ok")]);
    let own = Own(DefaultConverter::new().token_budget(TokenBudget::new(50)));
    // Also behind a pointer.
    let own: Box<dyn ThreadItemConverter> = Box::new(own);
    let input = own.to_agent_input(&items).await.unwrap();
    assert_eq!(texts(&input), ["weather?", "sunny", "(a widget)", "ok"]);
}

#[tokio::test]
async fn an_error_of_ones_own_is_told() {
    let items = items([json!({"type": "widget", "widget": {"type": "Card"}})]);
    let error = Own(DefaultConverter::new()).to_agent_input(&items).await.unwrap_err();
    assert_eq!(error.to_string(), "an item could not be converted for the model: no text");
}
