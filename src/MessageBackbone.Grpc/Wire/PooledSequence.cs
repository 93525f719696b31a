using System.Buffers;

namespace MessageBackbone.GrpcWire;

// A message that arrives in pieces of unknown number, in pooled segments: holds what came, never twice that for growing.
internal sealed class PooledSequence : IDisposable
{
    private const int SmallestSegment = 4 * 1024;
    private const int LargestSegment = 256 * 1024;

    private Segment? first;
    private Segment? last;

    public int Length { get; private set; }

    // At least one byte to fill; never more than `most`.
    public Memory<byte> GetMemory(int most)
    {
        if (last is null || last.Free == 0)
            Append(Math.Clamp(Length, SmallestSegment, LargestSegment));
        var free = last!.FreeMemory;
        return free.Length > most ? free[..most] : free;
    }

    public void Advance(int count)
    {
        last!.Used += count;
        Length += count;
    }

    public ReadOnlySequence<byte> AsSequence()
    {
        if (first is null)
            return ReadOnlySequence<byte>.Empty;
        var index = 0L;
        for (var segment = first; segment is not null; segment = segment.NextSegment)
            index = segment.Seal(index);
        return new ReadOnlySequence<byte>(first, 0, last!, last!.Used);
    }

    public void Dispose()
    {
        for (var segment = first; segment is not null; segment = segment.NextSegment)
            segment.Return();
        first = last = null;
        Length = 0;
    }

    private void Append(int size)
    {
        var segment = new Segment(size);
        last?.Link(segment);
        first ??= segment;
        last = segment;
    }

    private sealed class Segment(int size) : ReadOnlySequenceSegment<byte>
    {
        private readonly byte[] array = ArrayPool<byte>.Shared.Rent(size);

        public int Used { get; set; }

        public int Free => array.Length - Used;

        public Memory<byte> FreeMemory => array.AsMemory(Used);

        public Segment? NextSegment => (Segment?)Next;

        public void Link(Segment next) => Next = next;

        public long Seal(long index)
        {
            Memory = array.AsMemory(0, Used);
            RunningIndex = index;
            return index + Used;
        }

        public void Return() => ArrayPool<byte>.Shared.Return(array);
    }
}
