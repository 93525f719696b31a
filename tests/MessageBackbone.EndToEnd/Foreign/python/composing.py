"""Messages as the contract describes them: content, seal, header, signature."""
import hashlib
import os
import time
import uuid

from world import envelope_pb2, exchange_pb2, serialized

NOW = time.time_ns()


def sha256(data):
    return hashlib.sha256(data).digest()


def new_id(nanoseconds=None):
    """UUIDv7: 48 bits of milliseconds, the rest random."""
    number = ((nanoseconds or NOW) // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    return str(uuid.UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62))


def named(message_type, code, **fields):
    """A typed message of those fields, with `from`, which is a keyword here."""
    message = message_type(type=message_type.DESCRIPTOR.full_name, **fields)
    setattr(message, "from", code)
    return message


class Draft:
    """A message in the making. A test may spoil any part before the next is made from it."""

    def __init__(self, node, to, info=(), **content):
        self.node = node
        self.id = new_id()
        self.content = named(envelope_pb2.SealedContent, node.code, message_id=self.id, to=to, info=info, salt=os.urandom(32), **content)
        self.header = named(
            envelope_pb2.MessageHeader, node.code, message_id=self.id, to=to, info=info, precedence=envelope_pb2.PRECEDENCE_ROUTINE, kind="text",
            conversation_id=self.id, reference=f"{node.code}-2026-000001", body_form=envelope_pb2.BODY_FORM_SEALED, language="ja",
            handling=envelope_pb2.Handling(classification=envelope_pb2.CLASSIFICATION_RESTRICTED, codes=[envelope_pb2.HANDLING_CODE_H0],
                                           purpose=envelope_pb2.PURPOSE_INVESTIGATION, legal_basis="RPD art. 10"))
        self.header.created_at.FromNanoseconds(NOW)
        self.body = b""
        self.signed = b""

    def seal(self, *recipients, **how):
        """For the recipients and, as the contract allows, for the sender itself."""
        content = serialized(self.content)
        certificates = [self.node.seal_certificate(bureau) for bureau in (*recipients, self.node.code)]
        return self.carry(self.node.desk.seal(content, certificates, **how))

    def carry(self, body):
        self.body = body
        self.header.content_sha256 = sha256(serialized(self.content))
        self.header.body_sha256, self.header.body_size = sha256(body), len(body)
        return self

    def sign(self):
        self.signed = self.node.desk.sign(serialized(self.header))
        return self

    def request(self):
        return exchange_pb2.SubmitRequest(envelope=envelope_pb2.Envelope(header=self.signed, body=self.body))
