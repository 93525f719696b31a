using Google.Protobuf;
using MessageBackbone.Domain.Carrying;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Carrying;

public sealed class CarryBookTests
{
    private static readonly DateTimeOffset _now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Files_are_taken_one_after_the_other_and_a_repeat_adds_nothing()
    {
        var book = Fold(In(1, "", "a"), In(2, "a", "b"));

        Assert.Equal((2ul, Sha("b")), book.In);
        CarryBook.Decide(book, In(1, "", "a")).AddsNothing();
        CarryBook.Decide(book, In(2, "a", "b")).AddsNothing();
        Assert.Equal(3ul, CarryBook.Decide(book, In(3, "b", "c")).Only<CarryImported>().Number);
    }

    [Theory]
    [InlineData(4, "c", "d", "file 3 is awaited")]
    [InlineData(3, "x", "c", "follows on another file 2")]
    [InlineData(2, "a", "other", "Another file 2 was taken before")]
    [InlineData(1, "", "other", "may have lost what it knew")]
    public void A_file_that_is_not_the_next_is_refused_and_the_awaited_one_named(ulong number, string previous, string sha, string told)
    {
        var book = Fold(In(1, "", "a"), In(2, "a", "b"));

        var decision = CarryBook.Decide(book, In(number, previous, sha));

        decision.IsRefused(Reasons.FieldInvalid, "number");
        Assert.Contains(told, ((Decision.Reject)decision).Rejection.Text, StringComparison.Ordinal);
        var taken = CarryBook.Decide(book, In(number, previous, sha) with { AcceptGap = true }).Only<CarryImported>();
        Assert.True(taken.Gap);
        var after = CarryBook.Evolve(book, taken);
        Assert.Equal(CarryPlace.Next, after.Judge(Manifest(number + 1, sha), Sha("next"), out _));
    }

    [Fact]
    public void A_file_that_was_passed_over_is_taken_once_when_it_comes_late_and_the_row_goes_on_from_its_end()
    {
        var book = Fold(In(1, "", "a"), Out(1, "", "x", received: 1), In(4, "c", "d", received: 1) with { AcceptGap = true });

        var late = CarryBook.Decide(book, In(2, "a", "b")).Only<CarryImported>();
        Assert.True(late.Gap);
        book = CarryBook.Evolve(book, late);
        Assert.Equal(((4ul, Sha("d")), 1ul), (book.In, book.TakenByBureau));
        CarryBook.Decide(book, In(2, "a", "b")).AddsNothing();
        // One that was never taken is not called another; one that was, is.
        Assert.Equal(CarryPlace.Late, book.Judge(Manifest(3, "b"), Sha("c"), out _));
        Assert.Equal(CarryPlace.Gap, book.Judge(Manifest(2, "a"), Sha("other"), out var problem));
        Assert.Contains("Another file 2 was taken before", problem, StringComparison.Ordinal);
        Assert.False(CarryBook.Decide(book, In(5, "d", "e")).Only<CarryImported>().Gap);
    }

    [Fact]
    public void A_row_that_begins_anew_knows_nothing_of_the_one_before()
    {
        var book = Fold(In(1, "", "a"), In(2, "a", "b"), In(3, "b", "c"), In(1, "", "new") with { AcceptGap = true });

        Assert.Equal((1ul, Sha("new")), book.In);
        book = Fold(book, In(3, "new 2", "new 3") with { AcceptGap = true });
        Assert.Equal(CarryPlace.Late, book.Judge(Manifest(2, "new"), Sha("new 2"), out _));
    }

    [Fact]
    public void A_file_to_the_bureau_follows_on_the_last_one_and_on_what_was_taken()
    {
        var book = Fold(In(1, "", "a"), Out(1, "", "x", received: 1));

        CarryBook.Decide(book, Out(1, "", "y", received: 1)).IsRefused(Reasons.FieldInvalid, "bureau");
        CarryBook.Decide(book, Out(2, "x", "y", received: 0)).IsRefused(Reasons.FieldInvalid, "bureau");
        CarryBook.Decide(book, Out(2, "z", "y", received: 1)).IsRefused(Reasons.FieldInvalid, "bureau");
        Assert.Equal(2ul, CarryBook.Decide(book, Out(2, "x", "y", received: 1)).Only<CarryExported>().Number);
    }

    [Fact]
    public void Answers_are_with_the_bureau_once_it_has_taken_a_file_that_was_written_after_them()
    {
        var book = Fold(In(1, "", "a"), In(2, "a", "b"), Out(1, "", "x", received: 2));
        Assert.Equal((0ul, ""), (book.TakenByBureau, Answered(book)));

        book = Fold(book, In(3, "b", "c"));
        Assert.Equal("", Answered(book));

        book = Fold(book, In(4, "c", "d", received: 1));
        Assert.Equal((1ul, "1 2"), (book.TakenByBureau, Answered(book)));
        // Nobody has taken what was never written.
        Assert.Equal(1ul, Fold(book, In(5, "d", "e", received: 99)).TakenByBureau);
    }

    [Fact]
    public void The_answers_to_a_file_that_came_late_are_with_the_bureau_only_after_a_file_that_was_written_after_it()
    {
        // File 3 was taken by order, and its answers are with the bureau; then file 2 comes.
        var book = Fold(In(1, "", "a"), In(3, "b", "c") with { AcceptGap = true }, Out(1, "", "x", received: 3), In(4, "c", "d", received: 1));
        Assert.Equal("1 2 3", Answered(book));

        book = Fold(book, In(2, "a", "b"));
        Assert.Equal("1 3", Answered(book));

        book = Fold(book, Out(2, "x", "y", received: 4));
        Assert.Equal("1 3", Answered(book));
        Assert.Equal("1 2 3 4", Answered(Fold(book, In(5, "d", "e", received: 2))));
    }

    [Fact]
    public void In_a_row_that_begins_anew_no_answer_is_with_the_bureau_because_of_files_before_it()
    {
        var book = Fold(In(1, "", "a"), In(2, "a", "b"), Out(1, "", "x", received: 2));

        // It lost its disk, and was given file 1 once more.
        book = Fold(book, In(1, "", "new", received: 1) with { AcceptGap = true });
        Assert.Equal((1ul, ""), (book.TakenByBureau, Answered(book)));

        Assert.Equal("1", Answered(Fold(book, Out(2, "x", "y", received: 1), In(2, "new", "new 2", received: 2))));
    }

    [Fact]
    public void The_decider_keeps_the_two_properties() => Deciding.KeepsBothProperties<CarryBook, CarryCommand>(
        CarryBook.Empty, [In(1, "", "a"), Out(1, "", "x", received: 1), In(2, "a", "b", received: 1), In(1, "", "z") with { AcceptGap = true }],
        CarryBook.Decide, CarryBook.Evolve, book => $"{book.In} {book.Out} {book.TakenByBureau} {Answered(book)}");

    private static string Answered(CarryBook book) => string.Join(' ', Enumerable.Range(1, 9).Where(number => book.HasAnswers((ulong)number)));

    private static CarryBook Fold(params CarryCommand[] commands) => Fold(CarryBook.Empty, commands);

    private static CarryBook Fold(CarryBook book, params CarryCommand[] commands) => commands.Aggregate(
        book, (before, command) => CarryBook.Decide(before, command).Facts().Aggregate(before, CarryBook.Evolve));

    private static ImportFile In(ulong number, string previous, string sha, ulong received = 0) =>
        new(Manifest(number, previous, received), Sha(sha), false, 1, 1, "urn:backbone:operator:op", _now, "node");

    private static ExportFile Out(ulong number, string previous, string sha, ulong received) =>
        new(Manifest(number, previous, received), Sha(sha), 1, "urn:backbone:operator:op", _now, "node");

    private static CarryManifest Manifest(ulong number, string previous, ulong received = 0) =>
        new() { Bureau = "FR", Number = number, PreviousSha256 = Sha(previous), Received = received };

    private static ByteString Sha(string name) => ByteString.CopyFromUtf8(name);
}
