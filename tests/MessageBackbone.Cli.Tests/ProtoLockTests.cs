using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;

namespace MessageBackbone.Cli.Tests;

/// <summary>
/// The contract as it was approved: every message, field, number and type, every enum value, every method. Names and numbers are added, never
/// changed:
/// a difference here is either a mistake or a change of the contract that needs the reviewed file beside this test. After a change on purpose, take
/// the text
/// that the failing test wrote next to the test program (protos.lock.new).
/// </summary>
public sealed partial class ProtoLockTests
{
    private static readonly string LockPath = Repository.At("tests", "MessageBackbone.Cli.Tests", "protos.lock");

    [Fact]
    public void The_contract_is_the_approved_one()
    {
        var now = Describe();

        var approved = File.Exists(LockPath) ? File.ReadAllLines(LockPath) : [];
        if (!approved.SequenceEqual(now)) File.WriteAllLines(Path.Combine(AppContext.BaseDirectory, "protos.lock.new"), now);

        Assert.Empty(approved.Except(now));
        Assert.Empty(now.Except(approved));
    }

    [Fact]
    public void Stored_event_names_are_named_once_each()
    {
        var names = StoredName().Matches(Repository.Text("protos", "backbone", "v1", "events.proto")).Select(m => m.Value).ToList();
        Assert.NotEmpty(names);
        Assert.Empty(names.GroupBy(n => n, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key));
    }

    [Fact]
    public void Every_proto_file_of_the_contract_is_known_here()
    {
        var files = Repository.Files("protos/backbone/v1", "*.proto").Select(p => Path.GetFileName(p)!);
        Assert.Equal(files, Contract().Select(f => Path.GetFileName(f.Name)!).Order(StringComparer.Ordinal));
    }

    private static List<FileDescriptor> Contract() =>
    [
        V1.EnvelopeReflection.Descriptor, V1.SignedReflection.Descriptor, V1.ExchangeReflection.Descriptor, V1.DeliveryReflection.Descriptor,
        V1.DirectoryReflection.Descriptor, V1.AuditReflection.Descriptor, V1.OperationsReflection.Descriptor, V1.EventsReflection.Descriptor,
        V1.CarryReflection.Descriptor,
    ];

    private static List<string> Describe()
    {
        var lines = new List<string>();
        foreach (var file in Contract())
        {
            foreach (var message in file.MessageTypes) Describe(message, lines);
            foreach (var values in file.EnumTypes) lines.AddRange(values.Values.Select(v => $"enum {values.FullName}.{v.Name} = {v.Number}"));
            foreach (var service in file.Services) lines.AddRange(service.Methods.Select(m => $"rpc {m.FullName} {Shape(m)}"));
        }
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    private static void Describe(MessageDescriptor message, List<string> lines)
    {
        lines.AddRange(message.Fields.InDeclarationOrder().Select(f => $"field {f.FullName} = {f.FieldNumber} {Type(f)}"));
        foreach (var nested in message.NestedTypes) Describe(nested, lines);
        foreach (var values in message.EnumTypes) lines.AddRange(values.Values.Select(v => $"enum {values.FullName}.{v.Name} = {v.Number}"));
    }

    private static string Type(FieldDescriptor field)
    {
        var type = field.FieldType switch
        {
            FieldType.Message => field.MessageType.FullName,
            FieldType.Enum => field.EnumType.FullName,
            _ => field.FieldType.ToString().ToLowerInvariant(),
        };
        return field.IsRepeated ? "repeated " + type : field.ContainingOneof is { } one ? $"{type} oneof {one.Name}" : type;
    }

    private static string Shape(MethodDescriptor method) =>
        $"({Streamed(method.IsClientStreaming)}{method.InputType.Name}) returns ({Streamed(method.IsServerStreaming)}{method.OutputType.Name})";

    private static string Streamed(bool streamed) => streamed ? "stream " : "";

    [GeneratedRegex(@"\b[a-z]+\.[a-z-]+\.v[0-9]+\b")]
    private static partial Regex StoredName();
}
