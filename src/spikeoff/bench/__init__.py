"""Speed, side by side with peers: the verb ``bench``."""
