using System.Runtime.CompilerServices;

namespace MessageBackbone.Conformance;

/// <summary>Python's client on our server. Each test is the case of the same name in python/cases_*.py, with a server of its own.</summary>
public abstract partial class PythonClientTests(bool tls)
{
    [Fact]
    public Task A_unary_call_is_echoed() => RunAsync();

    [Fact]
    public Task A_stream_of_requests_is_collected() => RunAsync();

    [Fact]
    public Task A_stream_of_replies_arrives_in_order() => RunAsync();

    [Fact]
    public Task A_duplex_stream_answers_each_message_before_the_next_is_sent() => RunAsync();

    [Fact]
    public Task Messages_and_streams_may_be_empty() => RunAsync();

    [Fact]
    public Task Large_messages_travel_both_ways() => RunAsync();

    [Fact]
    public Task A_request_over_the_limit_of_the_server_is_RESOURCE_EXHAUSTED() => RunAsync();

    [Fact]
    public Task A_reply_over_the_limit_of_the_client_is_RESOURCE_EXHAUSTED() => RunAsync();

    [Fact]
    public Task Text_metadata_comes_back_as_initial_and_trailing() => RunAsync();

    [Fact]
    public Task Binary_metadata_comes_back_as_initial_and_trailing() => RunAsync();

    [Fact]
    public Task Initial_metadata_arrives_before_the_first_message() => RunAsync();

    [Fact]
    public Task Gzip_goes_both_ways() => RunAsync(server =>
    {
        // Eight messages of 1 MiB of zeros passed: had one gone plain, it would show.
        Assert.InRange(server.Watch.Received, 1, 512 * 1024);
        Assert.InRange(server.Watch.Sent, 1, 512 * 1024);
    });

    [Fact]
    public Task Many_calls_and_streams_run_at_once() => RunAsync();

    [Fact]
    public Task Every_status_code_arrives_as_itself() => RunAsync();

    [Fact]
    public Task The_text_of_a_refusal_arrives_in_any_script() => RunAsync();

    [Fact]
    public Task Status_details_arrive_whole() => RunAsync();

    [Fact]
    public Task A_refusal_without_messages_still_has_its_trailers() => RunAsync();

    [Fact]
    public Task Messages_before_a_refusal_arrive() => RunAsync();

    [Fact]
    public Task A_refusal_in_the_middle_of_a_stream_of_requests_ends_it() => RunAsync();

    [Fact]
    public Task An_exception_of_the_method_is_UNKNOWN_and_its_text_stays_on_the_server() => RunAsync(server =>
    {
        Assert.Single(server.Errors);
        server.Errors.Clear();
    });

    [Fact]
    public Task A_deadline_ends_the_call_on_both_sides() => RunAsync();

    [Fact]
    public Task A_deadline_ends_a_stream_after_messages_have_come() => RunAsync();

    [Fact]
    public Task The_server_knows_how_much_time_is_left() => RunAsync();

    [Fact]
    public Task Cancelling_a_unary_call_reaches_the_server() => RunAsync();

    [Fact]
    public Task Cancelling_streams_in_the_middle_reaches_the_server() => RunAsync();

    [Fact]
    public Task A_call_that_is_over_was_not_cancelled() => RunAsync();

    [Fact]
    public Task The_server_can_end_a_call_as_CANCELLED_and_by_a_reset() => RunAsync();

    [Fact]
    public Task An_unknown_method_or_service_is_UNIMPLEMENTED() => RunAsync();

    [Fact]
    public Task Pings_hold_an_idle_call() => RunAsync();

    [Fact]
    public Task Health_is_checked() => RunAsync();

    [Fact]
    public Task Health_is_watched() => RunAsync();

    [Fact]
    public Task Reflection_is_enough_to_call_a_method() => RunAsync();

    [Fact]
    public Task Reflection_answers_older_tools_too() => RunAsync();

    private protected Task RunAsync([CallerMemberName] string test = "") => RunAsync(static _ => { }, test);

    private protected async Task RunAsync(Action<ConformanceServer> afterwards, [CallerMemberName] string test = "")
    {
        await using var server = await ConformanceServer.StartAsync(tls);
        string[] certificates = tls ? [await Python.CertificatesAsync()] : [];

        await Python.RunAsync("client.py", [$"127.0.0.1:{server.Port}", CaseOf(test), .. certificates]);

        await server.StopAsync();
        afterwards(server);
        Assert.True(server.Errors.IsEmpty, string.Join("\n", server.Errors));
    }

    internal static string CaseOf(string test) => char.ToLowerInvariant(test[0]) + test[1..];
}

public sealed partial class PythonClientOverCleartextTests() : PythonClientTests(tls: false);

public sealed class PythonClientOverTlsTests() : PythonClientTests(tls: true)
{
    [Fact]
    public Task The_server_knows_the_certificate_of_the_client() => RunAsync();
}
