//! The second phase of an upload: the bytes.

use bytes::Bytes;
use chatkit_protocol::{UploadDescriptor, UploadMethod};
use http::header;
use uuid::Uuid;

use crate::{Client, ClientError, client, ops::accepted};

/// A file to send.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub mime_type: String,
    /// What is in it.
    pub bytes: Bytes,
}

impl Client {
    /// Sends a file to where a descriptor says: raw with `PUT`, as the form field `file` with
    /// `POST`. The client's own headers are not sent along, since this may be another server.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and [`ClientError::Refused`].
    pub async fn upload(
        &self,
        descriptor: &UploadDescriptor,
        file: Upload,
    ) -> Result<(), ClientError> {
        let url = self.join(&descriptor.url)?;
        let http = self.elsewhere(&url)?;
        let mut request = match descriptor.method {
            UploadMethod::Put => http
                .put(url.clone())
                .header(header::CONTENT_TYPE, file.mime_type.as_str())
                .body(file.bytes),
            UploadMethod::Post => {
                let boundary = Uuid::new_v4().simple().to_string();
                let kind = format!("multipart/form-data; boundary={boundary}");
                http.post(url.clone())
                    .header(header::CONTENT_TYPE, kind)
                    .body(form(&boundary, &file))
            }
        };
        // A form has a content type of its own, with its boundary.
        let keeps_type = descriptor.method == UploadMethod::Post;
        let mut headers = http::HeaderMap::new();
        for (name, value) in &descriptor.headers {
            let (name, value) = client::header(name, value)?;
            if !(keeps_type && name == header::CONTENT_TYPE) {
                headers.insert(name, value);
            }
        }
        request = request.headers(headers);
        accepted(client::send(request, &url).await?).await.map(drop)
    }
}

/// A form with one field, `file` (RFC 7578).
fn form(boundary: &str, file: &Upload) -> Vec<u8> {
    let one_line = |text: &str| text.replace(['\r', '\n'], " ");
    // As browsers write names.
    let name = one_line(&file.name).replace('"', "%22");
    let mut form = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: {}\r\n\r\n",
        one_line(&file.mime_type)
    )
    .into_bytes();
    form.extend_from_slice(&file.bytes);
    form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    form
}

#[cfg(test)]
mod tests {
    use super::{Upload, form};

    #[test]
    fn a_form_has_the_file() {
        let file = Upload {
            name: "a \"b\"\n.txt".to_owned(),
            mime_type: "text/plain".to_owned(),
            bytes: "x\ny".into(),
        };
        assert_eq!(
            String::from_utf8(form("BOUND", &file)).unwrap(),
            "--BOUND\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a %22b%22 .txt\"\
             \r\nContent-Type: text/plain\r\n\r\nx\ny\r\n--BOUND--\r\n"
        );
    }
}
