"""Attachments in two phases: made, used in a message, deleted."""

from build import add, create, get, refused, request, retry, scenario, stream

FILE = request("attachments.create", name="notes.txt", size=12, mime_type="text/plain")
IMAGE = request("attachments.create", name="cat.png", size=3456, mime_type="image/png")
USED = {"attachments": ["$attachment1"]}


def delete(id):
    return request("attachments.delete", attachment_id=id)


SCENARIOS = [
    scenario("attachments: a file gets an id and upload instructions", FILE),
    scenario("attachments: an image gets a preview as well", IMAGE),
    scenario(
        "attachments: a first message belongs to the new thread with its file",
        FILE,
        create(stream("x"), **USED),
        get("$thread1"),
    ),
    scenario(
        "attachments: a further message with a file and an image",
        create(),
        FILE,
        IMAGE,
        add("$thread1", stream("x"), attachments=["$attachment2", "$attachment1"]),
        get("$thread1"),
    ),
    scenario(
        "attachments: a retry keeps them",
        FILE,
        create(stream("x"), **USED),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
    scenario(
        "attachments: an unknown one in a first message leaves no thread",
        create(stream("x"), attachments=["nothing"]),
    ),
    scenario(
        "attachments: an unknown one in a further message stores nothing",
        create(),
        add("$thread1", stream("x"), attachments=["nothing"]),
        get("$thread1"),
    ),
    scenario(
        "attachments: a known one beside an unknown one",
        FILE,
        create(stream("x"), attachments=["$attachment1", "nothing"]),
    ),
    scenario(
        "attachments: the same one in two messages of a thread",
        FILE,
        create(stream("x"), **USED),
        add("$thread1", stream("y"), **USED),
        get("$thread1"),
    ),
    scenario(
        "attachments: not in a second thread",
        FILE,
        create(stream("x"), **USED),
        create(stream("y"), **USED),
        get("$thread1"),
    ),
    scenario(
        "attachments: not in a message of another thread",
        FILE,
        create(stream("x"), **USED),
        create(stream("y")),
        add("$thread2", stream("z"), **USED),
        get("$thread2"),
    ),
    scenario(
        "attachments: deleted after its thread",
        FILE,
        create(stream("x"), **USED),
        request("threads.delete", thread_id="$thread1"),
        refused(404, delete("$attachment1")),
    ),
    scenario(
        "attachments: used after its thread was deleted",
        FILE,
        create(stream("x"), **USED),
        request("threads.delete", thread_id="$thread1"),
        create(stream("y"), **USED),
    ),
    scenario("attachments: deleted", FILE, delete("$attachment1"), create(stream("x"), **USED)),
    scenario(
        "attachments: deleted twice", FILE, delete("$attachment1"), refused(404, delete("$attachment1"))
    ),
    scenario("attachments: an unknown one deleted", refused(404, delete("nothing"))),
    scenario(
        "attachments: without a name",
        refused(422, request("attachments.create", size=1, mime_type="text/plain")),
    ),
]
