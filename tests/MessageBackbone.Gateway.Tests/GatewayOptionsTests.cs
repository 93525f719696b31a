using System.ComponentModel.DataAnnotations;

namespace MessageBackbone.Gateway.Tests;

public sealed class GatewayOptionsTests
{
    [Fact]
    public void The_defaults_with_a_bureau_and_folders_are_valid() => Valid().Validate();

    [Theory]
    [InlineData("fr")]
    [InlineData("")]
    [InlineData("FR\n")]
    public void A_bureau_code_that_is_none_is_refused(string code) => Refused(o => o.Bureau = code);

    [Fact]
    public void An_address_that_is_not_on_the_loopback_is_refused() => Refused(o => o.Listen = new Uri("https://192.0.2.1:7450"));

    [Fact]
    public void Plain_http_is_refused() => Refused(o => o.Listen = new Uri("http://127.0.0.1:7450"));

    [Fact]
    public void A_node_without_tls_is_refused() => Refused(o => o.Node = new Uri("http://127.0.0.1:7443"));

    [Fact]
    public void A_first_pause_of_nothing_is_refused() => Refused(o => o.ReconnectFirst = TimeSpan.Zero);

    [Fact]
    public void An_empty_window_is_refused() => Refused(o => o.WindowFlash = 0);

    [Theory]
    [InlineData("collector:4317", "grpc")]
    [InlineData("http://127.0.0.1:4317", "udp")]
    public void A_collector_that_cannot_be_reached_by_OTLP_is_refused(string endpoint, string protocol) =>
        Refused(o => (o.Telemetry.OtlpEndpoint, o.Telemetry.OtlpProtocol) = (endpoint, protocol));

    [Fact]
    public void No_patience_for_a_Welcome_is_refused() => Refused(o => o.WelcomeWithin = TimeSpan.Zero);

    private static void Refused(Action<GatewayOptions> change)
    {
        var options = Valid();
        change(options);
        Assert.Throws<ValidationException>(options.Validate);
    }

    private static GatewayOptions Valid() => new() { Bureau = "FR", DataFolder = "/tmp/data", PkiFolder = "/tmp/pki" };
}
