"""What is in a folder of the workspace, page by page."""

import binascii
import json
import stat

import beneath
import workspace

# What JavaScript takes for a date and for a whole number.
_LAST_MS = 8_640_000_000_000_000
_MAX_BYTES = (1 << 53) - 1
# A page of names, as JSON, stays well within a frame.
_MAX_PAGE_BYTES = 512 << 10
# Names that look the same can't be told apart by whoever reads the page: so many of them will do.
_MAX_SAME_BYTES = 768 << 10
_KINDS = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISLNK, "link"))


def entry(path, facts):
    kind = next((name for test, name in _KINDS if test(facts.st_mode)), "other")
    raw = path.encode("utf-8", "surrogateescape")
    shown = raw.decode("utf-8", "replace")
    found = {"path": shown, "type": kind, **numbers(facts)}
    if kind != "file":
        found["bytes"] = 0
    if shown != path:
        found["pathBase64"] = binascii.b2a_base64(raw, newline=False).decode()
    return found


def numbers(facts):
    return {
        "bytes": min(facts.st_size, _MAX_BYTES),
        "modifiedMs": min(max(facts.st_mtime_ns // 1_000_000, 0), _LAST_MS),
        "mode": stat.S_IMODE(facts.st_mode),
    }


def listing(head):
    """Yields None now and then, and last a page {"entries", "more"}. Raises OSError, or TooMany."""
    after = head.get("after")
    found = []
    for full, folder, name in workspace.walk(head["path"], head.get("recursive", False)):
        yield None
        if name is None:
            # Too deep, or gone; the folder itself has its entry already.
            continue
        try:
            seen = entry(full, beneath.facts(name, folder))
        except OSError:
            continue
        if after is None or seen["path"] > after:
            found.append(seen)
    found.sort(key=lambda seen: (seen["path"], seen.get("pathBase64", "")))
    yield _page(found, head.get("max", 1000))


def _page(found, most):
    entries = []
    size = 0
    for seen in found:
        # Names that look the same stay together: the next page begins behind the last name.
        same = entries and entries[-1]["path"] == seen["path"]
        if not same and (len(entries) >= most or size >= _MAX_PAGE_BYTES):
            return {"entries": entries, "more": True}
        if same and size >= _MAX_SAME_BYTES:
            continue
        size += len(json.dumps(seen))
        entries.append(seen)
    return {"entries": entries, "more": False}
