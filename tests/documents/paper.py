"""Reads a printed report and looks for what it has to hold. Arguments: the PDF, then the texts."""

import re
import sys

from pypdf import PdfReader

reader = PdfReader(sys.argv[1])
plain = lambda text: re.sub(r"\s+", "", text)
text = plain("".join(page.extract_text() for page in reader.pages))
for page in reader.pages:
    width, height = (float(side) for side in page.mediabox[2:])
    assert abs(width - 595) < 2 and abs(height - 842) < 2, (width, height)
missing = [wanted for wanted in sys.argv[2:] if plain(wanted) not in text]
assert not missing, f"not on paper: {missing}"
print(len(reader.pages))
