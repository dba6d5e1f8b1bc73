//! Icons by name.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// The name of an icon.
///
/// Any string passes: besides the names below clients know `vendor:…` and `lucide:…`, and guides
/// use names that the published list lacks (`upload`, `code`).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Icon(Cow<'static, str>);

impl Icon {
    /// An icon of any name.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self(name.into())
    }

    /// The name as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Icon {
    fn from(name: &'static str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Icon {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl fmt::Debug for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

macro_rules! known {
    ($($name:ident = $value:literal,)*) => {
        impl Icon {
            $(
                #[doc = concat!("`", $value, "`")]
                pub const $name: Self = Self(Cow::Borrowed($value));
            )*

            /// Every name that clients are known to draw.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

known! {
    AGENT = "agent",
    ANALYTICS = "analytics",
    ATOM = "atom",
    BATCH = "batch",
    BOLT = "bolt",
    BOOK_CLOCK = "book-clock",
    BOOK_CLOSED = "book-closed",
    BOOK_OPEN = "book-open",
    BUG = "bug",
    CALENDAR = "calendar",
    CHART = "chart",
    CHECK = "check",
    CHECK_CIRCLE = "check-circle",
    CHECK_CIRCLE_FILLED = "check-circle-filled",
    CHEVRON_LEFT = "chevron-left",
    CHEVRON_RIGHT = "chevron-right",
    CIRCLE_QUESTION = "circle-question",
    CLOCK = "clock",
    CODE = "code",
    COMPASS = "compass",
    CONFETTI = "confetti",
    CUBE = "cube",
    DESKTOP = "desktop",
    DOCUMENT = "document",
    DOT = "dot",
    DOTS_HORIZONTAL = "dots-horizontal",
    DOTS_VERTICAL = "dots-vertical",
    EMPTY_CIRCLE = "empty-circle",
    EXTERNAL_LINK = "external-link",
    GLOBE = "globe",
    IMAGES = "images",
    INFO = "info",
    KEYS = "keys",
    LAB = "lab",
    LIFESAVER = "lifesaver",
    LIGHTBULB = "lightbulb",
    MAIL = "mail",
    MAP_PIN = "map-pin",
    MAPS = "maps",
    MOBILE = "mobile",
    NAME = "name",
    NOTEBOOK = "notebook",
    NOTEBOOK_PENCIL = "notebook-pencil",
    PAGE_BLANK = "page-blank",
    PHONE = "phone",
    PLAY = "play",
    PLUS = "plus",
    PROFILE = "profile",
    PROFILE_CARD = "profile-card",
    RELOAD = "reload",
    SEARCH = "search",
    SETTINGS_SLIDER = "settings-slider",
    SPARKLE = "sparkle",
    SPARKLE_DOUBLE = "sparkle-double",
    SQUARE_CODE = "square-code",
    SQUARE_IMAGE = "square-image",
    SQUARE_TEXT = "square-text",
    STAR = "star",
    STAR_FILLED = "star-filled",
    SUITCASE = "suitcase",
    UPLOAD = "upload",
    USER = "user",
    WREATH = "wreath",
    WRITE = "write",
    WRITE_ALT = "write-alt",
    WRITE_ALT2 = "write-alt2",
}
