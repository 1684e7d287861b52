"""In the interpreter: what values look like to the caller, and their way to the launcher."""

import _thread
import binascii
import io
import json
import os
import sys

import channel
import failure

_RICH = (
    ("_repr_html_", "text/html"),
    ("_repr_markdown_", "text/markdown"),
    ("_repr_latex_", "text/latex"),
    ("_repr_svg_", "image/svg+xml"),
    ("_repr_png_", "image/png"),
    ("_repr_jpeg_", "image/jpeg"),
    ("_repr_json_", "application/json"),
)
_MAX_FORMS = 16


class Values:
    """The values of one execution. Threads and forks of the user's may outlive it, and are then not heard."""

    def __init__(self, fd, number, limit):
        self._fd = fd
        self._number = number
        self._left = limit
        self._pid = os.getpid()
        self._lock = _thread.allocate_lock()
        self._index = 0
        self._parts = 0
        self._over = False

    def show(self, *values):
        """The builtin `display`: every value, in all its forms, at once."""
        for value in values:
            self.add(forms(value))

    def add(self, found):
        """Sends the forms of one value."""
        if os.getpid() != self._pid or self._over:
            return
        failure.flush()
        with self._lock:
            for mime, data in found:
                if self._over or self._parts >= channel.MAX_PARTS:
                    return
                self._send(mime, data)
            self._index += 1

    def _send(self, mime, data):
        self._parts += 1
        truncated = len(data) > self._left
        if truncated:
            data = data[: self._left].decode("utf-8", "ignore").encode() if mime == "text/plain" else b""
        self._left -= len(data)
        head = {"mime": mime, "bytes": len(data), "index": self._index, "truncated": truncated}
        os.write(self._fd, channel.encode(b"V", head))
        for at in range(0, len(data), channel.DATA_BYTES):
            os.write(self._fd, b"D" + data[at : at + channel.DATA_BYTES])

    def end(self, status, exit_code, error):
        """The execution is over; nothing is sent for it after this."""
        name, number = failure.describe(error) if error is not None else (b"", 0)
        with self._lock:
            self._over = True
            message = {
                "run": self._number,
                "status": status,
                "exitCode": exit_code,
                "exception": name.decode("ascii", "replace"),
                "errno": number,
            }
            os.write(self._fd, channel.encode(b"E", message))


def forms(value):
    """Returns [(mime, bytes)]: the text first, which may raise, then whatever else there is, which may fail."""
    kind = type(value)
    found = {"text/plain": repr(value).encode("utf-8", "backslashreplace")}
    if issubclass(kind, type):
        return list(found.items())
    bundle = _ask(value, "_repr_mimebundle_")
    if isinstance(bundle, dict):
        for mime, data in bundle.items():
            _put(found, mime, data)
    for name, mime in _RICH:
        _put(found, mime, _ask(value, name))
    return list(found.items())


def figures():
    """Yields every open figure of matplotlib as a value, and closes it."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    for number in pyplot.get_fignums():
        picture = io.BytesIO()
        pyplot.figure(number).savefig(picture, format="png", bbox_inches="tight")
        pyplot.close(number)
        yield [("image/png", picture.getvalue())]


def close_figures():
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


def _ask(value, name):
    # Of the class: an object that answers to every name would answer to these.
    method = getattr(type(value), name, None)
    if method is None:
        return None
    try:
        answer = method(value)
    except Exception:
        return None
    # With metadata, which nobody here has a use for.
    return answer[0] if isinstance(answer, tuple) and len(answer) == 2 else answer


def _put(found, mime, data):
    if data is None or mime in found or len(found) >= _MAX_FORMS:
        return
    try:
        if not channel.MIME.fullmatch(mime):
            return
        if isinstance(data, str):
            is_text = not mime.startswith("image/") or mime == "image/svg+xml"
            data = data.encode("utf-8", "backslashreplace") if is_text else binascii.a2b_base64(data)
        elif not isinstance(data, (bytes, bytearray)):
            data = json.dumps(data).encode()
        found[mime] = bytes(data)
    except Exception:
        return
