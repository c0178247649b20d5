"""The delivery of one version of one airing to one feed."""
