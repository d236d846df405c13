"""What the data is made of: names, formats, canonical text, evidence, reports."""
