# ends: 1
import atexit

atexit.register(print, "bye")


class Gone:
    def __del__(self):
        print("gone")


left = Gone()
raise KeyError("nobody catches this")
