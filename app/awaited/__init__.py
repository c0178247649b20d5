"""What airings await: what it is, from whom and until when, whether it has come, and the last moment at which it helps."""
