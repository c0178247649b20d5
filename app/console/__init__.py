"""The pages that people look at: each area has its page, its views, and its templates, words and scripts beside it."""
