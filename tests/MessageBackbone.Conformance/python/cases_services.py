"""Health, reflection, certificates. Each function is a case; its name is that of the test that runs it."""
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from world import equal, pb, refused
from grpc.health.v1 import health_pb2, health_pb2_grpc  # noqa: I001 - found through world
from grpc.reflection.v1 import reflection_pb2, reflection_pb2_grpc

SERVICE = "test.conformance.v1.Conformance"


def health_is_checked(world):
    health = health_pb2_grpc.HealthStub(world.channel())
    equal(health_pb2.HealthCheckResponse.SERVING, health.Check(health_pb2.HealthCheckRequest()).status)
    equal(health_pb2.HealthCheckResponse.NOT_SERVING, health.Check(health_pb2.HealthCheckRequest(service="asleep")).status)
    equal(grpc.StatusCode.NOT_FOUND, refused(lambda: health.Check(health_pb2.HealthCheckRequest(service="nobody"))).code())


def health_is_watched(world):
    health = health_pb2_grpc.HealthStub(world.channel())
    watch = health.Watch(health_pb2.HealthCheckRequest(service="toggled"))
    equal(health_pb2.HealthCheckResponse.SERVICE_UNKNOWN, next(watch).status)
    for text, expected in (("up", health_pb2.HealthCheckResponse.SERVING), ("down", health_pb2.HealthCheckResponse.NOT_SERVING)):
        world.stub.Unary(pb.Request(text=text), metadata=[("set-health", "toggled")])
        equal(expected, next(watch).status)
    watch.cancel()


def _ask(ask, **question):
    return next(ask(iter([reflection_pb2.ServerReflectionRequest(**question)])))


def _call_by_reflection(world, ask):
    """As a tool does that has nothing but the address."""
    services = [service.name for service in _ask(ask, list_services="").list_services_response.service]
    assert {SERVICE, "grpc.health.v1.Health"} <= set(services), services
    pool = descriptor_pool.DescriptorPool()
    for file in reversed(_ask(ask, file_containing_symbol=SERVICE).file_descriptor_response.file_descriptor_proto):
        pool.Add(descriptor_pb2.FileDescriptorProto.FromString(file))
    method = pool.FindServiceByName(SERVICE).FindMethodByName("Unary")
    made = message_factory.MessageFactory(pool)
    request, reply = made.GetPrototype(method.input_type), made.GetPrototype(method.output_type)
    call = world.channel().unary_unary(f"/{SERVICE}/Unary", request.SerializeToString, reply.FromString)
    equal("found", call(request(text="found")).text)
    equal(grpc.StatusCode.NOT_FOUND.value[0], _ask(ask, file_by_filename="no.proto").error_response.error_code)


def reflection_is_enough_to_call_a_method(world):
    _call_by_reflection(world, reflection_pb2_grpc.ServerReflectionStub(world.channel()).ServerReflectionInfo)


def reflection_answers_older_tools_too(world):
    _call_by_reflection(world, world.channel().stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        reflection_pb2.ServerReflectionRequest.SerializeToString, reflection_pb2.ServerReflectionResponse.FromString))


def the_server_knows_the_certificate_of_the_client(world):
    equal("client.example", world.stub.Unary(pb.Request()).peer)
