using MessageBackbone.Faults.Controls;
using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Loading;
using MessageBackbone.Faults.Running;

namespace MessageBackbone.Faults;

/// <summary>A gateway whose line breaks again and again while its window is full.</summary>
public sealed class FlappingTests
{
    private const int Cuts = 30, Backlog = 400, Window = 64;

    // So that a fast machine does not empty the backlog between two looks.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Thirty_cuts_with_a_full_window_change_no_order_leave_no_number_out_and_show_nothing_twice(bool rabbitMq)
    {
        var folder = Directory.CreateTempSubdirectory("backbone-flapping-");
        await using var house = await House.OpenAsync(folder.FullName, new Engines(rabbitMq), "", [Scene.Recipient, Scene.Sender], [], null, Cancel);
        using var journal = new Journal(Path.Combine(folder.FullName, "journal.jsonl"));
        var (line, desk) = (house.Line(Scene.Recipient), house[Scene.Recipient]);
        var scene = new Scene(house, journal, TextWriter.Null, TimeProvider.System, Play.Protected, Cancel);
        line.Cut();

        var sent = 0;
        for (var cut = 0; cut < Cuts; cut++)
        {
            await scene.AttendedAsync(false);
            var before = (int)(await desk.StatusAsync(Cancel)).Messages;
            var more = Backlog - (sent - before);
            await scene.SendAsync(more, "routine");
            await scene.AnsweredAsync();
            sent += more;
            var presented = await scene.AttemptsAsync();
            line.Heal();
            line.Slow(Pause);
            await Waiting.UntilAsync("more comes", async () => (await desk.StatusAsync(Cancel)).Messages > before, Cancel);
            // DE can keep nothing more, so no receipt makes room.
            await using (await scene.LockAsync(Scene.Recipient, "gateway.db"))
            {
                await Waiting.UntilAsync($"{Window} are in hand", async () => (await scene.AttemptsAsync()).Count(
                    row => row.Value > presented.GetValueOrDefault(row.Key)) == Window, Cancel);
                line.Cut();
            }
            Assert.InRange(sent - (await desk.StatusAsync(Cancel)).Messages, Window + 1, Backlog);
        }
        line.Heal();

        var findings = await FaultRun.JudgeAsync(house, journal, TimeSpan.FromSeconds(60), TimeProvider.System, Cancel);
        Assert.True(findings.Good, string.Join('\n', findings.Details().Take(20)));
        Assert.Equal(sent, findings.Messages);
        folder.Delete(recursive: true);
    }
}
