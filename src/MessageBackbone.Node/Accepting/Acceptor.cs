using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Domain.Messages;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Delivering;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Accepting;

/// <summary>
/// The walk of a submission, in the order of wire.md §7: sizes, form, sender, duplicate, drain, signer, signature, fields and times, body, recipients, policy, quota, append.
/// </summary>
internal sealed class Acceptor(
    CurrentDirectory directory,
    ContentStore content,
    AttachmentCheck attachments,
    Quotas quotas,
    RecallCheck recalls,
    RequestCheck requests,
    DrainGate drain,
    EventRecorder recorder,
    IEventLog log,
    AcceptanceReceipts receipts,
    NodeIdentity node,
    DeliveringOptions delivering,
    NodeLimits limits,
    TimeProvider clock)
{
    private static readonly TimeSpan JudgementHolds = TimeSpan.FromSeconds(1);
    private readonly AppendsUnderWay _underWay = new();

    /// <param name="turn">The place in a stream whose messages are appended in the order sent; null: a call of its own.</param>
    /// <exception cref="RefusalException">Nothing was recorded.</exception>
    public async Task<SubmitReply> AcceptAsync(Caller caller, Envelope? envelope, AppendTurn? turn, CancellationToken cancellationToken)
    {
        try
        {
            return await JudgeAsync(caller, envelope, turn, cancellationToken);
        }
        catch (RefusalException refusal) when (envelope?.Header is { Length: > 0 } header && header.Length <= limits.HeaderBytes)
        {
            refusal.HeaderSha256 = Fingerprint.Of(header.Span).ToByteString();
            throw;
        }
    }

    private async Task<SubmitReply> JudgeAsync(Caller caller, Envelope? envelope, AppendTurn? turn, CancellationToken cancellationToken)
    {
        var submission = Submission.Read(caller, envelope, limits);
        if (submission.Id is { } given && await FirstAsync(given, cancellationToken) is { } first)
        {
            return Repeat(submission, first);
        }

        try
        {
            // After the look for a repeat, and nothing before: whether it would be good is no matter of a node that goes down.
            drain.Require();
            var judgement = Judge(submission);
            await recalls.RequireFitAsync(submission, cancellationToken);
            await attachments.RequireAsync(submission.Header, cancellationToken);
            return await RecordAsync(submission, judgement, turn, cancellationToken);
        }
        catch (RefusalException) when (submission.Id is not null)
        {
            if (await AcceptedAfterAllAsync(submission.Id, cancellationToken) is { } accepted)
            {
                return Repeat(submission, accepted);
            }

            throw;
        }
    }

    // A refusal says that the id was never accepted, and its caller acts on that: so it is told only after a look that comes after the judgement and waits
    // for what is queued. A first attempt may be there whose answer never reached its caller.
    private async Task<RecordedEvent?> AcceptedAfterAllAsync(string id, CancellationToken cancellationToken)
    {
        await _underWay.EndedAsync(id, cancellationToken);
        return await FirstAsync(id, cancellationToken);
    }

    private Judgement Judge(Submission submission)
    {
        var (now, state) = (clock.GetUtcNow(), directory.State);
        SignerCheck.Require(submission, state, node.Anchor, now);
        FieldCheck.Require(submission, now, limits);
        requests.Require(submission.Header);
        var body = BodyCheck.Require(submission);
        RecallCheck.RequireForm(submission);
        RecipientCheck.Require(submission, body, state);
        PolicyCheck.Require(submission, state);
        return new Judgement(state, now);
    }

    // It waited for the body's flush and for its turn: who asked again meanwhile may have been refused by a newer directory or a later clock.
    private void JudgeAgain(Submission submission, Judgement before)
    {
        if (!ReferenceEquals(directory.State, before.By) || clock.GetUtcNow() - before.At > JudgementHolds)
        {
            Judge(submission);
        }
    }

    private async Task<RecordedEvent?> FirstAsync(string id, CancellationToken cancellationToken)
    {
        await foreach (var recorded in log.ReadStreamAsync(StreamId.Message(id), null, cancellationToken))
        {
            return recorded;
        }

        return null;
    }

    // The body is stored first: an event never names a body that is not on disk. What is refused at the append is swept later.
    private async Task<SubmitReply> RecordAsync(
        Submission submission, Judgement judgement, AppendTurn? turn, CancellationToken cancellationToken)
    {
        var header = submission.Header;
        var id = header.MessageId;
        using var spending = quotas.Spend(submission.Caller.Name, header.Precedence);
        await content.StoreAsync(Fingerprint.Read(header.BodySha256.Span), submission.Envelope.Body, id, cancellationToken);
        await attachments.ClaimAsync(header, cancellationToken);
        if (turn is not null)
        {
            await turn.ComesAsync(cancellationToken);
        }

        // In this order: whoever looks after this line waits, and whoever looked before it was refused by what is judged by now.
        using var underWay = _underWay.Begin(id);
        JudgeAgain(submission, judgement);
        var facts = FactsOf(submission, clock.GetUtcNow());
        var made = recorder.Prepare(facts, new Provenance(submission.Caller.Holder.Uri, id));
        var appending = recorder.AppendAsync(StreamId.Message(id), ExpectedRevision.NoStream, [made], cancellationToken);
        turn?.Pass();
        if (await appending is AppendOutcome.Appended at)
        {
            var stored = new RecordedEvent(at.Position, StreamId.Message(id), at.Revision, made.EventId, made.Type, made.Data, made.Metadata, made.RecordedAt);
            spending.Keep();
            NodeMetrics.Accepted(header.Precedence);
            return new SubmitReply { Receipt = receipts.Of(stored, facts), Position = at.Position.Value };
        }

        // Somebody was faster with this id. Not the caller's token: the answer is known by now.
        return await FirstAsync(id, CancellationToken.None) is { } first
            ? Repeat(submission, first)
            : throw new EventLogUnavailableException("An append was a conflict with a stream that is not there.");
    }

    private SubmitReply Repeat(Submission submission, RecordedEvent first)
    {
        var accepted = Accepted.Parser.ParseFrom(first.Data.Span);
        var again = new Accept(new Accepted { Content = submission.Header, HeaderSha256 = submission.HeaderSha256.ToByteString() });
        return Message.Decide(Message.Evolve(Message.Unknown, accepted), again) is Decision.Reject rejected
            ? throw new RefusalException(rejected.Rejection)
            : new SubmitReply { Receipt = receipts.Of(first, accepted), Position = first.Position.Value, Duplicate = true };
    }

    private Accepted FactsOf(Submission submission, DateTimeOffset now) => new()
    {
        Header = submission.Envelope.Header,
        HeaderSha256 = submission.HeaderSha256.ToByteString(),
        Content = submission.Header,
        AcceptedAt = now.ToTimestamp(),
        Node = node.Name,
        SignerSha256 = UnsafeByteOperations.UnsafeWrap(submission.Signed.CertificateSha256),
        Recipients = { submission.Header.To.Concat(submission.Header.Info).Order(StringComparer.Ordinal) },
        ExpiresAt = OpenTime.EndOf(submission.Header, now, delivering.OpenAtMost),
    };

    /// <summary>By which directory a submission was found good, and when.</summary>
    private readonly record struct Judgement(DirectoryState By, DateTimeOffset At);
}
