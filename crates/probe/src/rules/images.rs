//! Generated images: how far they are, and that there is one in the end.

use serde_json::Value;

use super::{
    event::{Item, What},
    fault::{Fault, Findings},
    stream::Stream,
    text::brief,
};

pub(super) fn check(stream: &Stream<'_>, found: &mut Findings) {
    for event in &stream.events {
        match event.what {
            What::Updated(update) if update.kind == "generated_image.updated" => {
                let progress = update.value.get("progress").and_then(Value::as_f64);
                if let Some(progress) = progress.filter(|it| !(0.0..=1.0).contains(it)) {
                    found.add(&IMAGE_PROGRESS_RANGE, Some(event.frame), || {
                        format!("progress of image `{}` is {progress}", brief(update.id))
                    });
                }
            }
            What::Done(item) if item.kind == "generated_image" && !has_image(item) => {
                found.add(&IMAGE_MISSING, Some(event.frame), || {
                    format!("generated_image `{}` is done without an image", brief(item.id))
                });
            }
            _ => {}
        }
    }
}

fn has_image(item: Item<'_>) -> bool {
    item.value.get("image").is_some_and(|image| !image.is_null())
}

const IMAGE_PROGRESS_RANGE: Fault = Fault::warning(
    "image-progress-range",
    "The client shows the image as finished, or as not begun.",
    "Send progress as a number from 0 to 1.",
);

const IMAGE_MISSING: Fault = Fault::warning(
    "image-missing",
    "An empty frame stays in the thread.",
    "Finish a generated image with its `image`, or remove the item.",
);
