"""Published energy models, one per file: a network's counts in, picojoules by part out."""
