"""Attending: every delivery is judged in the order of the contract, receipted, and opened when it is good."""
import queue
import time

from composing import sha256
from tool import ToolFailure
from world import canonical, delivery_pb2, envelope_pb2, equal, exchange_pb2, serialized, signed_pb2

INLINE = 64 * 1024
PATIENCE = 60


class Judgement(Exception):
    """A delivery is to be receipted REFUSED with this reason."""


class Attendance:
    """One stream. The window is 1 of each precedence: the next delivery comes when a receipt of the one before is recorded."""

    def __init__(self, node):
        self.node = node
        self.frames = queue.SimpleQueue()
        window = delivery_pb2.Window(routine=1, priority=1, immediate=1, flash=1)
        self.frames.put(delivery_pb2.FromGateway(hello=delivery_pb2.Hello(bureau=node.code, window=window, contract=1)))
        self.stream = node.delivery.Attend(iter(self.frames.get, None), timeout=PATIENCE)
        self.early = []
        self.welcome = self.next("welcome")

    def next(self, kind):
        """The next frame, which must be of this kind."""
        frame = next(self.stream)
        equal(kind, frame.WhichOneof("frame"))
        return getattr(frame, kind)

    def next_delivery(self):
        return self.early.pop(0) if self.early else self.next("delivery")

    def next_recorded(self, window_is_full):
        """Until a receipt of the only delivery in the window is recorded, no other may come."""
        while True:
            frame = next(self.stream)
            kind = frame.WhichOneof("frame")
            if kind == "recorded":
                return frame.recorded
            equal(("delivery", False), (kind, window_is_full))
            self.early.append(frame.delivery)

    def receipt(self, delivery, header, outcome, reason="", officer=""):
        made = signed_pb2.DeliveryReceipt(
            message_id=header.message_id, header_sha256=sha256(delivery.envelope.header), recipient=self.node.code, outcome=outcome, reason=reason,
            body_sha256=header.body_sha256, officer=officer, sequence=delivery.sequence, type=signed_pb2.DeliveryReceipt.DESCRIPTOR.full_name)
        made.at.FromNanoseconds(time.time_ns())
        signed = self.node.desk.sign(serialized(made))
        self.frames.put(delivery_pb2.FromGateway(receipt=delivery_pb2.Receipt(delivery_id=delivery.delivery_id, signed=signed)))
        recorded = self.next_recorded(window_is_full=outcome != signed_pb2.DELIVERY_OUTCOME_OPENED)
        equal(delivery.delivery_id, recorded.delivery_id)
        assert recorded.position > delivery.position

    def close(self):
        self.frames.put(None)
        self.stream.cancel()


def peeked(node, delivery):
    """The header, its signature verified."""
    content, _ = node.desk.verify(delivery.envelope.header)
    header = canonical(content, envelope_pb2.MessageHeader)
    return node.verified(delivery.envelope.header, envelope_pb2.MessageHeader, "bureau", getattr(header, "from"))


def whole_body(node, delivery, header):
    """As it came, or fetched where it is too large to come with its header."""
    if header.body_size <= INLINE:
        return delivery.envelope.body, False
    equal(b"", delivery.envelope.body)
    chunks = node.exchange.DownloadContent(
        exchange_pb2.ContentRequest(message_id=header.message_id, sha256=header.body_sha256), timeout=PATIENCE)
    body = bytearray()
    for chunk in chunks:
        equal((header.body_sha256, len(body), header.body_size), (chunk.sha256, chunk.offset, chunk.total_size))
        body += chunk.data
    return bytes(body), True


def opened(node, header, body):
    """The content, or a Judgement: body_sha256, seal, canonical form, content_sha256, fields 1 to 4."""
    if len(body) != header.body_size or sha256(body) != header.body_sha256:
        raise Judgement("CONTENT_MISMATCH")
    try:
        bytes_inside = node.desk.open(body)
        content = canonical(bytes_inside, envelope_pb2.SealedContent)
    except (ToolFailure, AssertionError) as cause:
        raise Judgement("CANNOT_OPEN") from cause
    if sha256(bytes_inside) != header.content_sha256:
        raise Judgement("CONTENT_MISMATCH")
    parts = [(m.message_id, getattr(m, "from"), list(m.to), list(m.info)) for m in (header, content)]
    if parts[0] != parts[1] or node.code not in (*header.to, *header.info):
        raise Judgement("NOT_FOR_US")
    return content


def accepted(node, delivery, header, welcome):
    """The node's own receipt comes with the delivery."""
    acceptance = node.verified(delivery.acceptance, signed_pb2.AcceptanceReceipt, "node", welcome.node)
    equal((header.message_id, sha256(delivery.envelope.header), delivery.position, welcome.log),
          (acceptance.message_id, acceptance.header_sha256, acceptance.position, acceptance.log))
    assert node.code in acceptance.recipients


def attend(node, count, officer):
    """Takes `count` deliveries, and says what they were."""
    attendance = Attendance(node)
    taken = []
    for _ in range(count):
        delivery = attendance.next_delivery()
        header = peeked(node, delivery)
        accepted(node, delivery, header, attendance.welcome)
        body, fetched = whole_body(node, delivery, header)
        told = {"message_id": header.message_id, "from": getattr(header, "from"), "sequence": delivery.sequence, "attempt": delivery.attempt,
                "possible_duplicate": delivery.possible_duplicate, "fetched": fetched, "precedence": header.precedence}
        try:
            content = opened(node, header, body)
            attendance.receipt(delivery, header, signed_pb2.DELIVERY_OUTCOME_DELIVERED)
            attendance.receipt(delivery, header, signed_pb2.DELIVERY_OUTCOME_OPENED, officer=officer)
            told.update(refused="", subject=content.subject, text=content.text, file=content.file_name, data_sha256=sha256(content.data).hex())
        except Judgement as judgement:
            attendance.receipt(delivery, header, signed_pb2.DELIVERY_OUTCOME_REFUSED, reason=str(judgement))
            told["refused"] = str(judgement)
        taken.append(told)
    attendance.close()
    return taken
