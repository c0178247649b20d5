"""What sites fetch from us: their keys, what is there for them, and a log of what really went out."""
