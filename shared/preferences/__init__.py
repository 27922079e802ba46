"""What a viewer may say about their timeline: how texts compare, and what is withheld by what posts say. Pure."""
