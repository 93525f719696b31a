using System.ComponentModel.DataAnnotations;
using System.Globalization;
using MessageBackbone.Node.Hosting;

namespace MessageBackbone.Node.Tests.Hosting;

public sealed class RequestOptionsTests
{
    [Fact]
    public void The_defaults_are_good_and_know_the_classes_of_the_contract()
    {
        var options = new RequestOptions();

        Assert.Empty(Problems(options));
        Assert.Equal(["eu-other", "eu-urgent-direct", "eu-urgent-indirect", "hit-routine", "hit-urgent", "sirene"], options.Known);
    }

    [Theory]
    [InlineData("eu-urgent-direct", "08:00:00")]
    [InlineData("eu-urgent-indirect", "3.00:00:00")]
    [InlineData("eu-other", "7.00:00:00")]
    [InlineData("sirene", "12:00:00")]
    [InlineData("hit-urgent", "00:10:00")]
    [InlineData("hit-routine", "01:00:00")]
    public void Each_class_has_its_time_for_the_answer(string name, string allowed) =>
        Assert.Equal(TimeSpan.Parse(allowed, CultureInfo.InvariantCulture), new RequestOptions().TermsOf(name)!.Allowed);

    [Theory]
    [InlineData("0.5, nine")]
    [InlineData("0.9, 0.5")]
    [InlineData("0.5, 1")]
    [InlineData("0.1, 0.2, 0.3, 0.4")]
    public void Reminders_are_at_most_three_parts_that_go_up(string reminders) =>
        Assert.Contains("Requests:Reminders", Assert.Single(Problems(new RequestOptions { Reminders = reminders })), StringComparison.Ordinal);

    [Theory]
    [InlineData("Sirene", 12)]
    [InlineData("sirene", -1)]
    [InlineData("sirene", 0.0001)]
    [InlineData("sirene", 9000)]
    public void A_class_is_a_name_and_a_time(string name, double hours)
    {
        var options = new RequestOptions();
        options.Classes[name] = TimeSpan.FromHours(hours);

        Assert.Contains($"Requests:Classes:{name}", Assert.Single(Problems(options)), StringComparison.Ordinal);
    }

    [Fact]
    public void No_time_takes_a_class_away_and_no_reminders_are_none()
    {
        var options = new RequestOptions { Reminders = "" };
        options.Classes["sirene"] = TimeSpan.Zero;

        Assert.Empty(Problems(options));
        Assert.Null(options.TermsOf("sirene"));
        Assert.Equal(3, options.TermsOf("eu-other")!.Ladder.Rungs.Count);
    }

    [Fact]
    public void The_operators_are_not_told_before_the_requester() =>
        Assert.Contains("OperatorAfter", Assert.Single(Problems(new RequestOptions { RequesterAfter = .5, OperatorAfter = .2 })), StringComparison.Ordinal);

    private static List<string> Problems(RequestOptions options)
    {
        var problems = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true);
        return [.. problems.Select(problem => problem.ErrorMessage!)];
    }
}
