"""Classes, generators, exceptions and what the standard library builds of them."""

import abc
import collections
import contextlib
import copy
import dataclasses
import enum
import functools
import heapq
import itertools
import operator
import sys
import traceback
import types
import typing


@dataclasses.dataclass(order=True)
class Point:
    x: int
    y: int = 0


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...


class Colour(enum.Enum):
    RED = 1


def nested(depth):
    if depth == 0:
        raise ValueError("deep")
    nested(depth - 1)


assert sorted([Point(2), Point(1)])[0] == Point(1)
assert Colour(1) is Colour.RED
try:
    nested(200)
except ValueError:
    traceback.print_exc()
try:
    raise ExceptionGroup("several", [ValueError(1), TypeError(2)])
except* ValueError:
    pass
except* TypeError:
    pass
try:
    (lambda f: f(f))(lambda f: f(f))
except RecursionError:
    pass
with contextlib.suppress(ZeroDivisionError):
    1 / 0
assert functools.reduce(operator.add, itertools.chain(range(5), range(5))) == 20
assert heapq.nsmallest(2, [3, 1, 2]) == [1, 2]
assert collections.Counter("aab").most_common(1) == [("a", 2)]
copy.deepcopy({"a": [Point(1)]})
print(typing.get_type_hints(Point), types.SimpleNamespace(a=1), sys.version_info)
