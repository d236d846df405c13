"""Views of an answer: which fit it, and what each draws."""
