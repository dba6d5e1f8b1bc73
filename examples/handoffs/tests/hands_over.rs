//! Who answers, and what each agent is told.

use chatkit_agents::model::{ProviderOptions, ResponsesModel};
use chatkit_server::{ChatKit, MemoryStore};
use chatkit_testkit::{
    provider::{Answer, FakeProvider, responses},
    wire,
};
use handoffs::Assistant;
use serde_json::json;

async fn assistant() -> (ChatKit<Assistant>, FakeProvider) {
    let provider = FakeProvider::start().await;
    let model = ResponsesModel::new("any", ProviderOptions::new().base_url(provider.url()));
    (ChatKit::new(Assistant::new(model), MemoryStore::new()), provider)
}

fn hands_over_to(agent: &str) -> Answer {
    Answer::events(responses::function_call(&format!("transfer_to_{agent}"), "{}"))
}

fn says(text: &str) -> Answer {
    Answer::events(responses::text(text))
}

/// What each request told the model, and whom it could hand over to.
fn told(provider: &FakeProvider) -> Vec<(String, Vec<String>)> {
    let requests = provider.requests().into_iter();
    requests
        .map(|request| {
            let tools = request.body["tools"].as_array().cloned().unwrap_or_default();
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let names = tools.iter().map(|tool| text(&tool["name"])).collect();
            (text(&request.body["instructions"]), names)
        })
        .collect()
}

#[tokio::test]
async fn triage_hands_over_to_billing_which_answers() {
    let (chatkit, provider) = assistant().await;
    provider.answer(hands_over_to("billing"));
    provider.answer(says("Your invoice is paid."));
    let events = wire::events(&chatkit, &wire::create_thread("Is my invoice paid?"), ()).await;
    assert_eq!(wire::answers(&events), ["Your invoice is paid."]);
    let items = wire::items(&chatkit, wire::thread_id(&events), ()).await;
    assert_eq!(wire::kinds(&items), ["user_message", "assistant_message"]);

    let [triage, billing] = &told(&provider)[..] else { panic!("{:?}", told(&provider)) };
    assert!(triage.0.starts_with("Hand over to the agent"), "{triage:?}");
    assert_eq!(triage.1, ["transfer_to_billing", "transfer_to_support"]);
    assert!(billing.0.starts_with("Answers questions about invoices"), "{billing:?}");
    assert_eq!(billing.1, ["transfer_to_triage"]);
    // Billing knows what was asked, and that it was handed over to.
    let input = &provider.requests()[1].body["input"];
    assert_eq!(input[0]["content"][0]["text"], "Is my invoice paid?");
    assert_eq!(input[1]["name"], "transfer_to_billing");
    assert_eq!(
        (&input[2]["type"], &input[2]["call_id"]),
        (&json!("function_call_output"), &input[1]["call_id"])
    );
}

#[tokio::test]
async fn a_question_may_go_around_and_back() {
    let (chatkit, provider) = assistant().await;
    for agent in ["billing", "triage", "support", "triage"] {
        provider.answer(hands_over_to(agent));
    }
    provider.answer(says("Nobody knows."));
    let events = wire::events(&chatkit, &wire::create_thread("What is love?"), ()).await;
    assert_eq!(wire::answers(&events), ["Nobody knows."]);
    let told = told(&provider);
    let instructions: Vec<_> =
        told.iter().map(|(text, _)| text.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(instructions, ["Hand", "Answers", "Hand", "Explains", "Hand"]);
    assert_eq!(told[4], told[0], "triage is the same again");
}

#[tokio::test]
async fn the_next_question_begins_with_triage() {
    let (chatkit, provider) = assistant().await;
    provider.answer(hands_over_to("support"));
    provider.answer(says("Press the button."));
    provider.answer(says("You are welcome."));
    let events = wire::events(&chatkit, &wire::create_thread("How do I begin?"), ()).await;
    let thanks = wire::add_user_message(wire::thread_id(&events), "Thank you!");
    let events = wire::events(&chatkit, &thanks, ()).await;
    assert_eq!(wire::answers(&events), ["You are welcome."]);
    let told = told(&provider);
    assert_eq!(told[2], told[0]);
}
