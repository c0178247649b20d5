"""How sound is made: files in, files out.

Everything inside is mono at 48 kHz and positions are whole samples at that rate. This package is the only caller
of the ffmpeg and espeak-ng processes and of pydub; it knows no database, no HTTP and nothing of the rest of Danpa.

    words -> speaking -> source
    source -> ingest -> Master -> prepare (per piece, cached) -> mix -> encode -> check -> Artefact
    Artefact -> frames -> wire -> the bytes of a live connection
"""
