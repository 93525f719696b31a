using System.Diagnostics.Metrics;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>The transport's state as it is measured.</summary>
internal static class TransportGauge
{
    /// <summary>The highest among the nodes of this process: 1 if one of them is in this state.</summary>
    public static int Highest(string state)
    {
        var values = new List<int>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, itself) =>
        {
            if (instrument.Name == "backbone.transport.state") itself.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((_, value, tags, _) =>
        {
            foreach (var tag in tags)
                if (tag.Key == "state" && Equals(tag.Value, state)) values.Add(value);
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return values.Max();
    }
}
