using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Bureaus;
using MessageBackbone.Domain.Directory;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Directory;

/// <summary>Who takes part: reading for everyone enrolled, subscribing for bureaus, acts for the secretariat.</summary>
internal sealed class DirectoryService(
    CurrentDirectory directory, ActDesk acts, EventRecorder recorder, NodeIdentity node, TimeProvider clock)
    : V1.DirectoryService.DirectoryServiceBase
{
    private const string TopicText = "There is no such topic. The directory lists those that the secretariat opened.";

    public override Task<ListBureausReply> ListBureaus(ListBureausRequest request, ServerCallContext context) =>
        Task.FromResult(DirectoryViews.List(directory.State));

    public override Task<BureauEntry> GetBureau(GetBureauRequest request, ServerCallContext context)
    {
        var state = directory.State;
        return state.Bureau(request.Code) is { } bureau
            ? Task.FromResult(DirectoryViews.Bureau(state, bureau.Code))
            : throw new RefusalException(Reasons.UnknownBureau, "The directory has no such bureau.", ["code"]);
    }

    public override Task<ResolveTopicReply> ResolveTopic(ResolveTopicRequest request, ServerCallContext context)
    {
        var state = directory.State;
        return state.Topics.ContainsKey(request.Topic)
            ? Task.FromResult(new ResolveTopicReply { Subscribers = { state.TopicSubscribers(request.Topic) } })
            : throw new RefusalException(Reasons.FieldInvalid, TopicText, ["topic"]);
    }

    public override async Task WatchDirectory(WatchDirectoryRequest request, IServerStreamWriter<DirectoryUpdate> responseStream, ServerCallContext context)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, context.GetCaller().MustEnd);
        var version = directory.Version;
        foreach (var touch in DirectoryTouch.All(version.State))
        {
            await responseStream.WriteAsync(DirectoryViews.Update(version.State, touch), ends.Token);
        }

        await responseStream.WriteAsync(new DirectoryUpdate { Position = version.State.Position, CaughtUp = true }, ends.Token);
        while (true)
        {
            version = await version.NextAsync(ends.Token);
            foreach (var update in version.Updates)
            {
                await responseStream.WriteAsync(update, ends.Token);
            }
        }
    }

    public override async Task<SubscribeReply> Subscribe(SubscribeRequest request, ServerCallContext context)
    {
        var bureau = context.GetCaller().Name;
        var state = directory.State;
        var command = new Subscribe(
            bureau, request.Topic, state.Topics.ContainsKey(request.Topic), state.MaySubscribe(bureau, request.Topic), clock.GetUtcNow());
        return new SubscribeReply { Position = await RecordAsync(bureau, command, context) };
    }

    public override async Task<UnsubscribeReply> Unsubscribe(UnsubscribeRequest request, ServerCallContext context)
    {
        var bureau = context.GetCaller().Name;
        return new UnsubscribeReply { Position = await RecordAsync(bureau, new Unsubscribe(bureau, request.Topic, clock.GetUtcNow()), context) };
    }

    public override Task<DirectoryActReply> RegisterBureau(DirectoryActRequest request, ServerCallContext context) =>
        ActAsync(request, context, V1.RegisterBureau.Parser, a => (a.ActId, a.At), act => new DirectoryAct.Register(act, request.Order));

    public override Task<DirectoryActReply> EnrolCertificate(DirectoryActRequest request, ServerCallContext context) =>
        ActAsync(request, context, V1.EnrolCertificate.Parser, a => (a.ActId, a.At), act => Enrolment(act, request.Order));

    public override Task<DirectoryActReply> RevokeCertificate(DirectoryActRequest request, ServerCallContext context) =>
        ActAsync(
            request, context, V1.RevokeCertificate.Parser, a => (a.ActId, a.At), act => new DirectoryAct.Revoke(act, request.Order, clock.GetUtcNow()));

    public override Task<DirectoryActReply> SetExchangePolicy(DirectoryActRequest request, ServerCallContext context) =>
        ActAsync(request, context, V1.SetExchangePolicy.Parser, a => (a.ActId, a.At), act => new DirectoryAct.SetPolicy(act, request.Order));

    public override Task<DirectoryActReply> AllowTopic(DirectoryActRequest request, ServerCallContext context) =>
        ActAsync(request, context, V1.AllowTopic.Parser, a => (a.ActId, a.At), act => new DirectoryAct.Allow(act, request.Order));

    public override Task<DirectoryActReply> CloseBureau(DirectoryActRequest request, ServerCallContext context) =>
        ActAsync(request, context, V1.CloseBureau.Parser, a => (a.ActId, a.At), act => new DirectoryAct.Close(act, request.Order));

    private Task<DirectoryActReply> ActAsync<TAct>(
        DirectoryActRequest request,
        ServerCallContext context,
        MessageParser<TAct> parser,
        Func<TAct, (string Id, Google.Protobuf.WellKnownTypes.Timestamp? At)> facts,
        Func<TAct, DirectoryAct> command)
        where TAct : class, IMessage<TAct> =>
        acts.TakeAsync(request.Order, parser, facts, command, context.GetCaller(), context.CancellationToken);

    private DirectoryAct.Enrol Enrolment(EnrolCertificate act, ByteString order)
    {
        var verdict = node.Anchor.Judge(act.Certificate.Memory, act.Use, clock.GetUtcNow());
        if (!verdict.Ok)
        {
            throw new RefusalException(Reasons.FieldInvalid, $"This certificate cannot be enrolled. {verdict.Problem}", ["certificate"]);
        }

        using var certificate = X509CertificateLoader.LoadCertificate(act.Certificate.Span);
        var key = Fingerprint.Of(certificate.PublicKey.ExportSubjectPublicKeyInfo());
        return new DirectoryAct.Enrol(act, order, verdict.Holder, key, clock.GetUtcNow());
    }

    private async Task<ulong> RecordAsync(string bureau, BureauCommand command, ServerCallContext context)
    {
        var topic = command is Subscribe s ? s.Topic : ((Unsubscribe)command).Topic;
        var why = new Provenance(context.GetCaller().Holder.Uri, $"{bureau}/{topic}");
        var outcome = await recorder.DecideAsync(
            StreamId.Bureau(bureau), Bureau.Silent, Bureau.Evolve, state => Bureau.Decide(state, command), why, context.CancellationToken);
        switch (outcome)
        {
            case Recording<Bureau>.Refused refused:
                throw new RefusalException(refused.Rejection);
            case Recording<Bureau>.Recorded recorded:
                await directory.WaitForAsync(recorded.At.Position, CancellationToken.None);
                return recorded.At.Position.Value;
            default:
                var stream = ((Recording<Bureau>.Repeated)outcome).Stream;
                return stream.Count > 0 ? stream[^1].Position.Value : 0;
        }
    }
}
