"""What the cases and the server share: the stubs, made by protoc from the project's protos, and credentials."""
import os
import sys

import google
import grpc

# The stubs of grpc.health, grpc.reflection and google.rpc lie in packages whose names are taken: they are added to those.
STUBS = os.environ["CONFORMANCE_STUBS"]
sys.path.append(STUBS)
for package in (grpc, google):
    package.__path__.append(os.path.join(STUBS, package.__name__))

import conformance_pb2 as pb  # noqa: E402
import conformance_pb2_grpc as rpc  # noqa: E402

EVERY_BYTE = bytes(range(256))
ANY_SCRIPT = "100 % sûr: 日本語 🚓\r\n\tend"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def own(folder, name):
    """Key and certificate of one side, as PEM."""
    return read(os.path.join(folder, name + ".key")), read(os.path.join(folder, name + ".pem"))


class World:
    """A server's address and how to reach it. Channels are closed at the end."""

    def __init__(self, address, certificates=None):
        self.address = address
        self.certificates = certificates
        self.channels = []
        self.stub = rpc.ConformanceStub(self.channel())

    def channel(self, *options):
        if self.certificates is None:
            made = grpc.insecure_channel(self.address, options=options)
        else:
            key, chain = own(self.certificates, "client")
            credentials = grpc.ssl_channel_credentials(own(self.certificates, "server")[1], key, chain)
            named = options + (("grpc.ssl_target_name_override", "localhost"),)
            made = grpc.secure_channel(self.address, credentials, options=named)
        self.channels.append(made)
        return made

    def close(self):
        for channel in self.channels:
            channel.close()


def refused(call):
    """The error that a call or a stream of replies ends with."""
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call was not refused")


def equal(expected, actual):
    assert expected == actual, f"expected {expected!r}, got {actual!r}"


def values(metadata, key):
    return [value for name, value in metadata if name == key]
