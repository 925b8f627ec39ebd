"""The shipped corpus checked: its catalogue, its documents, and every researched fact found again in the ledger."""
