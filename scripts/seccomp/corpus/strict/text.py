"""Text, numbers and formats: nothing here talks to the kernel beyond memory and imports."""

import base64
import bisect
import calendar
import csv
import decimal
import difflib
import fractions
import hashlib
import hmac
import html
import io
import json
import math
import pickle
import pprint
import random
import re
import secrets
import statistics
import string
import struct
import textwrap
import tomllib
import unicodedata
import uuid
import xml.etree.ElementTree
import zlib

assert json.loads(json.dumps({"a": [1, 2.5, None]})) == {"a": [1, 2.5, None]}
assert re.sub(r"(\w+)@(\w+)", r"\2", "me@there") == "there"
assert math.isclose(math.sqrt(2) ** 2, 2)
assert decimal.Decimal("0.1") + decimal.Decimal("0.2") == decimal.Decimal("0.3")
assert fractions.Fraction(1, 3) * 3 == 1
assert statistics.median([1, 3, 2]) == 2
random.seed(1)
random.shuffle(list(range(1000)))
print(random.SystemRandom().random(), secrets.token_hex(), uuid.uuid4())
print(hashlib.sha256(b"a").hexdigest(), hmac.new(b"k", b"m", "sha256").hexdigest())
print(hashlib.scrypt(b"p", salt=b"s", n=2, r=1, p=1).hex(), hashlib.blake2b(b"x").hexdigest())
print(textwrap.fill("word " * 50), difflib.get_close_matches("appel", ["apple"]))
print(list(csv.reader(io.StringIO("a,b\n1,2\n"))), struct.pack(">I", 1), string.ascii_letters)
print(xml.etree.ElementTree.fromstring("<a><b/></a>"), html.escape("<"), tomllib.loads("a = 1"))
print(pickle.loads(pickle.dumps({1, 2})), zlib.decompress(zlib.compress(b"x" * 10000))[:1])
print(unicodedata.name("é"), base64.b64encode(b"x"), calendar.month(2026, 1), bisect.bisect([1, 2], 1))
pprint.pprint({"x" * 40: "y" * 60})
