"""The server that generators are compared against: nginx with a worker on a core, which answers 200 "ok"
from memory: plain, over TLS 1.3, and over HTTP/2 with TLS 1.3, each on a free port of 127.0.0.1.
"""

import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from rig.bench import Trouble

CONFIG = """\
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    default_type text/plain;
    large_client_header_buffers 4 16k;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.3;
    server {{
        listen 127.0.0.1:{plain} backlog=4096{each};
        listen 127.0.0.1:{tls} ssl backlog=4096;
        location / {{ return 200 "ok"; }}
    }}
    server {{
        listen 127.0.0.1:{http2} ssl http2 backlog=4096;
        http2_max_concurrent_streams 1024;
        location / {{ return 200 "ok"; }}
    }}
    server {{
        listen 127.0.0.1:{status};
        location / {{ stub_status; }}
    }}
}}
"""


class Nginx:
    """A running nginx; it ends with the bench that it was started in. It has the server's core, or `cores` and a
    worker for each of them."""

    def __init__(self, bench, cores=None):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise Trouble("nginx is not there: install it (on Debian: apt install nginx-light)")
        self.program = program
        self._bench = bench
        self.cores = [bench.cores.server] if cores is None else cores
        self.folder = bench.path("nginx")
        self.folder.mkdir(exist_ok=True)
        self.certificate = self.folder / "cert.pem"
        _certificate(self.folder)
        for attempt in range(5):
            if self._start(bench):
                return
        raise Trouble(f"nginx does not start: {self._complaint()}")

    def _start(self, bench):
        names = ("plain", "tls", "http2", "status")
        self.ports = dict(zip(names, _free_ports(len(names))))
        config = self.folder / "nginx.conf"
        # Several share the connections evenly only if each has a queue of its own.
        fields = {"workers": len(self.cores), "each": " reuseport" if len(self.cores) > 1 else ""}
        config.write_text(CONFIG.format(folder=self.folder, **fields, **self.ports))
        argv = [self.program, "-e", "stderr", "-p", self.folder, "-c", config]
        with open(self.folder / "errors", "wb") as errors:
            child = bench.start(argv, self.cores, stderr=errors)
        for _ in range(100):
            if child.poll() is not None:
                break
            try:
                urllib.request.urlopen(self.url("plain"), timeout=1).read()
                self._child = child
                return True
            except OSError:
                time.sleep(0.05)
        bench.stop(child)
        return False

    def stop(self):
        """Ends it before its bench does."""
        self._bench.stop(self._child)

    def _complaint(self):
        lines = (self.folder / "errors").read_text(errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"

    def url(self, port):
        """Where it answers: `plain`, `tls` or `http2`."""
        scheme = "http" if port in ("plain", "status") else "https"
        return f"{scheme}://127.0.0.1:{self.ports[port]}/"

    def answered(self):
        """Requests answered so far, as nginx counts them, but for those that asked this."""
        text = urllib.request.urlopen(self.url("status"), timeout=5).read().decode()
        self._asked = getattr(self, "_asked", 0) + 1
        return int(text.splitlines()[2].split()[2]) - self._asked

    def version(self):
        """As it says of itself."""
        run = subprocess.run([self.program, "-v"], capture_output=True, text=True, check=False)
        return run.stderr.strip().rpartition("/")[2]


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _certificate(folder: Path):
    """A self-signed certificate for 127.0.0.1 and localhost, good for two days."""
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    argv += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    argv += ["-addext", "basicConstraints=critical,CA:FALSE"]  # or rustls refuses it as a server's
    argv += ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    try:
        run = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Trouble("openssl is not there: install it (on Debian: apt install openssl)") from None
    if run.returncode:
        raise Trouble(f"openssl makes no certificate: {run.stderr.strip().splitlines()[-1]}")
