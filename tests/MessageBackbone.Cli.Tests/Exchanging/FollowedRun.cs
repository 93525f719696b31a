using System.Threading.Channels;
using MessageBackbone.Cli.Invoking;

namespace MessageBackbone.Cli.Tests.Exchanging;

/// <summary>A command that goes on until Ctrl-C, and its lines as they are printed.</summary>
internal sealed class FollowedRun : IAsyncDisposable
{
    private readonly CancellationTokenSource _ctrlC = new();
    private readonly Lines _output = new();
    private readonly Lines _error = new();
    private readonly Task<int> _running;

    public FollowedRun(IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        var shell = new Shell(_output, _error, Stream.Null, name => environment.GetValueOrDefault(name), TimeProvider.System, false, false);
        _running = Task.Run(() => Commands.RunAsync(args, shell, _ctrlC.Token), TestContext.Current.CancellationToken);
    }

    public Task<string> NextLineAsync() => _output.NextAsync(_running);

    public Task<string> NextNoteAsync() => _error.NextAsync(_running);

    /// <summary>Its exit code after Ctrl-C.</summary>
    public async Task<int> StopAsync()
    {
        await _ctrlC.CancelAsync();
        return await _running.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _ctrlC.Dispose();
    }

    private sealed class Lines : StringWriter
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public override void WriteLine(string? value) => _lines.Writer.TryWrite(value ?? "");

        public async Task<string> NextAsync(Task running)
        {
            var next = _lines.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();
            var first = await Task.WhenAny(next, running).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            if (first == running && !next.IsCompleted)
                Assert.Fail("The command ended before it printed the line.");
            return await next;
        }
    }
}
