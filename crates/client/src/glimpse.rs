//! What an answer is that was not expected, in a few words.

/// A text that was not expected, on one line: how it begins, in so many characters at most, or of a
/// web page its title. Control characters that are no white space are left in.
///
/// ```
/// use chatkit_client::glimpse;
///
/// assert_eq!(glimpse("no\n such   thread", 9), "no such…");
/// let page = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title>";
/// assert_eq!(glimpse(page, 40), "a web page, “502 Bad Gateway”");
/// ```
pub fn glimpse(text: &str, most: usize) -> String {
    if !is_page(text) {
        return one_line(text, most);
    }
    match title(text).map(|title| one_line(title, most)) {
        Some(title) if !title.is_empty() => format!("a web page, “{title}”"),
        _ => "a web page".to_owned(),
    }
}

fn is_page(text: &str) -> bool {
    let text = text.trim_start();
    ["<!doctype html", "<html"]
        .iter()
        .any(|begin| text.get(..begin.len()).is_some_and(|start| start.eq_ignore_ascii_case(begin)))
}

fn title(page: &str) -> Option<&str> {
    // Only bytes of ASCII change their case: places stay the same.
    let lower = page.to_ascii_lowercase();
    let tag = lower.find("<title")?;
    let begin = tag + lower.get(tag..)?.find('>')? + 1;
    let end = begin + lower.get(begin..)?.find("</title")?;
    page.get(begin..end)
}

fn one_line(text: &str, most: usize) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(most) {
        let kept = line.char_indices().nth(most.saturating_sub(1)).map_or(end, |(at, _)| at);
        line.truncate(kept);
        line.truncate(line.trim_end().len());
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::glimpse;

    #[test]
    fn pages_are_told_by_their_titles() {
        for (text, told) in [
            ("", ""),
            (" \n", ""),
            ("<HTML><TITLE lang=en>\n Not\nFound </TITLE>", "a web page, “Not Found”"),
            ("  <!doctype HTML><p>no title", "a web page"),
            ("<html><title>cut", "a web page"),
            ("<html", "a web page"),
            ("{\"a\":\n 1}", "{\"a\": 1}"),
            ("åäöåäöåäö", "åäöåäöåäö"),
            ("åäöåäöåäöå", "åäöåäöåä…"),
        ] {
            assert_eq!(glimpse(text, 9), told, "{text}");
        }
    }
}
