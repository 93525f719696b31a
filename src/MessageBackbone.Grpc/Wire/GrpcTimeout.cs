using System.Globalization;

namespace MessageBackbone.GrpcWire;

// grpc-timeout: at most eight digits and a unit.
internal static class GrpcTimeout
{
    private const int MaxDigits = 8;

    // Timers reach about 49 days; a deadline beyond never fires in a call's life and is not armed.
    public static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    public static bool TryParse(ReadOnlySpan<char> value, out TimeSpan timeout)
    {
        timeout = default;
        if (value.Length is < 2 or > MaxDigits + 1
            || !long.TryParse(value[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
            return false;
        var ticks = value[^1] switch
        {
            'H' => TimeSpan.TicksPerHour,
            'M' => TimeSpan.TicksPerMinute,
            'S' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMillisecond,
            'u' => TimeSpan.TicksPerMicrosecond,
            'n' => 0,
            _ => -1,
        };
        if (ticks < 0)
            return false;
        timeout = new TimeSpan(ticks == 0 ? amount / TimeSpan.NanosecondsPerTick : amount * ticks);
        return true;
    }

    // Rounds up, so that the server never gives up before the client does.
    public static string Format(TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero)
            return "1n";
        (long Ticks, char Unit)[] units =
        [
            (TimeSpan.TicksPerMicrosecond, 'u'), (TimeSpan.TicksPerMillisecond, 'm'), (TimeSpan.TicksPerSecond, 'S'),
            (TimeSpan.TicksPerMinute, 'M'), (TimeSpan.TicksPerHour, 'H'),
        ];
        foreach (var (ticks, unit) in units)
        {
            var amount = (timeout.Ticks / ticks) + (timeout.Ticks % ticks == 0 ? 0 : 1);
            if (amount < 100_000_000)
                return string.Create(CultureInfo.InvariantCulture, $"{amount}{unit}");
        }

        return "99999999H";
    }
}
