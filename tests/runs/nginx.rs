//! nginx, a real server that tests start.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// nginx in a folder of its own; it ends with the value.
pub struct Nginx {
    child: Child,
    room: tempfile::TempDir,
    /// The first of two ports that are its own.
    pub port: u16,
}

impl Nginx {
    /// Starts it with what `http` says, which is given the folder and the port, on which something
    /// has to listen.
    pub fn start(http: impl FnOnce(&str, u16) -> String) -> Self {
        let room = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let folder = room.path().display();
        let config = format!(
            "daemon off; master_process off; pid {folder}/pid; error_log stderr warn;\n\
             events {{ worker_connections 512; }}\nhttp {{\n\
             client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
             fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n\
             {}\n}}\n",
            http(&folder.to_string(), port),
        );
        let file = room.path().join("nginx.conf");
        fs::write(&file, config).unwrap();
        let child = Command::new(program("nginx"))
            .arg("-p")
            .arg(room.path())
            .arg("-c")
            .arg(&file)
            .stderr(Stdio::inherit())
            .spawn()
            .expect("nginx starts");
        let nginx = Self { child, room, port };
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return nginx;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("nginx does not listen on 127.0.0.1:{port}");
    }

    /// A file in its folder.
    pub fn log(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two ports in a row that nobody listens on.
fn free_port() -> u16 {
    for _ in 0..100 {
        let one = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = one.local_addr().unwrap().port();
        if port < u16::MAX && std::net::TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
    panic!("no two ports in a row are free")
}

/// A program that this test needs; without it the test cannot be carried out and fails.
pub fn program(name: &str) -> PathBuf {
    let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
    let found = places.iter().map(|place| Path::new(place).join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name} is not installed: apt install nginx-light wrk"))
}
