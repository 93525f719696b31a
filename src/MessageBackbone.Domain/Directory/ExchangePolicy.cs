using System.Collections.Frozen;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Directory;

/// <summary>
/// Who may send what to whom. The first rule that fits decides; where none fits, enrolled bureaus may exchange. Rules are indexed, so a question costs eight
/// look-ups however long the policy is.
/// </summary>
public sealed class ExchangePolicy
{
    private const string Any = "*";

    private readonly FrozenDictionary<(string From, string To, string Kind), (int Order, bool Allow)> _rules;
    private readonly FrozenSet<string> _clearKinds;

    private ExchangePolicy(IReadOnlyList<ExchangeRule> rules, IReadOnlyList<string> clearKinds)
    {
        Rules = rules;
        ClearKinds = clearKinds;
        _rules = Index(rules);
        _clearKinds = clearKinds.ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>Before the secretariat set one: all enrolled bureaus may exchange, and <c>alert.cap</c> may be clear.</summary>
    public static ExchangePolicy Default { get; } = new([], ["alert.cap"]);

    public IReadOnlyList<ExchangeRule> Rules { get; }

    public IReadOnlyList<string> ClearKinds { get; }

    public static ExchangePolicy From(SetExchangePolicy act) => new(act.Rules, act.ClearKinds);

    public bool MayExchange(string from, string to, string kind)
    {
        var first = (Order: int.MaxValue, Allow: true);
        foreach (var sender in (ReadOnlySpan<string>)[from, Any])
        {
            foreach (var recipient in (ReadOnlySpan<string>)[to, Any])
            {
                First(sender, recipient, kind, ref first);
                First(sender, recipient, "", ref first);
            }
        }

        return first.Allow;
    }

    /// <summary>Whether a body of this kind may travel unencrypted: a control kind, or one that the policy names.</summary>
    public bool IsClearKind(string kind) => ControlKinds.Has(kind) || _clearKinds.Contains(kind);

    private void First(string from, string to, string kind, ref (int Order, bool Allow) first)
    {
        if (_rules.TryGetValue((from, to, kind), out var rule) && rule.Order < first.Order)
        {
            first = rule;
        }
    }

    private static FrozenDictionary<(string From, string To, string Kind), (int Order, bool Allow)> Index(IReadOnlyList<ExchangeRule> rules)
    {
        var index = new Dictionary<(string From, string To, string Kind), (int Order, bool Allow)>();
        for (var order = 0; order < rules.Count; order++)
        {
            var rule = rules[order];
            var value = (order, rule.Effect == ExchangeEffect.Allow);
            foreach (var kind in rule.Kinds.DefaultIfEmpty(""))
            {
                index.TryAdd((rule.From, rule.To, kind), value);
            }
        }

        return index.ToFrozenDictionary();
    }
}
