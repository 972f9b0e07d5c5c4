//! How many connection attempts failed on this machine, as the kernel counts them.
//!
//! Nobody listens during a refusal, so no socket of ours sees who was refused. The kernel counts
//! failed attempts on the connecting side, one figure for the whole network namespace (`AttemptFails`
//! of RFC 4022, in `/proc/net/snmp` on Linux). Over the span of a refusal its growth is an upper
//! bound of what the refusal did to clients on this machine; where nothing else fails to connect,
//! it is the number itself.

use std::fs;

/// The count since the machine was started; `None` where the kernel does not give it.
pub(super) fn failed_attempts() -> Option<u64> {
    read(&fs::read_to_string("/proc/net/snmp").ok()?)
}

/// Finds the figure in a table of two lines a protocol, names above values.
fn read(table: &str) -> Option<u64> {
    let mut rows = table.lines().filter_map(|line| line.strip_prefix("Tcp:"));
    let (names, values) = (rows.next()?, rows.next()?);
    let column = names.split_ascii_whitespace().position(|name| name == "AttemptFails")?;
    values.split_ascii_whitespace().nth(column)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_is_found_by_its_name() {
        let table = "Ip: Forwarding DefaultTTL\nIp: 1 64\n\
                     Tcp: RtoAlgorithm MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets\n\
                     Tcp: 1 -1 1022 884 37 53\nUdp: InDatagrams\nUdp: 9\n";
        assert_eq!(read(table), Some(37));
        for broken in ["", "Tcp: AttemptFails\n", "Tcp: AttemptFails\nTcp:\n", "Tcp: A\nTcp: 1\n"] {
            assert_eq!(read(broken), None, "{broken:?}");
        }
    }
}
