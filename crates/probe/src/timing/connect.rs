//! A long wait for the connection, which is no part of any other time.

use std::time::Duration;

use crate::{Finding, Recording, words::time};

/// A name server nearby, and a few round trips for TCP and TLS, take a fraction of this.
const SLOW: Duration = Duration::from_secs(1);

/// Judges how long the connection took, of any exchange.
pub(crate) fn slow_connect(recording: &Recording) -> Option<Finding> {
    let took = recording.connect.filter(|took| *took >= SLOW)?;
    Some(Finding::warning(
        "slow-connect",
        format!("it took {} until there was a connection", time(took)),
        "Users wait so long before their message is even sent: at their first one, and after each \
         pause in which the connection was closed.",
        "`curl -o /dev/null -w \"%{time_namelookup} %{time_connect} %{time_appconnect}\\n\" URL` \
         says when the name, TCP and TLS were done, in seconds. Often a name server or an IPv6 \
         address does not answer and another is tried; or the server is too busy for a handshake.",
    ))
}

#[cfg(test)]
mod tests {
    use crate::{
        Recording, check,
        tape::{Tape, codes},
    };

    #[test]
    fn the_connection_has_a_time_of_its_own() {
        let after = |ms: u64| -> Recording {
            let tape = Tape::new().connected_after(ms).wait(3.0).head().opening();
            tape.paced(5, |_| 20.0).done()
        };
        let found = |recording| {
            let found = check(&recording);
            codes(&found)
                .into_iter()
                .filter(|code| code.starts_with("slow"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(found(after(990)), "");
        assert_eq!(found(after(1000)), "slow-connect");
        let refused = Tape::new().connected_after(2000).head_with(404, &[]).done();
        assert_eq!(found(refused), "slow-connect");
    }
}
