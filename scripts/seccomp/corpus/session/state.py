"""An execution in a session: state, values that are shown, and stdin that comes as a descriptor."""

import sys

counter = globals().get("counter", 0) + 1
print(counter, repr(sys.stdin.read()))
display({"a": 1})
display("text")
[n * n for n in range(10)]
