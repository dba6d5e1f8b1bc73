"""What happens when a responder changes its thread."""

from build import (
    act,
    add,
    added,
    assistant,
    create,
    delta,
    done,
    fail,
    freeform,
    get,
    hidden,
    progress,
    questions,
    request,
    resume_with,
    retry,
    scenario,
    stream,
    submit,
    sync_act,
    thread,
    tool_call,
    tool_output,
)

LOCKED = {"type": "locked", "reason": "under review"}
CLOSED = {"type": "closed"}


def changed(name, *steps):
    return scenario(f"thread changes: {name}", create(*steps), get("$thread1"))


SCENARIOS = [
    changed("a title at the end is stored and announced", stream("x"), thread(title="Trip")),
    changed(
        "a title in the middle is announced behind the next event",
        thread(title="Trip"),
        progress("a"),
        progress("b"),
    ),
    changed("a title without any event", thread(title="Trip")),
    changed("a title twice", thread(title="One"), progress("a"), thread(title="Two"), progress("b")),
    changed(
        "two changes between events are announced once",
        thread(title="One"),
        thread(status=LOCKED),
        progress("a"),
    ),
    changed(
        "a change that changes nothing is not announced",
        thread(title="T"),
        progress("a"),
        thread(title="T"),
        progress("b"),
    ),
    changed("a title taken away again", thread(title="T"), progress("a"), thread(title=None), progress("b")),
    changed("locked with a reason", stream("x"), thread(status=LOCKED)),
    changed("closed without a reason", stream("x"), thread(status=CLOSED)),
    changed(
        "locked, then active again",
        thread(status=LOCKED),
        progress("a"),
        thread(status={"type": "active"}),
        progress("b"),
    ),
    changed("image domains", stream("x"), thread(allowed_image_domains=["a.example", "b.example"])),
    changed("image domains: the empty list is kept", thread(allowed_image_domains=[]), stream("x")),
    changed(
        "image domains taken away again are left out",
        thread(allowed_image_domains=["a.example"]),
        progress("a"),
        thread(allowed_image_domains=None),
        progress("b"),
    ),
    changed("unset image domains are left out everywhere", thread(title="T"), stream("x")),
    changed("metadata is announced but not sent", thread(metadata={"k": "v"}), stream("x")),
    changed(
        "metadata that changes from 0 to false",
        thread(metadata={"k": 0}),
        progress("a"),
        thread(metadata={"k": False}),
        progress("b"),
    ),
    changed("behind a hidden item", thread(title="T"), done(hidden("h")), progress("a")),
    changed("together with a failure", thread(title="T"), fail(message="boom")),
    changed(
        "together with an unexpected failure in the middle of a text",
        added(assistant("a")),
        delta("a", ""),
        thread(title="T"),
        fail(),
    ),
    changed(
        "before and with a failure",
        thread(title="One"),
        progress("a"),
        thread(title="Two"),
        fail(code="stream.error"),
    ),
    scenario(
        "thread changes: metadata lasts until a later turn",
        create(resume_with(stream("resumed")), done(questions("q", freeform("f")))),
        add("$thread1", thread(metadata={"other": 1}), stream("x")),
        submit("$thread1", "q", {"f": {"values": ["v"]}}),
        get("$thread1"),
    ),
    scenario(
        "thread changes: a later turn sees the title that was set outside",
        create(stream("x")),
        request("threads.update", thread_id="$thread1", title="Outside"),
        add("$thread1", thread(title="Outside"), progress("unchanged"), thread(title="Inside")),
        get("$thread1"),
    ),
    scenario(
        "thread changes: a locked thread takes no message",
        create(thread(status=LOCKED)),
        add("$thread1", stream("x")),
        get("$thread1"),
    ),
    scenario(
        "thread changes: a closed thread takes no message",
        create(thread(status=CLOSED)),
        add("$thread1", stream("x")),
        get("$thread1"),
    ),
    scenario(
        "thread changes: a locked thread takes no retry",
        create(stream("x"), thread(status=LOCKED)),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
    scenario(
        "thread changes: a locked thread takes no answers",
        create(done(questions("q", freeform("f"))), thread(status=LOCKED)),
        submit("$thread1", "q", {"f": {"values": ["v"]}}),
        get("$thread1"),
    ),
    scenario(
        "thread changes: a locked thread takes the output of a tool",
        create(done(tool_call("t")), thread(status=LOCKED)),
        tool_output("$thread1", 1),
        get("$thread1"),
    ),
    scenario(
        "thread changes: a locked thread takes actions",
        create(thread(status=LOCKED)),
        act("$thread1", thread(status={"type": "active"}), stream("unlocked")),
        sync_act("$thread1", {"updated_item": assistant("a", "x")}),
        add("$thread1", stream("x")),
        get("$thread1"),
    ),
    scenario(
        "thread changes: a locked thread can be read, renamed and deleted",
        create(thread(status=LOCKED)),
        request("threads.update", thread_id="$thread1", title="T"),
        get("$thread1"),
        request("threads.delete", thread_id="$thread1"),
    ),
]
