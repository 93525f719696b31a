using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;
using Request = Grpc.Reflection.V1.ServerReflectionRequest;
using Response = Grpc.Reflection.V1.ServerReflectionResponse;

namespace MessageBackbone.GrpcServices;

/// <summary><c>grpc.reflection.v1.ServerReflection</c>: tells tools which services there are and what their messages look like.</summary>
internal sealed class ReflectionService(ReflectionCatalogue catalogue) : ServerReflection.ServerReflectionBase
{
    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<Request> requestStream, IServerStreamWriter<Response> responseStream, ServerCallContext context)
    {
        while (await requestStream.MoveNext(context.CancellationToken))
            await responseStream.WriteAsync(Answer(requestStream.Current));
    }

    private Response Answer(Request request)
    {
        var response = request.MessageRequestCase switch
        {
            Request.MessageRequestOneofCase.ListServices => ListServices(),
            Request.MessageRequestOneofCase.FileByFilename => File(catalogue.FileByName(request.FileByFilename)),
            Request.MessageRequestOneofCase.FileContainingSymbol => File(catalogue.FileWithSymbol(request.FileContainingSymbol)),
            Request.MessageRequestOneofCase.FileContainingExtension => File(Extension(request.FileContainingExtension)?.File),
            Request.MessageRequestOneofCase.AllExtensionNumbersOfType => ExtensionNumbers(request.AllExtensionNumbersOfType),
            _ => Error(StatusCode.InvalidArgument, "The request asks for nothing that this server knows."),
        };
        response.ValidHost = request.Host;
        response.OriginalRequest = request;
        return response;
    }

    private Response ListServices() =>
        new() { ListServicesResponse = new ListServiceResponse { Service = { catalogue.Services.Select(s => new ServiceResponse { Name = s }) } } };

    private FieldDescriptor? Extension(ExtensionRequest wanted) =>
        catalogue.ExtensionsOf(wanted.ContainingType).FirstOrDefault(e => e.FieldNumber == wanted.ExtensionNumber);

    private Response ExtensionNumbers(string type)
    {
        if (catalogue.FileWithSymbol(type) is null)
            return Error(StatusCode.NotFound, "No such type is known here.");
        var found = new ExtensionNumberResponse { BaseTypeName = type };
        found.ExtensionNumber.AddRange(catalogue.ExtensionsOf(type).Select(e => e.FieldNumber).Order());
        return new Response { AllExtensionNumbersResponse = found };
    }

    private static Response File(FileDescriptor? file)
    {
        if (file is null)
            return Error(StatusCode.NotFound, "No such file or symbol is known here.");
        var found = new FileDescriptorResponse();
        var files = new List<FileDescriptor>();
        AddImportsFirst(file, files);
        // The file that was asked for first, and each before what it imports: simple clients read the list from its end.
        found.FileDescriptorProto.AddRange(files.AsEnumerable().Reverse().Select(each => each.SerializedData));
        return new Response { FileDescriptorResponse = found };
    }

    private static void AddImportsFirst(FileDescriptor file, List<FileDescriptor> files)
    {
        if (files.Contains(file))
            return;
        foreach (var import in file.Dependencies)
            AddImportsFirst(import, files);
        files.Add(file);
    }

    private static Response Error(StatusCode code, string text) => new() { ErrorResponse = new ErrorResponse { ErrorCode = (int)code, ErrorMessage = text } };
}

/// <summary>The same under the name that older tools ask for; the messages of both versions are the same bytes.</summary>
internal sealed class AlphaReflectionService(ReflectionCatalogue catalogue) : AlphaReflectionBase
{
    public override Task ServerReflectionInfo(
        IAsyncStreamReader<Request> requestStream, IServerStreamWriter<Response> responseStream, ServerCallContext context) =>
        new ReflectionService(catalogue).ServerReflectionInfo(requestStream, responseStream, context);
}

// Shaped as a generated base is: grpc-dotnet takes a method only where it overrides one of the type that carries the attribute.
[BindServiceMethod(typeof(AlphaReflectionBase), nameof(Bind))]
internal abstract class AlphaReflectionBase
{
    private static readonly Marshaller<Request> Requests = Marshallers.Create(r => r.ToByteArray(), Request.Parser.ParseFrom);
    private static readonly Marshaller<Response> Responses = Marshallers.Create(r => r.ToByteArray(), Response.Parser.ParseFrom);
    private static readonly Method<Request, Response> Info =
        new(MethodType.DuplexStreaming, "grpc.reflection.v1alpha.ServerReflection", nameof(ServerReflectionInfo), Requests, Responses);

    public static void Bind(ServiceBinderBase binder, AlphaReflectionBase? service) =>
        binder.AddMethod(Info, service is null ? null! : new DuplexStreamingServerMethod<Request, Response>(service.ServerReflectionInfo));

    public abstract Task ServerReflectionInfo(
        IAsyncStreamReader<Request> requestStream, IServerStreamWriter<Response> responseStream, ServerCallContext context);
}
