"""The hand-written scenarios: one module per subject, one behaviour per scenario."""

from __future__ import annotations

from scenarios import (
    actions,
    attachments,
    client_tools,
    errors,
    events,
    feedback,
    hidden_items,
    items,
    lists,
    open_items,
    playback,
    requests,
    retry,
    structured_input,
    thread_changes,
    threads,
    transcription,
    updates,
    user_messages,
    widget_streams,
    widgets,
)

SUBJECTS = (
    threads,
    user_messages,
    events,
    items,
    updates,
    open_items,
    thread_changes,
    hidden_items,
    lists,
    errors,
    retry,
    actions,
    structured_input,
    client_tools,
    widgets,
    widget_streams,
    attachments,
    feedback,
    transcription,
    requests,
    playback,
)

SCENARIOS = [scenario for subject in SUBJECTS for scenario in subject.SCENARIOS]
