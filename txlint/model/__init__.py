"""Plain data that all stages share: facts, catalog entries, hazards, findings. No behaviour beyond small derivations."""
