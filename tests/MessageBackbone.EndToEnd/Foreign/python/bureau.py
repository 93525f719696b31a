"""A bureau that has openssl, the protos and gRPC, and nothing of the project's code:  bureau.py NODE FOLDER CODE COMMAND ARGUMENTS…
Each command does one thing, checks all that the contract asks a bureau to check, and prints what it saw as one JSON object."""
import inspect
import json
import os
import sys

import grpc

import services
import spoiling
from composing import Draft, sha256
from receiving import attend as attended
from tool import ToolFailure, read, write
from world import PATIENCE, Node, envelope_pb2, equal, exchange_pb2, refusal, signed_pb2


def _keep(node, draft):
    """On disk before it is sent: a repeat is the same bytes."""
    write(node.desk.path(f"{draft.id}.sent"), draft.request().SerializeToString())


def _kept(node, message_id):
    return exchange_pb2.SubmitRequest.FromString(read(node.desk.path(f"{message_id}.sent")))


def _submit(node, request, message_id, to):
    reply = node.exchange.Submit(request, timeout=PATIENCE)
    receipt = node.verified(reply.receipt, signed_pb2.AcceptanceReceipt, "node", "node")
    equal((message_id, sha256(request.envelope.header), reply.position, to, "node", 32),
          (receipt.message_id, receipt.header_sha256, receipt.position, list(receipt.recipients), receipt.node, len(receipt.leaf_hash)))
    return {"message_id": message_id, "position": receipt.position, "accepted_at": receipt.accepted_at.ToJsonString(), "duplicate": reply.duplicate,
            "leaf_hash": receipt.leaf_hash.hex()}


def send(node, to, info, precedence, subject, text, file):
    draft = Draft(node, [to], [info], subject=subject, text=text, data=read(file), media_type="application/pdf", file_name=os.path.basename(file))
    draft.header.precedence = envelope_pb2.Precedence.Value(f"PRECEDENCE_{precedence.upper()}")
    draft.seal(to, info).sign()
    _keep(node, draft)
    return _submit(node, draft.request(), draft.id, sorted((to, info)))


def repeat(node, message_id, *recipients):
    return _submit(node, _kept(node, message_id), message_id, list(recipients))


def send_for_another(node, to):
    """Sealed and signed as it should be, but the content says that it is of another message."""
    draft = Draft(node, [to], text="from somewhere else")
    draft.content.message_id = Draft(node, [to]).id
    draft.seal(to).sign()
    _keep(node, draft)
    return _submit(node, draft.request(), draft.id, [to])


def track(node, message_id):
    tracking = node.exchange.Track(exchange_pb2.TrackRequest(message_id=message_id), timeout=PATIENCE)
    equal((message_id, node.code), (tracking.message_id, getattr(tracking, "from")))
    sent = _kept(node, message_id).envelope
    seen = {}
    for recipient in tracking.recipients:
        receipts = [node.verified(signed, signed_pb2.DeliveryReceipt, "bureau", recipient.recipient) for signed in recipient.receipts]
        for receipt in receipts:
            equal((message_id, sha256(sent.header), recipient.recipient, sha256(sent.body), recipient.sequence),
                  (receipt.message_id, receipt.header_sha256, receipt.recipient, receipt.body_sha256, receipt.sequence))
        seen[recipient.recipient] = {
            "state": exchange_pb2.DeliveryState.Name(recipient.state),
            "receipts": [[signed_pb2.DeliveryOutcome.Name(r.outcome), r.reason, r.officer] for r in receipts]}
    return seen


def judge(node, path):
    """Whether a signed object from elsewhere verifies here."""
    try:
        node.desk.verify(read(path))
    except ToolFailure as cause:
        return {"verified": False, "problem": str(cause)}
    return {"verified": True}


def attend(node, count, officer):
    return attended(node, int(count), officer)


def look(node):
    return {"tls": services.shown(node), "health": services.health(node), "reflection": services.reflection(node)}


def _refusal_of(node, request):
    try:
        node.exchange.Submit(request, timeout=PATIENCE)
    except grpc.RpcError as error:
        return refusal(error)
    raise AssertionError("it was accepted")


def refused(node):
    """What the node says to each of the spoiled submissions."""
    return {name: _refusal_of(node, case(node)) for name, case in inspect.getmembers(spoiling, inspect.isfunction)
            if case.__module__ == spoiling.__name__ and not name.startswith("_")}


def send_in_vain(node, to):
    """A good message, which the node cannot take now."""
    draft = Draft(node, [to], text="again later").seal(to).sign()
    _keep(node, draft)
    return {"message_id": draft.id} | _refusal_of(node, draft.request())


COMMANDS = {command.__name__: command for command in (send, repeat, send_for_another, send_in_vain, track, judge, attend, look, refused)}


def main():
    address, folder, code, command = sys.argv[1:5]
    node = Node(address, folder, code)
    try:
        print(json.dumps(COMMANDS[command](node, *sys.argv[5:])))
    finally:
        node.close()


main()
