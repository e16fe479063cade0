"""``izhikevich-stdp``: one file a subject."""
