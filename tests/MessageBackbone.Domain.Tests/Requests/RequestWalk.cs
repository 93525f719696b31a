using FsCheck;
using FsCheck.Fluent;
using MessageBackbone.Domain.Requests;

namespace MessageBackbone.Domain.Tests.Requests;

/// <summary>What may happen to a request, in any order and at any minute; and, of each act, whether the node records at once and which node does.</summary>
internal sealed record RequestAct(RequestWord Word, string Id, string Question, int Minutes, bool Keeps)
{
    public static Gen<RequestAct[]> Walks => Acts.ArrayOf();

    private static Gen<RequestAct> Acts =>
        from word in Gen.Frequency(
            (5, Gen.Constant(RequestWord.Delivered)), (5, Gen.Constant(RequestWord.Asked)), (5, Gen.Constant(RequestWord.Clarified)), (6, Gen.Constant(RequestWord.Nothing)),
            (1, Gen.Constant(RequestWord.Answered)), (1, Gen.Constant(RequestWord.Recalled)), (1, Gen.Constant(RequestWord.Undelivered)))
        from number in Gen.Choose(1, 3)
        from all in Gen.Choose(0, 2)
        from minutes in Gen.Choose(0, 40)
        from keeps in Gen.Choose(0, 2)
        select new RequestAct(word, $"q{number}", all == 0 ? "" : $"q{number}", minutes, keeps > 0);

    public RequestCause? At(DateTimeOffset now) => Word switch
    {
        RequestWord.Delivered => new RequestCause.Delivered(now),
        RequestWord.Asked => new RequestCause.Asked(Id, now),
        RequestWord.Clarified => new RequestCause.Clarified($"to-{Id}", Question, now),
        RequestWord.Answered => new RequestCause.Answered("answer", now),
        RequestWord.Recalled => new RequestCause.Recalled("order", now),
        RequestWord.Undelivered => new RequestCause.Undelivered(),
        _ => null,
    };
}

internal enum RequestWord
{
    Nothing,
    Delivered,
    Asked,
    Clarified,
    Answered,
    Recalled,
    Undelivered,
}

/// <summary>The same in the plainest way: minutes are counted one by one.</summary>
internal sealed class RequestModel
{
    private readonly HashSet<string> _open = [];

    public bool Started { get; private set; }

    public bool Over { get; private set; }

    /// <summary>Null: not closed, or never begun.</summary>
    public string? Reason { get; private set; }

    public int Minutes { get; private set; }

    public bool Stands => _open.Count > 0;

    public void Pass(int minutes)
    {
        for (var i = 0; i < minutes; i++)
            if (Started && !Over && !Stands)
                Minutes++;
    }

    public void Hear(RequestAct act)
    {
        if (Over) return;
        switch (act.Word)
        {
            case RequestWord.Delivered: Started = true; break;
            case RequestWord.Asked: _open.Add(act.Id); break;
            case RequestWord.Clarified when act.Question.Length == 0: _open.Clear(); break;
            case RequestWord.Clarified: _open.Remove(act.Question); break;
            case RequestWord.Answered: (Over, Reason) = (true, "ANSWERED"); break;
            case RequestWord.Recalled: (Over, Reason) = (true, Started ? "RECALLED" : null); break;
            case RequestWord.Undelivered: Over = !Started; break;
        }
    }
}
