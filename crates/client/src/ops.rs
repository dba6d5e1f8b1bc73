//! The ops of the protocol.

use chatkit_protocol::{
    Attachment, AttachmentCreateParams, AttachmentId, ItemId, Order, Page,
    StructuredInputSubmission, ThreadId, ThreadStopResponse, UserMessageInput,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{Answer, Client, ClientError, EventStream, glimpse};

/// Says that this client finds its way back to a turn, so that a lost connection does not end it.
const RESUMABLE: (&str, &str) = ("chatkit-resumable", "1");
/// The largest refusal that is read, in bytes.
const MAX_REFUSAL: usize = 64 * 1024;
/// How much of a refusal is shown, in characters.
const SHOWN: usize = 300;

impl Client {
    /// Asks for any streaming op.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send) and [`EventStream::of`].
    pub async fn stream(&self, request: &Value) -> Result<EventStream, ClientError> {
        EventStream::of(self.send_with(request, true, &[RESUMABLE]).await?).await
    }

    /// Asks for any op that is answered with one JSON document.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), [`ClientError::Refused`] for a status other than 2xx, and
    /// [`ClientError::NotJson`].
    pub async fn call<T: DeserializeOwned>(&self, request: &Value) -> Result<T, ClientError> {
        accepted(self.send(request, false).await?).await?.json().await
    }

    /// Begins a thread with a message.
    ///
    /// # Errors
    ///
    /// Those of [`stream`](Self::stream).
    pub async fn create_thread(
        &self,
        input: &UserMessageInput,
    ) -> Result<EventStream, ClientError> {
        self.stream(&op("threads.create", &json!({"input": input}))).await
    }

    /// Adds a message to a thread.
    ///
    /// # Errors
    ///
    /// Those of [`stream`](Self::stream).
    pub async fn add_user_message(
        &self,
        thread_id: &ThreadId,
        input: &UserMessageInput,
    ) -> Result<EventStream, ClientError> {
        let params = json!({"thread_id": thread_id, "input": input});
        self.stream(&op("threads.add_user_message", &params)).await
    }

    /// Brings the output of the client tool that a thread waits for.
    ///
    /// # Errors
    ///
    /// Those of [`stream`](Self::stream).
    pub async fn add_client_tool_output(
        &self,
        thread_id: &ThreadId,
        result: &Value,
    ) -> Result<EventStream, ClientError> {
        let params = json!({"thread_id": thread_id, "result": result});
        self.stream(&op("threads.add_client_tool_output", &params)).await
    }

    /// Answers the questions of an item.
    ///
    /// # Errors
    ///
    /// Those of [`stream`](Self::stream).
    pub async fn add_structured_input(
        &self,
        thread_id: &ThreadId,
        item_id: &ItemId,
        input: &StructuredInputSubmission,
    ) -> Result<EventStream, ClientError> {
        let params = json!({"thread_id": thread_id, "item_id": item_id, "input": input});
        self.stream(&op("threads.add_structured_input", &params)).await
    }

    /// Has a message answered once more. What follows it is deleted.
    ///
    /// # Errors
    ///
    /// Those of [`stream`](Self::stream).
    pub async fn retry_after_item(
        &self,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> Result<EventStream, ClientError> {
        let params = json!({"thread_id": thread_id, "item_id": item_id});
        self.stream(&op("threads.retry_after_item", &params)).await
    }

    /// Joins the running turn of a thread, from its beginning or after the event with an id. Only
    /// chatkit-rs has this op; it answers with the error event `run.not_running` if there is none.
    ///
    /// # Errors
    ///
    /// Those of [`stream`](Self::stream).
    pub async fn attach(
        &self,
        thread_id: &ThreadId,
        after: Option<&str>,
    ) -> Result<EventStream, ClientError> {
        let mut params = json!({"thread_id": thread_id});
        if let Some(after) = after {
            params["after"] = after.into();
        }
        self.stream(&op("threads.attach", &params)).await
    }

    /// Stops the running turn of a thread; says whether there was one. Only chatkit-rs has this op:
    /// with other servers a turn is stopped by dropping its stream.
    ///
    /// # Errors
    ///
    /// Those of [`call`](Self::call): a refusal of status 409 means that this turn may not be
    /// stopped.
    pub async fn stop(&self, thread_id: &ThreadId) -> Result<bool, ClientError> {
        let request = op("threads.stop", &json!({"thread_id": thread_id}));
        let answer: ThreadStopResponse = self.call(&request).await?;
        Ok(answer.stopped)
    }

    /// The newest threads, or those that follow a thread.
    ///
    /// # Errors
    ///
    /// Those of [`call`](Self::call).
    pub async fn list_threads(
        &self,
        limit: u64,
        after: Option<&str>,
    ) -> Result<Page<Value>, ClientError> {
        let params = json!({"limit": limit, "order": Order::Desc, "after": after});
        self.call(&op("threads.list", &params)).await
    }

    /// A thread with the first of its items.
    ///
    /// # Errors
    ///
    /// Those of [`call`](Self::call).
    pub async fn get_thread(&self, thread_id: &ThreadId) -> Result<Value, ClientError> {
        self.call(&op("threads.get_by_id", &json!({"thread_id": thread_id}))).await
    }

    /// Items of a thread, oldest or newest first, the first ones or those that follow an item.
    ///
    /// # Errors
    ///
    /// Those of [`call`](Self::call).
    pub async fn list_items(
        &self,
        thread_id: &ThreadId,
        limit: u64,
        order: Order,
        after: Option<&str>,
    ) -> Result<Page<Value>, ClientError> {
        let params =
            json!({"thread_id": thread_id, "limit": limit, "order": order, "after": after});
        self.call(&op("items.list", &params)).await
    }

    /// Deletes a thread.
    ///
    /// # Errors
    ///
    /// Those of [`call`](Self::call).
    pub async fn delete_thread(&self, thread_id: &ThreadId) -> Result<(), ClientError> {
        let request = op("threads.delete", &json!({"thread_id": thread_id}));
        // What an answer without content looks like is up to the server.
        accepted(self.send(&request, false).await?).await.map(drop)
    }

    /// Registers a file: the first phase of an upload.
    ///
    /// # Errors
    ///
    /// Those of [`call`](Self::call). A server without uploads refuses it.
    pub async fn create_attachment(
        &self,
        params: &AttachmentCreateParams,
    ) -> Result<Attachment, ClientError> {
        self.call(&op("attachments.create", &json!(params))).await
    }

    /// Takes a registered file back.
    ///
    /// # Errors
    ///
    /// Those of [`call`](Self::call).
    pub async fn delete_attachment(&self, id: &AttachmentId) -> Result<(), ClientError> {
        let request = op("attachments.delete", &json!({"attachment_id": id}));
        accepted(self.send(&request, false).await?).await.map(drop)
    }
}

/// An answer of status 2xx.
pub(crate) async fn accepted(answer: Answer) -> Result<Answer, ClientError> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    let (url, status) = (answer.shown_url(), answer.status);
    let text = match answer.header("location") {
        Some(location) if (300..400).contains(&status) => format!("a redirect to {location}"),
        _ => answer.start_of_text(MAX_REFUSAL).await,
    };
    Err(ClientError::Refused { url, status, message: refusal(&text) })
}

/// What a refusal says: its `message`, or FastAPI's `detail`, or how it begins.
fn refusal(text: &str) -> String {
    let document: Option<Value> = serde_json::from_str(text).ok();
    let named = document.as_ref().and_then(|document| {
        let named = |name: &str| document.get(name).and_then(Value::as_str);
        named("message").or_else(|| named("detail")).or_else(|| named("error"))
    });
    let message = glimpse(named.unwrap_or(text), SHOWN);
    if message.is_empty() { "no reason given".to_owned() } else { message }
}

fn op(kind: &str, params: &Value) -> Value {
    json!({"type": kind, "params": params})
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn what_a_refusal_says() {
        for (text, says) in [
            (r#"{"message": "no such thread"}"#, "no such thread"),
            (r#"{"detail": "Not Found"}"#, "Not Found"),
            (r#"{"detail": [1]}"#, r#"{"detail": [1]}"#),
            ("Internal Server Error\n", "Internal Server Error"),
            ("", "no reason given"),
        ] {
            assert_eq!(refusal(text), says);
        }
        assert_eq!(refusal(&"å".repeat(1000)).chars().count(), 300);
    }
}
