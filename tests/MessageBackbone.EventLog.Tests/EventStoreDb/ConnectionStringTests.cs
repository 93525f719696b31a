using System.Net;
using MessageBackbone.EventLog.EventStoreDb;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

public sealed class ConnectionStringTests
{
    [Fact]
    public void A_host_alone_means_its_default_port_tls_and_nobody()
    {
        var to = ConnectionString.Parse("esdb://store.example");

        Assert.Equal([new DnsEndPoint("store.example", 2113)], to.Hosts);
        Assert.Equal((false, true, true, null, null, null), (to.Discover, to.Tls, to.TlsVerify, to.TlsCaFile, to.User, to.Certificate));
        Assert.Equal(("backbone", 10, 100, 5), (to.ConnectionName, to.DiscoverAttempts, to.DiscoveryInterval.TotalMilliseconds, to.GossipTimeout.TotalSeconds));
        Assert.Equal((10, 10, 10), (to.Deadline.TotalSeconds, to.KeepAliveInterval.TotalSeconds, to.KeepAliveTimeout.TotalSeconds));
    }

    [Fact]
    public void Every_option_is_read_in_any_case()
    {
        var to = ConnectionString.Parse(
            "esdb://h?TLS=False&tlsverifycert=false&tlsCaFile=%2Fetc%2Fca%20one.pem&userCertFile=c.pem&userKeyFile=k.pem&connectionName=north"
            + "&maxDiscoverAttempts=3&discoveryInterval=20&gossipTimeout=7&defaultDeadline=1500&keepAliveInterval=-1&keepAliveTimeout=2500"
            + "&nodePreference=Leader&throwOnAppendFailure=false");

        Assert.Equal((false, false, "/etc/ca one.pem", "north", 3), (to.Tls, to.TlsVerify, to.TlsCaFile, to.ConnectionName, to.DiscoverAttempts));
        Assert.Equal(("c.pem", "k.pem"), to.Certificate);
        Assert.Equal((20, 7_000, 1_500), (to.DiscoveryInterval.TotalMilliseconds, to.GossipTimeout.TotalMilliseconds, to.Deadline.TotalMilliseconds));
        Assert.Equal((Timeout.InfiniteTimeSpan, 2_500), (to.KeepAliveInterval, to.KeepAliveTimeout.TotalMilliseconds));
    }

    [Theory]
    [InlineData("esdb://h", false)]
    [InlineData("kurrentdb://h", false)]
    [InlineData("esdb+discover://h", true)]
    [InlineData("kurrentdb+discover://h", true)]
    [InlineData("esdb://h,i:2114", true)]
    public void The_hosts_are_asked_who_leads_when_that_is_said_or_there_are_several(string text, bool discover) =>
        Assert.Equal(discover, ConnectionString.Parse(text).Discover);

    [Theory]
    [InlineData("esdb://10.0.0.1:1113", "10.0.0.1", 1113)]
    [InlineData("esdb://[::1]:1113", "::1", 1113)]
    [InlineData("esdb://[fe80::1]", "fe80::1", 2113)]
    [InlineData("esdb://h:65535/", "h", 65_535)]
    [InlineData("esdb://u:p@h/?tls=true", "h", 2113)]
    public void A_host_is_a_name_or_an_address_with_or_without_a_port(string text, string host, int port) =>
        Assert.Equal(new DnsEndPoint(host, port), Assert.Single(ConnectionString.Parse(text).Hosts));

    [Fact]
    public void Several_hosts_are_kept_in_order() =>
        Assert.Equal(
            [new DnsEndPoint("a", 1), new DnsEndPoint("::1", 2113), new DnsEndPoint("c", 3)],
            ConnectionString.Parse("esdb://u:p@a:1,[::1],c:3?tls=false").Hosts);

    [Theory]
    [InlineData("esdb://admin:changeit@h", "admin", "changeit")]
    [InlineData("esdb://a%40b:p%3A%40%2F%3F%25@h", "a@b", "p:@/?%")]
    [InlineData("esdb://u:a:b@h", "u", "a:b")]
    [InlineData("esdb://u:a@b@h", "u", "a@b")]
    [InlineData("esdb://u:@h", "u", "")]
    public void User_and_password_are_percent_decoded(string text, string user, string password)
    {
        var to = ConnectionString.Parse(text);

        Assert.Equal((user, password), (to.User!.UserName, to.User.Password));
        Assert.Equal("h", Assert.Single(to.Hosts).Host);
    }

    [Fact]
    public void What_may_be_shown_holds_hosts_alone()
    {
        Assert.Equal("esdb://h:2113", $"{ConnectionString.Parse("esdb://u:secret@h?tls=false")}");
        Assert.Equal("esdb+discover://a:1,[::1]:2", $"{ConnectionString.Parse("kurrentdb://u:secret@a:1,[::1]:2")}");
    }

    [Theory]
    [InlineData("http://u:secret@h", "begins with esdb://")]
    [InlineData("u:secret@h", "begins with esdb://")]
    [InlineData("", "begins with esdb://")]
    [InlineData("esdb://u:secret@", "no host")]
    [InlineData("esdb://u:secret@h:0", "'h:0'")]
    [InlineData("esdb://u:secret@h:65536", "'h:65536'")]
    [InlineData("esdb://u:secret@h:x", "'h:x'")]
    [InlineData("esdb://u:secret@h,", "no host")]
    [InlineData("esdb://u:secret@a b", "'a b'")]
    [InlineData("esdb://secret@h", "user:password@")]
    [InlineData("esdb://:secret@h", "user:password@")]
    [InlineData("esdb://u:secret@h?tsl=false", "'tsl'")]
    [InlineData("esdb://u:secret@h?tls=perhaps", "tls=perhaps")]
    [InlineData("esdb://u:secret@h?tls", "'tls'")]
    [InlineData("esdb://u:secret@h?tls=true&TLS=false", "'TLS'")]
    [InlineData("esdb://u:secret@h?maxDiscoverAttempts=0", "maxDiscoverAttempts=0")]
    [InlineData("esdb://u:secret@h?defaultDeadline=soon", "defaultDeadline=soon")]
    [InlineData("esdb://u:secret@h?gossipTimeout=-1", "gossipTimeout=-1")]
    [InlineData("esdb://u:secret@h?nodePreference=follower", "nodePreference=follower")]
    [InlineData("esdb://u:secret@h?userCertFile=c.pem", "userKeyFile")]
    public void What_is_wrong_is_named_and_the_password_never(string text, string named)
    {
        var said = Assert.Throws<FormatException>(() => ConnectionString.Parse(text)).Message;

        Assert.Contains(named, said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("esdb://u:sec/ret?tls=x@h")]
    [InlineData("esdb://u:sec?ret@h")]
    [InlineData("esdb://u:sec#ret&a@h:99999")]
    public void A_password_that_was_not_encoded_is_not_shown_either(string text)
    {
        var said = Assert.ThrowsAny<Exception>(() => ConnectionString.Parse(text)).Message;

        Assert.DoesNotContain("sec", said, StringComparison.Ordinal);
        Assert.DoesNotContain("ret", said, StringComparison.Ordinal);
    }
}
