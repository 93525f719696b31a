"""Submissions that a node must refuse. Each function is a case, named for what is wrong; it gives the request."""
import time

from composing import NOW, Draft, new_id
from world import PATIENCE, envelope_pb2, exchange_pb2, serialized

TO = ["FR"]
DAY = 86_400 * 10**9


def _draft(node, to=None):
    return Draft(node, to or TO, text="spoiled")


def changed_after_signing(node):
    request = _draft(node).seal(*TO).sign().request()
    before = request.envelope.header
    request.envelope.header = before.replace(b"2026-000001", b"2026-000002")
    assert before != request.envelope.header
    return request


def signed_by_another(node):
    draft = _draft(node).seal(*TO)
    setattr(draft.header, "from", "FR")
    return draft.sign().request()


def signed_again(node):
    """The first is accepted; a second signature over the same header has other bytes."""
    draft = _draft(node).seal(*TO).sign()
    node.exchange.Submit(draft.request(), timeout=PATIENCE)
    return draft.sign().request()


def unknown_recipient(node):
    return _draft(node, ["ZZ"]).seal(*TO).sign().request()


def sealed_to_another(node):
    return _draft(node).seal("ES").sign().request()


def sealed_to_one_more(node):
    return _draft(node).seal(*TO, "ES").sign().request()


def sealed_with_sha1(node):
    """As openssl does it when -keyopt is forgotten."""
    return _draft(node).seal(*TO, kdf=()).sign().request()


def not_sealed(node):
    draft = _draft(node)
    return draft.carry(serialized(draft.content)).sign().request()


def clear_without_leave(node):
    draft = _draft(node)
    draft.header.body_form = envelope_pb2.BODY_FORM_CLEAR
    return draft.carry(serialized(draft.content)).sign().request()


def other_body(node):
    request = _draft(node).seal(*TO).sign().request()
    request.envelope.body = _draft(node).seal(*TO).body
    return request


def fields_missing(node):
    draft = _draft(node)
    draft.header.ClearField("conversation_id")
    draft.header.handling.ClearField("purpose")
    return draft.seal(*TO).sign().request()


def unknown_field(node):
    """Number 99, before the type: signed as it is, but not of the contract."""
    draft = _draft(node).seal(*TO)
    kind = draft.header.type
    draft.header.ClearField("type")
    content = serialized(draft.header) + b"\x9a\x06\x01x" + serialized(envelope_pb2.MessageHeader(type=kind))
    return exchange_pb2.SubmitRequest(envelope=envelope_pb2.Envelope(header=node.desk.sign(content), body=draft.body))


def expired(node):
    draft = _draft(node)
    draft.header.created_at.FromNanoseconds(NOW - DAY)
    draft.header.deliver_by.FromNanoseconds(NOW - DAY // 2)
    return draft.seal(*TO).sign().request()


def from_the_future(node):
    draft = _draft(node)
    later = time.time_ns() + DAY
    draft.header.message_id = draft.content.message_id = new_id(later)
    draft.header.created_at.FromNanoseconds(later)
    return draft.seal(*TO).sign().request()
