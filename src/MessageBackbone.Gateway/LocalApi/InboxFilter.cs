using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.AspNetCore.Http;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>The filters that every listing of the inbox understands.</summary>
internal static class InboxFilter
{
    /// <summary>The answer to a filter that cannot be used; null when all can.</summary>
    public static IResult? Problem(string? from, string? kind, string? precedence)
    {
        if (from is not null && !Patterns.IsBureauCode(from)) return Problems.Invalid("from: a bureau code.", "from");
        if (kind is not null && !Patterns.IsKind(kind)) return Problems.Invalid("kind: [a-z][a-z0-9.-]{0,63}.", "kind");
        return precedence is null || EnumNames.TryParse<Precedence>(precedence, out _)
            ? null
            : Problems.Invalid($"precedence: one of {string.Join(", ", EnumNames.All<Precedence>())}.", "precedence");
    }

    public static int? Level(string? precedence) => precedence is null ? null : (int)EnumNames.Parse<Precedence>(precedence);
}
