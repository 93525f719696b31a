namespace MessageBackbone.Conformance;

/// <summary>grpc-dotnet's server drops an empty value, and bounds what arrives, not what it unpacks to.</summary>
public abstract partial class PythonClientTests
{
    [Fact]
    public Task An_empty_value_of_metadata_is_a_value() => RunAsync();

    [Fact]
    public Task What_unpacks_to_more_than_the_limit_is_RESOURCE_EXHAUSTED() => RunAsync();
}

public sealed partial class PythonClientOverCleartextTests
{
    [Fact]
    public async Task Every_case_of_python_is_a_test_here()
    {
        var cases = (await Python.RunAsync("client.py", "--list")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var tests = typeof(PythonClientOverTlsTests).GetMethods().Where(m => m.IsDefined(typeof(FactAttribute), inherit: true)).Select(m => CaseOf(m.Name));

        Assert.Equal(cases.Order(StringComparer.Ordinal), tests.Order(StringComparer.Ordinal));
    }
}
