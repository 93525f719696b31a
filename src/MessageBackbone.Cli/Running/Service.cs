using MessageBackbone.Cli.Invoking;
using Microsoft.Extensions.Hosting.Systemd;

namespace MessageBackbone.Cli.Running;

/// <summary>From ready to the end: tells systemd where it listens, and waits for a signal or for the service's own end.</summary>
internal static class Service
{
    /// <param name="session">Its command ends when <paramref name="stop"/> fires.</param>
    /// <param name="ready">One line for whoever started it: addresses.</param>
    /// <param name="ended">Fires when the service went down by itself: that is a failure.</param>
    public static async Task RunAsync(Session session, string ready, CancellationToken ended, CancellationToken stop)
    {
        var systemd = new SystemdNotifier();
        session.Print.Line(ready);
        systemd.Notify(ServiceState.Ready);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ended, stop);
        await Task.Delay(Timeout.InfiniteTimeSpan, session.Shell.Clock, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        systemd.Notify(ServiceState.Stopping);
        if (!stop.IsCancellationRequested) session.ExitCode = 1;
    }
}
