"""The demo station: a small Korean programme that goes the whole way into a folder, within minutes."""
