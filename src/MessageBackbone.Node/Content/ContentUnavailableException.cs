namespace MessageBackbone.Node.Content;

/// <summary>The content store cannot write or read now; nothing of the call was kept. Callers over the wire get STORE_UNAVAILABLE.</summary>
public sealed class ContentUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);
