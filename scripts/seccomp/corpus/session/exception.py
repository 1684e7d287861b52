# ends: 1
"""An exception leaves the interpreter alive."""
1 / 0
