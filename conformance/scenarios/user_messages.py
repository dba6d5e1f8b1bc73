"""What users send: further messages, tags, quotes, choices of model and tool."""

from build import add, assistant, create, done, get, message, request, scenario, stream

HELLO = done(assistant("hello", "Hello"))


def tagged(**tag):
    """A message whose script stands beside a tag."""
    fields = message(stream("Seen"))
    fields["content"].append({"type": "input_tag", "id": "tag-1", "text": "Oslo", **tag})
    return request("threads.create", input=fields)


SCENARIOS = [
    scenario(
        "messages: a further message is echoed without a new thread",
        create(HELLO),
        add("$thread1", stream("Again")),
        get("$thread1"),
    ),
    scenario(
        "messages: three turns stay in order",
        create(stream("1")),
        add("$thread1", stream("2")),
        add("$thread1", stream("3")),
    ),
    scenario("messages: to an unknown thread", add("nowhere", HELLO)),
    scenario(
        "messages: a tag keeps its data, group and interactivity",
        tagged(data={"k": [1, None]}, group="Cities", interactive=True),
    ),
    scenario("messages: a tag's optional fields have defaults", tagged(data={})),
    scenario("messages: a tag without data", tagged()),
    scenario("messages: quoted text is kept", create(HELLO, quoted_text="as you said"), get("$thread1")),
    scenario("messages: an empty quoted text is kept", create(HELLO, quoted_text=""), get("$thread1")),
    scenario("messages: a null quoted text is left out", create(HELLO, quoted_text=None), get("$thread1")),
    scenario(
        "messages: the chosen model and tool are kept on create",
        create(HELLO, inference_options={"model": "large", "tool_choice": {"id": "web_search"}}),
        get("$thread1"),
    ),
    scenario(
        "messages: the chosen tool is kept on a further message and a retry",
        create(HELLO),
        add("$thread1", stream("Again"), inference_options={"tool_choice": {"id": "web_search"}}),
        request("threads.retry_after_item", thread_id="$thread1", item_id="$user_message2"),
        get("$thread1"),
    ),
    scenario(
        "messages: null options are left out",
        create(HELLO, inference_options={"model": None, "tool_choice": None}),
    ),
    scenario(
        "messages: without inference options",
        request("threads.create", input={"content": message(HELLO)["content"], "attachments": []}),
    ),
    scenario(
        "messages: without an attachment list",
        request("threads.create", input={"content": message(HELLO)["content"], "inference_options": {}}),
    ),
    scenario(
        "messages: without any content",
        request("threads.create", input={"content": [], "attachments": [], "inference_options": {}}),
    ),
    scenario(
        "messages: text beyond ASCII passes unchanged",
        create(stream('Blåbærsyltetøy 🫐 \u2028 " \\ \n </script>')),
    ),
    scenario("messages: a tag without a text", tagged(text=None)),
]
