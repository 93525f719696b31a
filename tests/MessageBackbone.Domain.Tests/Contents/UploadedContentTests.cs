using FsCheck;
using FsCheck.Fluent;
using MessageBackbone.Domain.Contents;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Domain.Tests.Contents;

public sealed class UploadedContentTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_bureau_that_brought_the_bytes_is_recorded_once()
    {
        var fact = UploadedContent.Decide(UploadedContent.Unknown, Upload("FR")).Only<V1.ContentUploaded>();

        Assert.Equal(("FR", 12UL), (fact.By, fact.Size));
        UploadedContent.Decide(Given("FR"), Upload("FR")).AddsNothing();
        Assert.Equal("DE", UploadedContent.Decide(Given("FR"), Upload("DE")).Only<V1.ContentUploaded>().By);
    }

    [Fact]
    public void Only_who_brought_it_may_name_it_and_only_with_its_size()
    {
        Assert.Null(UploadedContent.MayName(Given("FR", "DE"), "DE", 12, "attachments[0]"));
        var foreign = Assert.IsType<Rejection>(UploadedContent.MayName(Given("FR"), "DE", 12, "attachments[0]"));
        Assert.Equal((Reasons.FieldInvalid, "attachments[0]"), (foreign.Reason, Assert.Single(foreign.Fields)));
        Assert.Equal("attachments[1]", Assert.Single(UploadedContent.MayName(UploadedContent.Unknown, "FR", 0, "attachments[1]")!.Fields));
        Assert.Equal("attachments[0].size", Assert.Single(UploadedContent.MayName(Given("FR"), "FR", 13, "attachments[0]")!.Fields));
    }

    [Fact]
    public void Deciding_again_adds_nothing_and_folding_reaches_the_same_state()
    {
        var commands = Gen.Elements("FR", "ES", "DE").Select(Upload).ListOf();

        Prop.ForAll(commands.ToArbitrary(), list => Deciding.KeepsBothProperties(
            UploadedContent.Unknown, list, UploadedContent.Decide, UploadedContent.Evolve, state => $"{state.Size} {string.Join(' ', state.BroughtBy)}")).QuickCheckThrowOnFailure();
    }

    private static RecordUpload Upload(string by) => new(new Fingerprint(1, 2, 3, 4), 12, by, At);

    private static UploadedContent Given(params string[] bureaus) =>
        bureaus.Aggregate(UploadedContent.Unknown, (state, by) => UploadedContent.Evolve(state, UploadedContent.Decide(state, Upload(by)).Only<V1.ContentUploaded>()));
}
