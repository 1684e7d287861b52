"""Python's clocks, standing still at an instant that the policy names.

Time goes on for whatever measures it (monotonic, perf_counter, sleep, timeouts), and for other programs. The classes
of `datetime` stay what they are, so that isinstance, pickles and C code that knows them go on working.
"""

import ctypes
import datetime
import gc
import time

_NS = 1_000_000
# What `time` takes where no moment is given, by the place of that moment among the arguments.
_DEFAULTS = {"localtime": 0, "gmtime": 0, "ctime": 0}
_BROKEN_DOWN = {"asctime": 0, "strftime": 1}


def stand_still(ms):
    """In the calling process and its forks."""
    seconds = ms / 1000
    _still_time(ms, seconds)
    _still_datetime(seconds)


def _still_time(ms, seconds):
    def moment():
        return seconds

    def nanoseconds():
        return ms * _NS

    time.time, time.time_ns = _named(moment, "time"), _named(nanoseconds, "time_ns")
    local = time.localtime
    for name, place in _DEFAULTS.items():
        setattr(time, name, _filled(getattr(time, name), place, lambda: seconds, name))
    for name, place in _BROKEN_DOWN.items():
        setattr(time, name, _filled(getattr(time, name), place, lambda: local(seconds), name))


def _filled(function, place, default, name):
    """The function, with what it would ask the clock for given to it."""

    def filled(*args):
        given = len(args) > place and (args[place] is not None or name not in _DEFAULTS)
        return function(*args) if given else function(*args[:place], default())

    return _named(filled, name)


def _named(function, name):
    function.__name__ = function.__qualname__ = name
    function.__module__ = "time"
    return function


def _still_datetime(seconds):
    def now(cls, tz=None):
        return cls.fromtimestamp(seconds, tz)

    def utcnow(cls):
        return cls.fromtimestamp(seconds, datetime.UTC).replace(tzinfo=None)

    def today(cls):
        return cls.fromtimestamp(seconds)

    _patch(datetime.datetime, now=now, utcnow=utcnow, today=today)
    _patch(datetime.date, today=today)


def _patch(kind, **methods):
    """Puts class methods into a type of C, which has no way of its own to do so."""
    # The one thing that the view of a type's attributes refers to is the dict behind it.
    (attributes,) = gc.get_referents(kind.__dict__)
    for name, method in methods.items():
        attributes[name] = classmethod(method)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
