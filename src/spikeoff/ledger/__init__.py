"""The ledger: what a run did and what it cost."""
