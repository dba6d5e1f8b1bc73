"""Requests that are wrong, and requests that are only unusual."""

from build import add, create, message, raw, refused, request, scenario, stream, threads

SCENARIOS = [
    scenario(
        "requests: metadata is allowed",
        {"request": {**create(stream("x")), "metadata": {"page": 1}}},
        {"request": {**threads(), "metadata": {}}},
    ),
    scenario("requests: unknown fields are ignored", {"request": {**threads(colour="red"), "extra": 1}}),
    scenario("requests: an unknown op", refused(400, request("threads.explode"))),
    scenario("requests: no op", refused(400, {"params": {}})),
    scenario("requests: no params", refused(422, {"type": "threads.get_by_id"})),
    scenario("requests: a missing field of a JSON op", refused(422, request("threads.get_by_id"))),
    scenario("requests: a field of the wrong type", refused(422, request("threads.get_by_id", thread_id=5))),
    scenario(
        "requests: a missing field of a streaming op", request("threads.add_user_message", input=message())
    ),
    scenario(
        "requests: a content part of an unknown kind",
        request(
            "threads.create",
            input={"content": [{"type": "input_smell"}], "attachments": [], "inference_options": {}},
        ),
    ),
    scenario("requests: a wrong request makes no thread", request("threads.create", input={}), threads()),
    scenario("requests: not JSON", {**raw("{"), "refused": 400}),
    scenario("requests: nothing", {**raw(""), "refused": 400}),
    scenario("requests: JSON that is no object", {**raw("[1]"), "refused": 400}),
    scenario(
        "requests: numbers and texts keep their form",
        create(
            {
                "event": {
                    "type": "client_effect",
                    "name": "n",
                    "data": {
                        "big": 9007199254740993,
                        "float": 0.1,
                        "one": 1.0,
                        "text": "1.0",
                        "minus": -0.5,
                        "exp": 1e21,
                    },
                }
            }
        ),
    ),
    scenario("requests: a very long message", create(stream("word ", deltas=3), quoted_text="x" * 100_000)),
    scenario("requests: an unknown thread for a streaming op", add("nowhere", stream("x"))),
]
