//! Which text of an item an event is about.

/// What a delta is appended to.
pub(super) enum Target<'a> {
    Text {
        is_refusal: bool,
    },
    Thought {
        is_summary: bool,
    },
    /// Arguments or input of items of this type.
    Arguments(&'a str),
    Code,
}

impl<'a> Target<'a> {
    /// The target of an event of this type, which ends so.
    pub(super) fn of(kind: &'a str, end: &str) -> Option<Self> {
        let stem = kind.strip_prefix("response.")?.strip_suffix(end)?;
        Some(match stem {
            "output_text" => Self::Text { is_refusal: false },
            "refusal" => Self::Text { is_refusal: true },
            "reasoning_summary_text" | "reasoning_summary" => Self::Thought { is_summary: true },
            "reasoning_text" | "reasoning" => Self::Thought { is_summary: false },
            "code_interpreter_call_code" => Self::Code,
            "custom_tool_call_input" => Self::Arguments("custom_tool_call"),
            _ => Self::Arguments(stem.strip_suffix("_arguments")?),
        })
    }

    /// The type of the items that have such texts.
    pub(super) fn item_kind(&self) -> &'a str {
        match self {
            Self::Text { .. } => "message",
            Self::Thought { .. } => "reasoning",
            Self::Arguments(kind) => kind,
            Self::Code => "code_interpreter_call",
        }
    }

    /// The field that says which of the item's texts it is.
    pub(super) fn index_name(&self) -> &'static str {
        match self {
            Self::Thought { is_summary: true } => "summary_index",
            _ => "content_index",
        }
    }
}
