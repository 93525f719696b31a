"""How calls end: refusals, deadlines, cancellation. Each function is a case; its name is that of the test that runs it."""
import queue
import time

import grpc
from google.protobuf.any_pb2 import Any

from world import ANY_SCRIPT, equal, pb, refused, rpc, values
from google.rpc import error_details_pb2, status_pb2  # noqa: I001 - found through world


def _fail(code, text="", details=b""):
    return pb.Request(act=pb.ACT_FAIL, failure=pb.Failure(code=code, text=text, details=details))


def _cancelled(world, key):
    return world.stub.Fate(pb.FateRequest(call_key=key), timeout=30).cancelled


def every_status_code_arrives_as_itself(world):
    for code in grpc.StatusCode:
        if code is not grpc.StatusCode.OK:
            error = refused(lambda: world.stub.Unary(_fail(code.value[0], code.name)))
            equal((code, code.name), (error.code(), error.details()))


def the_text_of_a_refusal_arrives_in_any_script(world):
    for text in ("plain", ANY_SCRIPT, "%41 is not A", "%", "ends in %E"):
        error = refused(lambda: world.stub.Unary(_fail(9, text)))
        equal((grpc.StatusCode.FAILED_PRECONDITION, text), (error.code(), error.details()))


def status_details_arrive_whole(world):
    info = error_details_pb2.ErrorInfo(reason="FIELD_INVALID", domain="backbone", metadata={"k": "ü"})
    status = status_pb2.Status(code=3, message="no")
    packed = Any()
    packed.Pack(info)
    status.details.append(packed)
    error = refused(lambda: world.stub.Unary(_fail(3, "no", status.SerializeToString())))
    read = status_pb2.Status.FromString(values(error.trailing_metadata(), "grpc-status-details-bin")[0])
    equal(status, read)
    found = error_details_pb2.ErrorInfo()
    assert read.details[0].Unpack(found)
    equal(info, found)


def a_refusal_without_messages_still_has_its_trailers(world):
    error = refused(lambda: world.stub.Unary(_fail(7), metadata=[("trailing-x", "1"), ("trailing-bin", b"\x01")]))
    equal(grpc.StatusCode.PERMISSION_DENIED, error.code())
    equal((["1"], [b"\x01"]), (values(error.trailing_metadata(), "trailing-x"), values(error.trailing_metadata(), "trailing-bin")))
    streamed = world.stub.Spread(_fail(7))
    equal(grpc.StatusCode.PERMISSION_DENIED, refused(lambda: next(streamed)).code())


def messages_before_a_refusal_arrive(world):
    request = _fail(10, "then no")
    request.count = 3
    replies = world.stub.Spread(request)
    equal([0, 1, 2], [next(replies).count for _ in range(3)])
    error = refused(lambda: next(replies))
    equal((grpc.StatusCode.ABORTED, "then no"), (error.code(), error.details()))


def a_refusal_in_the_middle_of_a_stream_of_requests_ends_it(world):
    requests = queue.SimpleQueue()
    requests.put(pb.Request(text="a"))
    requests.put(_fail(8, "enough"))
    error = refused(lambda: world.stub.Collect(iter(requests.get, None)))
    equal((grpc.StatusCode.RESOURCE_EXHAUSTED, "enough"), (error.code(), error.details()))
    requests.put(None)


def an_exception_of_the_method_is_UNKNOWN_and_its_text_stays_on_the_server(world):
    error = refused(lambda: world.stub.Unary(pb.Request(act=pb.ACT_THROW, text="secret")))
    equal(grpc.StatusCode.UNKNOWN, error.code())
    assert "secret" not in error.details()


def a_deadline_ends_the_call_on_both_sides(world):
    # On a connection that is there: its making would use up the time, and the call never reach the server.
    world.stub.Unary(pb.Request())
    began = time.monotonic()
    error = refused(lambda: world.stub.Unary(pb.Request(act=pb.ACT_WAIT), timeout=1, metadata=[("call-key", "d")]))
    equal(grpc.StatusCode.DEADLINE_EXCEEDED, error.code())
    assert time.monotonic() - began < 10
    assert _cancelled(world, "d")


def a_deadline_ends_a_stream_after_messages_have_come(world):
    world.stub.Unary(pb.Request())
    replies = world.stub.Spread(pb.Request(count=2, act=pb.ACT_WAIT), timeout=2, metadata=[("call-key", "s")])
    equal([0, 1], [next(replies).count for _ in range(2)])
    equal(grpc.StatusCode.DEADLINE_EXCEEDED, refused(lambda: next(replies)).code())
    assert _cancelled(world, "s")


def the_server_knows_how_much_time_is_left(world):
    left = world.stub.Unary(pb.Request(), timeout=60).seconds_left
    assert 40 < left <= 60.1, left
    assert world.stub.Unary(pb.Request()).seconds_left < 0


def cancelling_a_unary_call_reaches_the_server(world):
    call = world.stub.Unary.future(pb.Request(act=pb.ACT_WAIT), metadata=[("call-key", "u")])
    world.stub.Fate(pb.FateRequest(call_key="u", begun=True), timeout=30)
    assert call.cancel()
    equal(grpc.StatusCode.CANCELLED, call.code())
    assert _cancelled(world, "u")


def cancelling_streams_in_the_middle_reaches_the_server(world):
    replies = world.stub.Spread(pb.Request(count=2, act=pb.ACT_WAIT), metadata=[("call-key", "spread")])
    next(replies)
    replies.cancel()
    requests = queue.SimpleQueue()
    requests.put(pb.Request(text="a", act=pb.ACT_WAIT))
    duplex = world.stub.Duplex(iter(requests.get, None), metadata=[("call-key", "duplex")])
    equal("a", next(duplex).text)
    duplex.cancel()
    requests.put(None)
    assert _cancelled(world, "spread")
    assert _cancelled(world, "duplex")


def a_call_that_is_over_was_not_cancelled(world):
    world.stub.Unary(pb.Request(), metadata=[("call-key", "k")])
    assert not _cancelled(world, "k")


def the_server_can_end_a_call_as_CANCELLED_and_by_a_reset(world):
    equal(grpc.StatusCode.CANCELLED, refused(lambda: world.stub.Unary(_fail(1))).code())
    equal(grpc.StatusCode.CANCELLED, refused(lambda: world.stub.Unary(pb.Request(act=pb.ACT_RESET))).code())
    requests = queue.SimpleQueue()
    requests.put(pb.Request(text="first"))
    replies = world.stub.Duplex(iter(requests.get, None))
    equal("first", next(replies).text)
    requests.put(pb.Request(act=pb.ACT_RESET))
    equal(grpc.StatusCode.CANCELLED, refused(lambda: next(replies)).code())
    requests.put(None)
    equal("x", world.stub.Unary(pb.Request(text="x")).text)


def an_unknown_method_or_service_is_UNIMPLEMENTED(world):
    for path in ("/test.conformance.v1.Conformance/Nothing", "/no.such.Service/Method"):
        for shape in ("unary_unary", "unary_stream", "stream_unary", "stream_stream"):
            method = getattr(world.channel(), shape)(path, pb.Request.SerializeToString, pb.Reply.FromString)
            request = pb.Request() if shape.startswith("unary") else iter([pb.Request()])
            error = refused(lambda: list(method(request)) if shape.endswith("stream") else method(request))
            equal(grpc.StatusCode.UNIMPLEMENTED, error.code())


def pings_hold_an_idle_call(world):
    often = world.channel(
        ("grpc.keepalive_time_ms", 200), ("grpc.keepalive_timeout_ms", 5000), ("grpc.http2.max_pings_without_data", 0),
        ("grpc.keepalive_permit_without_calls", 1))
    equal("pinged", rpc.ConformanceStub(often).Unary(pb.Request(act=pb.ACT_AWAIT_PINGS, text="pinged"), timeout=60).text)
