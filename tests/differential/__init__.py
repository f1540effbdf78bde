"""The same scenarios through two SDKs: what is tried, what runs it, and what may differ."""
