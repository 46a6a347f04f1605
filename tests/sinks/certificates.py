"""A server that certifies itself, on loopback, as files."""

from __future__ import annotations

import datetime
import ipaddress
import subprocess
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Certificate:
    """`certificate` and `key`, PEM; `directory` holds the first under the name by which OpenSSL looks for it."""

    def __init__(self, home: Path) -> None:
        self.certificate, self.key, self.directory = home / "cert.pem", home / "key.pem", home / "vouched"
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = datetime.datetime.now(datetime.UTC)
        loopback = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=1)).add_extension(loopback, critical=False).sign(key, hashes.SHA256()))
        self.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        self.directory.mkdir()
        named = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", str(self.certificate)], check=True, capture_output=True)
        (self.directory / f"{named.stdout.decode().strip()}.0").symlink_to(self.certificate)
