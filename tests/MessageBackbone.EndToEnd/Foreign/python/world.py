"""The node as this bureau reaches it: stubs that protoc made, TLS with a client certificate, and how refusals are read."""
import os
import sys

import google
import grpc

# The stubs of grpc.health, grpc.reflection and google.rpc lie in packages whose names are taken: they are added to those.
STUBS = os.environ["FOREIGN_STUBS"]
sys.path.append(STUBS)
for package in (grpc, google):
    package.__path__.append(os.path.join(STUBS, package.__name__))

from backbone.v1 import (  # noqa: E402
    delivery_pb2, delivery_pb2_grpc, directory_pb2, directory_pb2_grpc, envelope_pb2, exchange_pb2, exchange_pb2_grpc, signed_pb2)
from google.rpc import error_details_pb2, status_pb2  # noqa: E402

from tool import Desk, read  # noqa: E402

PATIENCE = 60


class Node:
    """One connection, and the services on it."""

    def __init__(self, address, folder, code):
        self.code = code
        self.desk = Desk(folder)
        self.address = address
        self.channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(
            read(self.desk.path("ca.pem")), read(self.desk.path("tls.key")), read(self.desk.path("tls.pem"))))
        self.exchange = exchange_pb2_grpc.ExchangeServiceStub(self.channel)
        self.delivery = delivery_pb2_grpc.DeliveryServiceStub(self.channel)
        self.directory = directory_pb2_grpc.DirectoryServiceStub(self.channel)

    def certificates(self, bureau, use):
        """A bureau's enrolled certificates of one use, the newest first; revoked ones are left out."""
        entry = self.directory.GetBureau(directory_pb2.GetBureauRequest(code=bureau), timeout=PATIENCE)
        found = [c for c in entry.certificates if c.use == use and not c.HasField("revoked_at")]
        return [c.certificate for c in sorted(found, key=lambda c: c.enrolled_at.ToNanoseconds(), reverse=True)]

    def seal_certificate(self, bureau):
        """As PEM: the one to seal to, after our own CA vouched for it and its name and usages are right."""
        certificate = Desk.pem(self.certificates(bureau, signed_pb2.CERTIFICATE_USE_SEAL)[0])
        self.desk.vouch(certificate)
        wanted = {
            "X509v3 Subject Alternative Name": f"URI:urn:backbone:bureau:{bureau}",
            "X509v3 Key Usage": "Key Agreement",
            "X509v3 Extended Key Usage": "E-mail Protection",
        }
        equal(wanted, Desk.extensions(certificate))
        return certificate

    def verified(self, signed, kind, role, name):
        """The message inside a signed object, after every check on it: openssl's, the signer's name, the directory's, the canonical form."""
        content, signer = self.desk.verify(signed)
        self.desk.vouch(signer)
        equal(f"URI:urn:backbone:{role}:{name}", Desk.extensions(signer)["X509v3 Subject Alternative Name"])
        if role == "bureau":
            known = self.certificates(name, signed_pb2.CERTIFICATE_USE_SIGN)
            assert Desk.der(signer) in known, f"the signer's certificate is not enrolled for {name}"
        return canonical(content, kind)

    def close(self):
        self.channel.close()


def canonical(content, kind):
    """The parsed message; an unknown field might be a restriction, so bytes that do not come back the same are refused."""
    message = kind.FromString(content)
    message.DiscardUnknownFields()
    equal(content, serialized(message))
    equal(kind.DESCRIPTOR.full_name, message.type)
    return message


def serialized(message):
    return message.SerializeToString(deterministic=True)


def refusal(error):
    """What the details of a refused call say."""
    packed = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
    equal(1, len(packed))
    status = status_pb2.Status.FromString(packed[0])
    equal(error.code().value[0], status.code)
    told = {"code": error.code().name, "text": error.details(), "fields": [], "retry": False}
    for detail in status.details:
        info, fields, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            told.update(reason=info.reason, domain=info.domain)
        elif detail.Unpack(fields):
            told["fields"] = [violation.field for violation in fields.field_violations]
        elif detail.Unpack(retry):
            told["retry"] = retry.retry_delay.ToTimedelta().total_seconds() > 0
    return told


def equal(expected, actual):
    assert expected == actual, f"expected {expected!r}, got {actual!r}"
