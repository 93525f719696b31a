"""What an ordinary tool finds at the node's address: who it is, how it is, and what it offers."""
import re
import subprocess

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool

from tool import ONLY_OUR_CA, Desk
from world import PATIENCE, equal
from grpc.health.v1 import health_pb2, health_pb2_grpc  # noqa: I001 - found through world
from grpc.reflection.v1 import reflection_pb2, reflection_pb2_grpc


def shown(node):
    """TLS as openssl sees it: version, and the name in the certificate that chains to our CA and names the host."""
    desk = node.desk
    host = node.address.rpartition(":")[0]
    done = subprocess.run(
        ("openssl", "s_client", "-connect", node.address, "-verify_return_error", "-verify_ip", host, *ONLY_OUR_CA, desk.path("ca.pem"),
         "-cert", desk.path("tls.pem"), "-key", desk.path("tls.key"), "-alpn", "h2"),
        input=b"", stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    text = done.stdout.decode(errors="replace")
    names = Desk.extensions(re.search("-----BEGIN.*?-----END CERTIFICATE-----", text, re.S).group(0).encode())["X509v3 Subject Alternative Name"]
    return {"version": re.search(r"New, (\S+),", text).group(1), "roles": [n for n in names.split(", ") if n.startswith("URI:")]}


def health(node):
    """Watched until the node serves, then asked for each service."""
    stub = health_pb2_grpc.HealthStub(node.channel)
    serving = health_pb2.HealthCheckResponse.SERVING
    watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
    next(update for update in watch if update.status == serving)
    watch.cancel()
    for service in ("Exchange", "Delivery", "Directory", "Audit", "Operations"):
        asked = health_pb2.HealthCheckRequest(service=f"backbone.v1.{service}Service")
        equal(serving, stub.Check(asked, timeout=PATIENCE).status)
    try:
        stub.Check(health_pb2.HealthCheckRequest(service="no.such.Service"), timeout=PATIENCE)
    except grpc.RpcError as error:
        equal(grpc.StatusCode.NOT_FOUND, error.code())
    else:
        raise AssertionError("health of a service that is not there")
    return "SERVING"


def reflection(node):
    """The services, and the methods of the one for exchanging, from the descriptors that the node hands out."""
    ask = reflection_pb2_grpc.ServerReflectionStub(node.channel).ServerReflectionInfo

    def answer(**question):
        return next(ask(iter([reflection_pb2.ServerReflectionRequest(**question)]), timeout=PATIENCE))

    services = [s.name for s in answer(list_services="").list_services_response.service]
    pool = descriptor_pool.DescriptorPool()
    for file in reversed(answer(file_containing_symbol="backbone.v1.ExchangeService").file_descriptor_response.file_descriptor_proto):
        pool.Add(descriptor_pb2.FileDescriptorProto.FromString(file))
    return {"services": services, "methods": [m.name for m in pool.FindServiceByName("backbone.v1.ExchangeService").methods]}
