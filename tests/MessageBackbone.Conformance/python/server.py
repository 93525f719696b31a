"""The conformance service on grpcio:  server.py [CERTIFICATES].  Prints its port, ends with its standard input."""
import collections
import os
import sys
import threading
from concurrent import futures

import grpc

from world import own, pb, rpc

# So that pings once a second are no offence.
OPTIONS = (("grpc.http2.min_ping_interval_without_data_ms", 100), ("grpc.so_reuseport", 0))


class Fates:
    def __init__(self):
        self.begun = collections.defaultdict(futures.Future)
        self.ended = collections.defaultdict(futures.Future)

    def follow(self, context):
        key = dict(context.invocation_metadata()).get("call-key")
        # Fires on every end of a call; only one that the method did not reach by itself counts as cancelled.
        over = threading.Event()
        returned = threading.Event()

        def note():
            over.set()
            if key:
                self.ended[key].set_result(not returned.is_set())

        assert context.add_callback(note)
        if key:
            self.begun[key].set_result(True)
        return over, returned


class Conformance(rpc.ConformanceServicer):
    def __init__(self):
        self.fates = Fates()

    def Unary(self, request, context):
        over, returned = self._open(context)
        reply = self._act(request, context, over)
        self._return(context, returned)
        return reply

    def Collect(self, request_iterator, context):
        over, returned = self._open(context)
        texts = []
        for request in request_iterator:
            self._act(request, context, over)
            texts.append(request.text)
        self._return(context, returned)
        return pb.Reply(text="".join(texts), count=len(texts))

    def Spread(self, request, context):
        over, returned = self._open(context)
        for i in range(request.count):
            yield pb.Reply(text=request.text, body=self._body(request), count=i)
        self._act(request, context, over)
        self._return(context, returned)

    def Duplex(self, request_iterator, context):
        over, returned = self._open(context)
        for request in request_iterator:
            if request.act == pb.ACT_WAIT:
                yield self._reply(request, context)
            yield self._act(request, context, over)
        self._return(context, returned)

    def Fate(self, request, context):
        known = self.fates.begun if request.begun else self.fates.ended
        return pb.FateReply(cancelled=known[request.call_key].result(timeout=30) and not request.begun)

    def _open(self, context):
        metadata = context.invocation_metadata()
        initial = [(key, value) for key, value in metadata if key.startswith("initial-")]
        if initial:
            context.send_initial_metadata(initial)
        context.set_trailing_metadata(self._trailing(context))
        return self.fates.follow(context)

    @staticmethod
    def _return(context, returned):
        # A stream of requests just ends when its call is cancelled: a method that comes here then did not end by itself.
        if context.is_active():
            returned.set()

    def _act(self, request, context, over):
        if request.act == pb.ACT_FAIL:
            self._fail(request.failure, context)
        elif request.act == pb.ACT_WAIT:
            over.wait()
        elif request.act == pb.ACT_RESET:
            context.cancel()
        elif request.act == pb.ACT_THROW:
            raise RuntimeError("on purpose")
        return self._reply(request, context)

    def _fail(self, failure, context):
        trailing = self._trailing(context)
        if failure.details:
            trailing.append(("grpc-status-details-bin", failure.details))
        context.set_trailing_metadata(trailing)
        code = next(code for code in grpc.StatusCode if code.value[0] == failure.code)
        context.abort(code, failure.text)

    def _reply(self, request, context):
        left = context.time_remaining()
        peer = context.auth_context().get("x509_common_name", [b""])[0].decode()
        return pb.Reply(
            text=request.text, body=self._body(request), seconds_left=-1 if left is None or left > 1e9 else left, peer=peer)

    @staticmethod
    def _body(request):
        return os.urandom(request.reply_size) if request.reply_size else request.body

    @staticmethod
    def _trailing(context):
        return [(key, value) for key, value in context.invocation_metadata() if key.startswith("trailing-")]


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=300), options=OPTIONS, compression=grpc.Compression.Gzip)
    rpc.add_ConformanceServicer_to_server(Conformance(), server)
    if len(sys.argv) > 1:
        roots = own(sys.argv[1], "client")[1]
        credentials = grpc.ssl_server_credentials([own(sys.argv[1], "server")], roots, require_client_auth=True)
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0).wait()


main()
