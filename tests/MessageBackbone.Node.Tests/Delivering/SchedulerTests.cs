using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Grpc.Core;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Delivering;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Delivering;

/// <summary>Which lane of an attendance is written to next, when each of them has its next delivery ready.</summary>
public sealed class SchedulerTests
{
    private const int Each = 3;

    private static readonly Precedence[] Levels = [Precedence.Flash, Precedence.Immediate, Precedence.Priority, Precedence.Routine];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_what_is_ready_all_of_the_most_urgent_is_written_before_anything_of_the_next()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var stream = new HeldStream();
        using var attendance = new Attendance(
            new Caller(Holder.Bureau("DE"), default), new Window { Routine = 9, Priority = 9, Immediate = 9, Flash = 9 }, stream, stream,
            house.Node.Services.GetRequiredService<AttendanceRooms>(), NullLogger.Instance);
        var running = attendance.RunAsync(() => "disconnected", stop.Token);
        await SubmitAsync(house, Precedence.Flash);
        var frame = await stream.NextAsync(Cancel);
        // The least urgent first, so that age is no help. All of them are there before the loop takes its next look.
        foreach (var precedence in Levels.Order())
            for (var i = 0; i < Each; i++) await SubmitAsync(house, precedence);
        await Eventually.TrueAsync("every reference has come", () => News(attendance).Count == Levels.Length * Each);

        var left = Levels.ToDictionary(level => level, _ => Each);
        var came = new List<Precedence>();
        while (left.Values.Sum() > 0)
        {
            frame.Taken.SetResult();
            frame = await stream.NextAsync(Cancel);
            came.Add(house["DE"].HeaderOf(frame.Delivery.Envelope).Precedence);
            left[came[^1]]--;
            // The loop stands in the write: what it chose from next time is what is ready now.
            await Eventually.TrueAsync(
                "every lane is ready", () => Desks(attendance).All(desk => left[desk.Lane.Precedence] == 0 || (desk.Preparing.TryPeek(out var head) && head.IsCompleted)));
        }

        // The first of them was chosen before the others had to be ready.
        var rest = came.Skip(1).ToList();
        Assert.Equal(rest.OrderDescending(), rest);
        Assert.Equal(Levels.Length, came.Distinct().Count());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static Task<SubmitReply> SubmitAsync(House house, Precedence precedence) =>
        house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Precedence = precedence));

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_desks")]
    private static extern ref LaneDesk[] Desks(Attendance attendance);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_news")]
    private static extern ref ConcurrentQueue<Action> News(Attendance attendance);

    /// <summary>A gateway that says nothing and takes a frame only when the test lets it.</summary>
    private sealed class HeldStream : IAsyncStreamReader<FromGateway>, IServerStreamWriter<ToGateway>
    {
        private readonly Channel<HeldFrame> _offered = Channel.CreateUnbounded<HeldFrame>();

        public FromGateway Current => throw new NotSupportedException();

        public WriteOptions? WriteOptions { get; set; }

        public Task<HeldFrame> NextAsync(CancellationToken cancellationToken) => _offered.Reader.ReadAsync(cancellationToken).AsTask();

        public Task<bool> MoveNext(CancellationToken cancellationToken) => new TaskCompletionSource<bool>().Task.WaitAsync(cancellationToken);

        public Task WriteAsync(ToGateway message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(ToGateway message, CancellationToken cancellationToken)
        {
            var frame = new HeldFrame(message.Delivery, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _offered.Writer.TryWrite(frame);
            return frame.Taken.Task.WaitAsync(cancellationToken);
        }
    }

    private sealed record HeldFrame(Delivery Delivery, TaskCompletionSource Taken);
}
