"""The stream: bus, hot state, the way of a batch, the Faust app and the embedded runner."""
