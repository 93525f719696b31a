"""Shapes, sizes, metadata, compression. Each function is a case; its name is that of the test that runs it."""
import queue

import grpc

from world import ANY_SCRIPT, EVERY_BYTE, equal, pb, refused, rpc, values

LIMIT = 4 * 1024 * 1024
# Tag and length of a body of some MiB.
OVERHEAD = 5


def a_unary_call_is_echoed(world):
    reply = world.stub.Unary(pb.Request(text=ANY_SCRIPT, body=EVERY_BYTE))
    equal((ANY_SCRIPT, EVERY_BYTE), (reply.text, reply.body))


def a_stream_of_requests_is_collected(world):
    reply = world.stub.Collect(pb.Request(text=str(i)) for i in range(100))
    equal((100, "".join(map(str, range(100)))), (reply.count, reply.text))


def a_stream_of_replies_arrives_in_order(world):
    replies = list(world.stub.Spread(pb.Request(text="x", count=1000)))
    equal([("x", i) for i in range(1000)], [(reply.text, reply.count) for reply in replies])


def a_duplex_stream_answers_each_message_before_the_next_is_sent(world):
    requests = queue.SimpleQueue()
    replies = world.stub.Duplex(iter(requests.get, None))
    for i in range(50):
        requests.put(pb.Request(text=str(i)))
        equal(str(i), next(replies).text)
    requests.put(None)
    equal([], list(replies))
    equal(grpc.StatusCode.OK, replies.code())


def messages_and_streams_may_be_empty(world):
    equal(b"", world.stub.Unary(pb.Request()).body)
    equal(0, world.stub.Collect(iter(())).count)
    equal(3, world.stub.Collect(iter([pb.Request()] * 3)).count)
    equal([], list(world.stub.Spread(pb.Request())))
    equal(3, len(list(world.stub.Duplex(iter([pb.Request()] * 3)))))
    equal([], list(world.stub.Duplex(iter(()))))


def large_messages_travel_both_ways(world):
    for size in (1024 * 1024, 3_900_000):
        body = EVERY_BYTE * (size // 256) + b"x" * (size % 256)
        assert world.stub.Unary(pb.Request(body=body)).body == body, f"{size} bytes came back changed"
    equal(1, world.stub.Collect(iter([pb.Request(body=bytes(LIMIT - OVERHEAD))])).count)
    equal([LIMIT // 2] * 4, [len(reply.body) for reply in world.stub.Spread(pb.Request(count=4, reply_size=LIMIT // 2))])


def a_request_over_the_limit_of_the_server_is_RESOURCE_EXHAUSTED(world):
    for size in (LIMIT - OVERHEAD + 1, 3 * LIMIT):
        error = refused(lambda: world.stub.Unary(pb.Request(body=bytes(size))))
        equal(grpc.StatusCode.RESOURCE_EXHAUSTED, error.code())
        error = refused(lambda: world.stub.Collect(iter([pb.Request(text="a"), pb.Request(body=bytes(size))])))
        equal(grpc.StatusCode.RESOURCE_EXHAUSTED, error.code())
    equal("still there", world.stub.Unary(pb.Request(text="still there")).text)


def a_reply_over_the_limit_of_the_client_is_RESOURCE_EXHAUSTED(world):
    error = refused(lambda: world.stub.Unary(pb.Request(reply_size=LIMIT + 1)))
    equal(grpc.StatusCode.RESOURCE_EXHAUSTED, error.code())
    wide = rpc.ConformanceStub(world.channel(("grpc.max_receive_message_length", 2 * LIMIT)))
    equal(LIMIT + 1, len(wide.Unary(pb.Request(reply_size=LIMIT + 1)).body))


def text_metadata_comes_back_as_initial_and_trailing(world):
    sent = [("initial-a", "1"), ("initial-a", "2"), ("initial-b", "a, b = c; %41"), ("trailing-a", "3"), ("trailing-b", " inner  spaces ".strip())]
    _, call = world.stub.Unary.with_call(pb.Request(), metadata=sent)
    equal("1,2", ",".join(values(call.initial_metadata(), "initial-a")).replace(" ", ""))
    equal(["a, b = c; %41"], values(call.initial_metadata(), "initial-b"))
    equal(["3"], values(call.trailing_metadata(), "trailing-a"))
    equal(["inner  spaces"], values(call.trailing_metadata(), "trailing-b"))


def binary_metadata_comes_back_as_initial_and_trailing(world):
    sent = [("initial-bin", EVERY_BYTE), ("trailing-bin", b"\x00\xff")]
    for length in range(1, 5):
        sent.append((f"initial-{length}-bin", EVERY_BYTE[-length:]))
    replies = world.stub.Spread(pb.Request(count=1), metadata=sent)
    equal(1, len(list(replies)))
    equal([EVERY_BYTE], values(replies.initial_metadata(), "initial-bin"))
    equal([b"\x00\xff"], values(replies.trailing_metadata(), "trailing-bin"))
    for length in range(1, 5):
        equal([EVERY_BYTE[-length:]], values(replies.initial_metadata(), f"initial-{length}-bin"))


def an_empty_value_of_metadata_is_a_value(world):
    _, call = world.stub.Unary.with_call(pb.Request(), metadata=[("initial-none-bin", b""), ("trailing-none-bin", b""), ("trailing-none", "")])
    equal([b""], values(call.initial_metadata(), "initial-none-bin"))
    equal([b""], values(call.trailing_metadata(), "trailing-none-bin"))
    equal([""], values(call.trailing_metadata(), "trailing-none"))


def initial_metadata_arrives_before_the_first_message(world):
    call = world.stub.Spread(pb.Request(act=pb.ACT_WAIT), metadata=[("initial-x", "now")])
    equal(["now"], values(call.initial_metadata(), "initial-x"))
    call.cancel()


def gzip_goes_both_ways(world):
    body = bytes(1024 * 1024)
    reply = world.stub.Unary(pb.Request(body=body), compression=grpc.Compression.Gzip)
    equal("gzip", reply.encoding)
    assert reply.body == body
    requests = (pb.Request(body=body) for _ in range(3))
    replies = list(world.stub.Duplex(requests, compression=grpc.Compression.Gzip))
    equal(["gzip"] * 3, [reply.encoding for reply in replies])
    assert all(reply.body == body for reply in replies)


def what_unpacks_to_more_than_the_limit_is_RESOURCE_EXHAUSTED(world):
    # Collect answers with next to nothing: it is the request that has to be refused.
    error = refused(lambda: world.stub.Collect(iter([pb.Request(body=bytes(3 * LIMIT))]), compression=grpc.Compression.Gzip))
    equal(grpc.StatusCode.RESOURCE_EXHAUSTED, error.code())


def many_calls_and_streams_run_at_once(world):
    calls = [world.stub.Unary.future(pb.Request(text=str(i))) for i in range(500)]
    queues = [queue.SimpleQueue() for _ in range(90)]
    streams = [world.stub.Duplex(iter(requests.get, None)) for requests in queues]
    for round_ in range(3):
        for i, requests in enumerate(queues):
            requests.put(pb.Request(text=f"{i}/{round_}"))
        equal([f"{i}/{round_}" for i in range(90)], [next(stream).text for stream in streams])
    for requests in queues:
        requests.put(None)
    equal([[]] * 90, [list(stream) for stream in streams])
    equal([str(i) for i in range(500)], [call.result().text for call in calls])
