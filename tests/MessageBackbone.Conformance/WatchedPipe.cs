using System.Buffers;
using System.IO.Pipelines;

namespace MessageBackbone.Conformance;

/// <summary>A server's connection, passed on unchanged, its bytes and incoming frames counted. A pipe and no stream: aborting it must not race with a flush.</summary>
internal sealed class WatchedPipe(IDuplexPipe connection, WireWatch watch) : IDuplexPipe
{
    public PipeReader Input { get; } = new Reader(connection.Input, watch);

    public PipeWriter Output { get; } = new Writer(connection.Output, watch);

    private sealed class Reader(PipeReader inner, WireWatch watch) : PipeReader
    {
        private readonly FrameScanner scanner = new(watch, FrameScanner.ClientPreface);
        private ReadOnlySequence<byte> last;

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            foreach (var part in last.Slice(last.Start, consumed))
                scanner.Scan(part.Span);
            inner.AdvanceTo(consumed, examined);
        }

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => Keep(await inner.ReadAsync(cancellationToken));

        public override bool TryRead(out ReadResult result)
        {
            var read = inner.TryRead(out result);
            if (read)
                Keep(result);
            return read;
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        private ReadResult Keep(ReadResult read)
        {
            last = read.Buffer;
            return read;
        }
    }

    private sealed class Writer(PipeWriter inner, WireWatch watch) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            watch.AddSent(bytes);
            inner.Advance(bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);
    }
}
