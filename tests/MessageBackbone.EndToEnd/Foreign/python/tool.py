"""The command lines of the contract. Every signature, seal, opening and verification of this bureau is one of these; nothing else here knows
cryptography but the digests of hashlib."""
import os
import subprocess
import tempfile

# Without these, openssl trusts the authorities of the machine besides the one that is named.
ONLY_OUR_CA = ("-no-CApath", "-no-CAstore", "-CAfile")


class ToolFailure(Exception):
    """openssl did not end with 0: whatever it wrote is not to be used."""


def openssl(*arguments, stdin=b""):
    done = subprocess.run(("openssl", *arguments), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise ToolFailure(f"openssl {' '.join(arguments)} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


class Desk:
    """A bureau's own folder: its keys and certificates, the CA's certificate and revocation list. What openssl exchanges as files lies beside, for a
    moment."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def sign(self, content):
        digest = "sha384" if b"P-384" in openssl("pkey", "-in", self.path("sign.key"), "-noout", "-text_pub") else "sha256"
        with tempfile.TemporaryDirectory(dir=self.folder) as at:
            openssl("cms", "-sign", "-binary", "-nodetach", "-nosmimecap", "-cades", "-md", digest, "-outform", "DER",
                    "-signer", self.path("sign.pem"), "-inkey", self.path("sign.key"),
                    "-in", write(f"{at}/header.bin", content), "-out", f"{at}/header.cms")
            return read(f"{at}/header.cms")

    def verify(self, signed):
        """The content, and the signer's certificate as PEM. Who that is, the caller compares."""
        with tempfile.TemporaryDirectory(dir=self.folder) as at:
            openssl("cms", "-verify", "-binary", "-inform", "DER", *ONLY_OUR_CA, self.path("ca.pem"),
                    "-signer", f"{at}/who.pem", "-in", write(f"{at}/header.cms", signed), "-out", f"{at}/header.bin")
            signer = read(f"{at}/who.pem")
            if signer.count(b"BEGIN CERTIFICATE") != 1:
                raise ToolFailure("not exactly one signer")
            return read(f"{at}/header.bin"), signer

    def seal(self, content, certificates, kdf=("-keyopt", "ecdh_kdf_md:sha256")):
        """For each of the certificates (PEM). The key derivation must follow each of them: openssl takes SHA-1 for one without."""
        with tempfile.TemporaryDirectory(dir=self.folder) as at:
            recipients = []
            for number, certificate in enumerate(certificates):
                recipients += ("-recip", write(f"{at}/{number}.pem", certificate), *kdf)
            openssl("cms", "-encrypt", "-binary", "-aes-256-gcm", "-aes256-wrap", "-outform", "DER",
                    "-in", write(f"{at}/content.bin", content), "-out", f"{at}/body.cms", *recipients)
            return read(f"{at}/body.cms")

    def open(self, body):
        """The exit code decides: some versions leave forged text in the file."""
        with tempfile.TemporaryDirectory(dir=self.folder) as at:
            openssl("cms", "-decrypt", "-binary", "-inform", "DER", "-in", write(f"{at}/body.cms", body),
                    "-recip", self.path("seal.pem"), "-inkey", self.path("seal.key"), "-out", f"{at}/content.bin")
            return read(f"{at}/content.bin")

    def vouch(self, certificate):
        """Issued by our own CA and not on its list; the directory's word is not enough."""
        openssl("verify", *ONLY_OUR_CA, self.path("ca.pem"), "-crl_check", "-CRLfile", self.path("crl.pem"), stdin=certificate)

    @staticmethod
    def extensions(certificate):
        """Names and usages as openssl prints them."""
        text = openssl("x509", "-noout", "-ext", "subjectAltName,keyUsage,extendedKeyUsage", stdin=certificate).decode()
        lines = [line.strip() for line in text.splitlines()]
        return dict(zip((line.removesuffix(" critical").rstrip(": ") for line in lines[0::2]), lines[1::2]))

    @staticmethod
    def der(certificate):
        return openssl("x509", "-outform", "DER", stdin=certificate)

    @staticmethod
    def pem(certificate):
        return openssl("x509", "-inform", "DER", stdin=certificate)
