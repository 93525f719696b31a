using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.DirectoryActs;

/// <summary>The secretariat's desk: signs acts and hands them to the node. The act's id makes a repeat of it harmless.</summary>
internal sealed class Secretariat(NodeConnection connection, TimeProvider clock)
{
    private readonly DirectoryService.DirectoryServiceClient _directory = new(connection.Channel);

    public static NodeConnection Connect(Session session) =>
        NodeConnection.Open(session, session.Settings.ActAs(HolderRole.Secretariat), session.Settings.Node);

    public Task<DirectoryActReply> RegisterAsync(string code, string name, Classification highest, CancellationToken stop) =>
        SendAsync((id, at) => new RegisterBureau { ActId = id, At = at, Code = code, DisplayName = name, HighestClassification = highest },
            _directory.RegisterBureauAsync, stop);

    public Task<DirectoryActReply> EnrolAsync(ReadOnlyMemory<byte> certificate, CertificateUse use, CancellationToken stop) =>
        SendAsync((id, at) => new EnrolCertificate { ActId = id, At = at, Certificate = ByteString.CopyFrom(certificate.Span), Use = use },
            _directory.EnrolCertificateAsync, stop);

    public Task<DirectoryActReply> RevokeAsync(byte[] sha256, DateTimeOffset invalidSince, string reason, CancellationToken stop) =>
        SendAsync((id, at) => new RevokeCertificate
        {
            ActId = id,
            At = at,
            CertificateSha256 = ByteString.CopyFrom(sha256),
            InvalidSince = Timestamp.FromDateTimeOffset(invalidSince),
            Reason = reason,
        }, _directory.RevokeCertificateAsync, stop);

    public Task<DirectoryActReply> SetPolicyAsync(IEnumerable<ExchangeRule> rules, IEnumerable<string> clearKinds, CancellationToken stop) =>
        SendAsync((id, at) => new SetExchangePolicy { ActId = id, At = at, Rules = { rules }, ClearKinds = { clearKinds } },
            _directory.SetExchangePolicyAsync, stop);

    public Task<DirectoryActReply> AllowTopicAsync(string topic, IEnumerable<string> subscribers, CancellationToken stop) =>
        SendAsync((id, at) => new AllowTopic { ActId = id, At = at, Topic = topic, Subscribers = { subscribers } }, _directory.AllowTopicAsync, stop);

    public Task<DirectoryActReply> CloseAsync(string code, string reason, CancellationToken stop) =>
        SendAsync((id, at) => new CloseBureau { ActId = id, At = at, Code = code, Reason = reason }, _directory.CloseBureauAsync, stop);

    private async Task<DirectoryActReply> SendAsync<T>(Func<string, Timestamp, T> act, Func<DirectoryActRequest, CallOptions,
        AsyncUnaryCall<DirectoryActReply>> call, CancellationToken stop)
        where T : IMessage
    {
        var now = clock.GetUtcNow();
        var content = CanonicalMessage.Write(act(MessageId.New(now).Value, Timestamp.FromDateTimeOffset(now)));
        var order = SignedObject.Create(content, connection.Keys.Sign!, now);
        return await call(new DirectoryActRequest { Order = ByteString.CopyFrom(order) }, new CallOptions(cancellationToken: stop));
    }
}
