"""Models that teach models, made traffic, and what defences are worth."""
