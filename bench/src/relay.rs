//! `chatkit-bench relay`: the least that a server between a provider and a client can do.

use std::{
    io::{self, Read as _, Write as _, stdout},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use crate::{BenchError, cli::RelayOptions};

/// Passes bytes on until the process is ended.
pub(crate) fn relay(options: &RelayOptions) -> Result<(), BenchError> {
    let listener = TcpListener::bind(options.listen)?;
    writeln!(stdout(), "listening on http://{}", listener.local_addr()?)?;
    for client in listener.incoming() {
        let client = client?;
        let provider = TcpStream::connect(options.to)?;
        for (from, to) in [(client.try_clone()?, provider.try_clone()?), (provider, client)] {
            thread::Builder::new().spawn(move || pass_on(from, to))?;
        }
    }
    Ok(())
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) -> io::Result<()> {
    to.set_nodelay(true)?;
    let mut buffer = [0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return to.shutdown(Shutdown::Write);
        }
        to.write_all(buffer.get(..count).unwrap_or_default())?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_pass_in_both_directions_to_their_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let end = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (near, _) = listener.accept().unwrap();
        let far = TcpStream::connect(end.local_addr().unwrap()).unwrap();
        let (mut provider, _) = end.accept().unwrap();
        for (from, to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
            thread::spawn(move || pass_on(from, to));
        }
        client.write_all(b"ask").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let (mut asked, mut answer) = (String::new(), String::new());
        provider.read_to_string(&mut asked).unwrap();
        provider.write_all(b"answer").unwrap();
        drop(provider);
        client.read_to_string(&mut answer).unwrap();
        assert_eq!((asked.as_str(), answer.as_str()), ("ask", "answer"));
    }
}
