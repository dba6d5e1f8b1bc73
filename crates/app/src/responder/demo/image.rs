//! A generated image that gets better while it is made.

use std::fmt::Write as _;

use chatkit_protocol::{
    GeneratedImage, GeneratedImageItem, Icon, ThreadItem, ThreadItemUpdate, ThreadStreamEvent,
};
use chatkit_server::{IdKind, RespondError};

use super::stage::{Stage, pause};

/// The layers of the picture, back to front.
const LAYERS: [&str; 4] = [
    "<rect width='480' height='300' fill='url(#sky)'/>",
    "<circle cx='330' cy='170' r='46' fill='#ffd9a0'/>",
    "<path d='M0 220 L90 120 L170 200 L260 90 L370 215 L480 150 V300 H0 Z' fill='#54487a'/>",
    "<path d='M0 245 Q120 205 240 240 T480 232 V300 H0 Z' fill='#2c2a4a'/>\
     <g stroke='#ffd9a0' stroke-width='2' opacity='.6'>\
     <path d='M290 262 h80 M305 272 h50 M318 282 h24'/></g>",
];

pub(super) async fn paint(stage: Stage) -> Result<(), RespondError> {
    stage.events.progress(Icon::IMAGES, "Mixing colours…").await?;
    pause(700).await;
    let mut item = GeneratedImageItem {
        id: stage.new_id(IdKind::Message),
        thread_id: stage.thread_id(),
        created_at: stage.now(),
        image: None,
    };
    let added = ThreadStreamEvent::added(ThreadItem::GeneratedImage(item.clone()));
    stage.events.send(added).await?;
    for (layers, progress) in [(1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0)] {
        pause(900).await;
        let image = GeneratedImage { id: format!("{}_image", item.id), url: picture(layers)? };
        item.image = Some(image.clone());
        let update = ThreadItemUpdate::GeneratedImageUpdated { image, progress: Some(progress) };
        stage.events.send(ThreadStreamEvent::updated(item.id.clone(), update)).await?;
    }
    stage.events.item(ThreadItem::GeneratedImage(item)).await?;
    stage
        .say(
            "The picture came in four steps, each better than the one before, as image models \
             send them. It was drawn by this server and travels as a `data:` address, so nothing \
             was fetched from anywhere.",
        )
        .await
}

/// The picture with so many of its layers, as the address of an SVG.
fn picture(layers: usize) -> Result<String, RespondError> {
    let layers: String = LAYERS.iter().take(layers).copied().collect();
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 480 300' width='480' height='300'>\
         <defs><linearGradient id='sky' x2='0' y2='1'><stop stop-color='#3d3566'/>\
         <stop offset='1' stop-color='#f2a07b'/></linearGradient></defs>{layers}</svg>"
    );
    let mut url = String::from("data:image/svg+xml,");
    for byte in svg.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'=' | b'/' | b':' | b'.' | b'-' => {
                url.push(char::from(byte));
            }
            _ => write!(url, "%{byte:02X}")?,
        }
    }
    Ok(url)
}
