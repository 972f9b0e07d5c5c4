//! What the system's errors mean for a request.

use std::io;

use crate::outcome::Failure;

/// How a request ends whose connection could not be made or broke with this error.
pub fn failure(error: &io::Error) -> Failure {
    use rustix::io::Errno;
    // Errors of TLS come wrapped.
    if matches!(error.get_ref(), Some(inner) if inner.is::<rustls::Error>()) {
        return Failure::Tls;
    }
    let code = Errno::from_io_error(error);
    if matches!(code, Some(Errno::MFILE | Errno::NFILE)) {
        return Failure::NoDescriptor;
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        io::ErrorKind::TimedOut => Failure::Timeout,
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => Failure::NoPort,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => Failure::Refused,
        // Of Unix sockets.
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => Failure::Refused,
        _ => Failure::Reset,
    }
}
