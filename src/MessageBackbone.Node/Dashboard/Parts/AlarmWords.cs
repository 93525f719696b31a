using MessageBackbone.Node.Dashboard.Watching;
using MessageBackbone.Node.Dashboard.Words;

namespace MessageBackbone.Node.Dashboard.Parts;

/// <summary>An alarm in words: what is the matter, and what to do next.</summary>
internal static class AlarmWords
{
    public static string Reason(Language words, Alarm alarm) => words.Say($"alarm.{Name(alarm.Kind)}.reason", Arguments(words, alarm));

    public static string Next(Language words, Alarm alarm) => words.Say($"alarm.{Name(alarm.Kind)}.next", Arguments(words, alarm));

    private static string Name(AlarmKind kind) => kind.ToString().ToLowerInvariant();

    private static object[] Arguments(Language words, Alarm alarm) =>
        [.. alarm.Arguments.Select(argument => (object)words.Or($"precedence.{argument}", words.Or($"part.{argument}", words.Or($"use.{argument}", argument))))];
}
