"""The frequency schedule as a whole: files in and out, other people's lines behind ours, what conflicts, and the chart."""
