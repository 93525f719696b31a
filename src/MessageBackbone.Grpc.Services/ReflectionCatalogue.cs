using System.Reflection;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Routing;

namespace MessageBackbone.GrpcServices;

/// <summary>The protobuf files behind the gRPC services that this server maps, found from its endpoints when first asked.</summary>
internal sealed class ReflectionCatalogue(EndpointDataSource endpoints)
{
    private readonly Lazy<Contents> contents = new(() => Read(endpoints));

    public IReadOnlyList<string> Services => contents.Value.Services;

    public FileDescriptor? FileByName(string name) => contents.Value.Files.GetValueOrDefault(name);

    public FileDescriptor? FileWithSymbol(string symbol) => contents.Value.Symbols.GetValueOrDefault(symbol);

    public IEnumerable<FieldDescriptor> ExtensionsOf(string type) =>
        contents.Value.Files.Values.SelectMany(f => f.Extensions.UnorderedExtensions).Where(e => e.ExtendeeType.FullName == type);

    private static Contents Read(EndpointDataSource endpoints)
    {
        var methods = endpoints.Endpoints.Select(e => e.Metadata.GetMetadata<GrpcMethodMetadata>()).OfType<GrpcMethodMetadata>().ToList();
        var files = new Dictionary<string, FileDescriptor>(StringComparer.Ordinal);
        foreach (var service in methods.Select(m => m.ServiceType).Distinct().Select(Descriptor).OfType<ServiceDescriptor>())
            AddFile(service.File, files);
        var symbols = new Dictionary<string, FileDescriptor>(StringComparer.Ordinal);
        foreach (var file in files.Values)
            AddSymbols(file, symbols);
        return new Contents([.. methods.Select(m => m.Method.ServiceName).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], files, symbols);
    }

    private static ServiceDescriptor? Descriptor(Type service) =>
        service.GetCustomAttribute<BindServiceMethodAttribute>(inherit: true)?.BindType
            .GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) as ServiceDescriptor;

    private static void AddFile(FileDescriptor file, Dictionary<string, FileDescriptor> files)
    {
        if (!files.TryAdd(file.Name, file))
            return;
        foreach (var import in file.Dependencies)
            AddFile(import, files);
    }

    private static void AddSymbols(FileDescriptor file, Dictionary<string, FileDescriptor> symbols)
    {
        foreach (var service in file.Services)
        {
            symbols[service.FullName] = file;
            foreach (var method in service.Methods)
                symbols[method.FullName] = file;
        }

        foreach (var type in file.EnumTypes)
            symbols[type.FullName] = file;
        foreach (var message in file.MessageTypes)
            AddMessage(message, symbols);
    }

    private static void AddMessage(MessageDescriptor message, Dictionary<string, FileDescriptor> symbols)
    {
        symbols[message.FullName] = message.File;
        foreach (var field in message.Fields.InDeclarationOrder())
            symbols[field.FullName] = message.File;
        foreach (var type in message.EnumTypes)
            symbols[type.FullName] = message.File;
        foreach (var nested in message.NestedTypes)
            AddMessage(nested, symbols);
    }

    private sealed record Contents(IReadOnlyList<string> Services, Dictionary<string, FileDescriptor> Files, Dictionary<string, FileDescriptor> Symbols);
}
