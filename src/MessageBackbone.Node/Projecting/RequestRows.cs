using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Clocks;
using MessageBackbone.Domain.Requests;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Projecting;

/// <summary>Read model <c>requests</c>: every answer that is owed, the turns of its clock that the log led to and that are not recorded yet, when its next step
/// is due, and the notices and calls owed for steps.</summary>
/// <remarks>Turns follow from the order of the log alone (<see cref="RequestTalk"/>), so rows that are made again owe what they owed before. What is closed has
/// no row.</remarks>
internal static class RequestRows
{
    // copy: an alternate that has a copy of what this bureau holds; its answer counts as well. started: the RequestStarted event. step: the last one taken.
    // due_at: when the answer is due, RowText.Open where nothing says when; stage 2 owes none any more.
    private const string Schema = OwedRows.Schema + "\n" +
        """
        CREATE TABLE clock (
            message BLOB NOT NULL,
            bureau TEXT NOT NULL,
            requester TEXT NOT NULL,
            class TEXT NOT NULL,
            copy TEXT NOT NULL,
            stage INTEGER NOT NULL,
            turns INTEGER NOT NULL,
            questions TEXT NOT NULL,
            started BLOB,
            paused INTEGER NOT NULL,
            paused_since INTEGER,
            step INTEGER NOT NULL,
            precedence INTEGER NOT NULL,
            next_at INTEGER,
            due_at INTEGER NOT NULL,
            exercise INTEGER NOT NULL,
            PRIMARY KEY (message, bureau)) STRICT, WITHOUT ROWID;
        CREATE INDEX clock_next ON clock (next_at) WHERE next_at IS NOT NULL;
        CREATE INDEX clock_overdue ON clock (bureau) WHERE step >= 4;
        CREATE INDEX clock_owed ON clock (due_at, message, bureau) WHERE stage < 2;
        CREATE INDEX clock_owed_by ON clock (bureau, due_at, message) WHERE stage < 2;
        CREATE INDEX clock_owed_to ON clock (requester, due_at, message, bureau) WHERE stage < 2;
        CREATE TABLE turn (
            message BLOB NOT NULL,
            bureau TEXT NOT NULL,
            number INTEGER NOT NULL,
            position INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            by_message TEXT NOT NULL,
            at INTEGER NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (message, bureau, number)) STRICT, WITHOUT ROWID;
        CREATE INDEX turn_next ON turn (position, number);
        CREATE TABLE question (id BLOB PRIMARY KEY, message BLOB NOT NULL, bureau TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX question_of ON question (message, bureau);
        CREATE TABLE reply (
            id BLOB NOT NULL,
            bureau TEXT NOT NULL,
            message BLOB NOT NULL,
            question TEXT NOT NULL,
            PRIMARY KEY (id, bureau)) STRICT, WITHOUT ROWID;
        CREATE INDEX reply_of ON reply (message, bureau);
        """;

    public static Projection Projection { get; } = new("requests", 4, Schema, session => new Writer(session));

    private sealed class Writer : IRowWriter
    {
        private readonly Reactions _reactions;
        private readonly RequestRowStore _rows;
        private readonly OwedRowStore _owed;

        public Writer(ReadModelSession session)
        {
            (_rows, _owed) = (new RequestRowStore(session), new OwedRowStore(session));
            _reactions = new Reactions()
                .On<Accepted>(Accept)
                .On<Delivered>((recorded, e) => Deliver(recorded, e.MessageId, e.Recipient))
                .On<Refused>((recorded, e) => Hear(recorded, e.MessageId, e.Recipient, new RequestCause.Undelivered()))
                .On<Expired>((recorded, e) => Hear(recorded, e.MessageId, e.Recipient, new RequestCause.Undelivered()))
                .On<RefusedByOperator>((recorded, e) => Hear(recorded, e.MessageId, e.Recipient, new RequestCause.Undelivered()))
                .On<Redirected>(Redirect)
                .On<RecallOrdered>(Recall)
                .On<Recalled>((recorded, e) => Hear(recorded, e.MessageId, e.Recipient, new RequestCause.Recalled(e.OrderId, e.At.ToDateTimeOffset())))
                .On<AskedBack>((recorded, e) => Hear(recorded, e.MessageId, e.Recipient, new RequestCause.Recalled(e.OrderId, e.At.ToDateTimeOffset())))
                .On<RequestStarted>((_, e) => Change(e.MessageId, e.Recipient, e.Turn, row => row with { Started = e, Clock = new(e.StartedAt.ToDateTimeOffset()) }))
                .On<RequestPaused>((_, e) => Change(e.MessageId, e.Recipient, e.Turn, row => row with { Clock = row.Clock?.Pause(e.At.ToDateTimeOffset()) }))
                .On<RequestResumed>((_, e) => Change(e.MessageId, e.Recipient, e.Turn, row => row with { Clock = row.Clock?.Resume(e.At.ToDateTimeOffset()) }))
                .On<RequestReminded>((recorded, e) => Step(recorded, e.MessageId, e.Recipient, e.Step, e.To, e.At))
                .On<RequestOverdue>((recorded, e) => Step(recorded, e.MessageId, e.Recipient, e.Step, e.To, e.At))
                .On<RequestCalled>((_, e) => _owed.Called(e.EventId))
                .On<RequestClosed>((_, e) => _rows.Remove(RowText.Required(e.MessageId), e.Recipient));
        }

        public void Apply(RecordedEvent recorded) => _reactions.Apply(recorded);

        private void Accept(RecordedEvent recorded, Accepted accepted)
        {
            var header = accepted.Content;
            _owed.Told(RowText.Required(header.MessageId));
            if (RequestKinds.HasClock(header))
                foreach (var bureau in header.To)
                    _rows.Put(new RequestRow(RowText.Required(header.MessageId), bureau, header.From, header.DeadlineClass, header.Precedence, header.Exercise));
            if (header.InReplyTo.Length == 0) return;
            switch (header.Kind)
            {
                case RequestKinds.Answer: Answer(recorded, accepted); break;
                case RequestKinds.Clarification: Ask(recorded, accepted); break;
                case RequestKinds.ClarificationAnswer: Clarify(accepted); break;
            }
        }

        private void Answer(RecordedEvent recorded, Accepted accepted)
        {
            var header = accepted.Content;
            foreach (var row in _rows.Of(RowText.Required(header.InReplyTo)))
                if ((row.Bureau == header.From || row.Copy == header.From) && accepted.Recipients.Contains(row.Requester))
                    Hear(recorded, row, new RequestCause.Answered(header.MessageId, accepted.AcceptedAt.ToDateTimeOffset()));
        }

        private void Ask(RecordedEvent recorded, Accepted accepted)
        {
            var header = accepted.Content;
            if (_rows.Find(RowText.Required(header.InReplyTo), header.From) is not { } row || !accepted.Recipients.Contains(row.Requester)) return;
            _rows.Asked(RowText.Required(header.MessageId), row);
            Hear(recorded, row, new RequestCause.Asked(header.MessageId, accepted.AcceptedAt.ToDateTimeOffset()));
        }

        // It counts for each recipient when it is delivered there.
        private void Clarify(Accepted accepted)
        {
            var (header, answered) = (accepted.Content, RowText.Required(accepted.Content.InReplyTo));
            var question = _rows.Question(answered);
            foreach (var row in question is { } of ? _rows.Of(of.Message).Where(row => row.Bureau == of.Bureau) : _rows.Of(answered))
                if (row.Requester == header.From && accepted.Recipients.Contains(row.Bureau))
                    _rows.Replied(RowText.Required(header.MessageId), row, question is null ? "" : header.InReplyTo);
        }

        private void Deliver(RecordedEvent recorded, string messageId, string bureau)
        {
            Hear(recorded, messageId, bureau, new RequestCause.Delivered(recorded.RecordedAt));
            if (_rows.Reply(RowText.Required(messageId), bureau) is { } reply && _rows.Find(reply.Message, bureau) is { } row)
                Hear(recorded, row, new RequestCause.Clarified(messageId, reply.Question, recorded.RecordedAt));
        }

        private void Redirect(RecordedEvent recorded, Redirected e)
        {
            if (_rows.Find(RowText.Required(e.MessageId), e.Recipient) is not { } row) return;
            // What was delivered stays owed here; who has a copy may answer it too. What was not is owed by whom it goes to.
            if (row.Talk.Stage == RequestStage.Open) _rows.Put(row with { Copy = e.To });
            if (row.Talk.Stage != RequestStage.Waiting) return;
            Hear(recorded, row, new RequestCause.Undelivered());
            _rows.Put(new RequestRow(row.Message, e.To, row.Requester, row.Class, row.Precedence, row.Exercise));
        }

        private void Recall(RecordedEvent recorded, RecallOrdered e)
        {
            foreach (var row in _rows.Of(RowText.Required(e.MessageId)).Where(row => e.Recipients.Contains(row.Bureau)))
                Hear(recorded, row, new RequestCause.Recalled(e.OrderId, e.At.ToDateTimeOffset()));
        }

        private void Hear(RecordedEvent recorded, string messageId, string bureau, RequestCause cause)
        {
            if (_rows.Find(RowText.Required(messageId), bureau) is { } row) Hear(recorded, row, cause);
        }

        private void Hear(RecordedEvent recorded, RequestRow row, RequestCause cause)
        {
            var (talk, turns) = row.Talk.Hear(cause);
            // Without a turn nothing will ever close it.
            if (talk.Stage == RequestStage.Over && talk.Turns == 0)
            {
                _rows.Remove(row.Message, row.Bureau);
                return;
            }

            _rows.Put(row with { Talk = talk });
            foreach (var turn in turns) _rows.Owe(row, recorded.Position, turn);
        }

        private void Step(RecordedEvent recorded, string messageId, string bureau, RequestStep step, string to, Timestamp at)
        {
            // The step belongs to a running clock, so its row is there.
            var precedence = (long)(_rows.Find(RowText.Required(messageId), bureau)?.Precedence ?? default);
            Change(messageId, bureau, 0, row => row with { Step = step });
            if (to.Length > 0) _owed.Notice(recorded, precedence);
            _owed.Call(recorded, precedence, (int)step, bureau, RowText.Ticks(at) ?? 0);
        }

        private void Change(string messageId, string bureau, uint turn, Func<RequestRow, RequestRow> change)
        {
            if (_rows.Find(RowText.Required(messageId), bureau) is not { } row) return;
            _rows.Put(change(row));
            _rows.Turned(row, turn);
        }
    }
}
