"""In the interpreter: the code of one execution after the other, in one namespace."""

import __future__
import linecache

import _ast
import failure
import values

_ONLY_AST, _TOP_LEVEL_AWAIT, _COROUTINE = 0x400, 0x2000, 0x80
_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag
_MAX_SOURCES = 100
_MAX_SOURCE_BYTES = 4 << 20


class Program:
    def __init__(self, namespace):
        self._namespace = namespace
        self._flags = _TOP_LEVEL_AWAIT
        self._sources = {}
        self._runner = None

    def rehearse(self):
        """What the first execution would pay for otherwise. Nothing of it stays to be seen."""
        self.run(b"[str(n) for n in range(9)] and None", "<rehearsal>", None)
        self._sources.clear()
        linecache.clearcache()

    def run(self, source, name, shown):
        """Runs the code; what its last expression is worth, and its plots, go to `shown`."""
        self._remember(source, name)
        tree = compile(source, name, "exec", self._flags | _ONLY_AST, True)
        last = None
        if tree.body and type(tree.body[-1]) is _ast.Expr:
            last = _ast.Expression(tree.body.pop().value)
        code = compile(tree, name, "exec", self._flags, True)
        self._flags |= code.co_flags & _FUTURES
        last = last and compile(last, name, "eval", self._flags, True)
        codes = [code, last] if last else [code]
        if any(code.co_flags & _COROUTINE for code in codes):
            value = self._wait_for(self._in_loop(codes))
        else:
            value = [eval(code, self._namespace) for code in codes][-1]
        if last and value is not None:
            shown.show(value)
        for picture in values.figures():
            shown.add(picture)
        failure.flush()

    async def _in_loop(self, codes):
        """One `await` anywhere, and all of the code has a running loop."""
        value = None
        for code in codes:
            value = eval(code, self._namespace)
            if code.co_flags & _COROUTINE:
                value = await value
        return value

    def _wait_for(self, coroutine):
        if self._runner is None or self._runner.get_loop().is_closed():
            import asyncio

            self._runner = asyncio.Runner()
        try:
            return self._runner.run(coroutine)
        except KeyboardInterrupt as interrupt:
            # The loop tells of it as the end of a cancellation; to the user's code it came where it waited.
            cancelled = interrupt.__context__
            where = cancelled.__traceback__ if cancelled is not None else interrupt.__traceback__
            raise interrupt.with_traceback(where) from None

    def _remember(self, source, name):
        """Tracebacks show the lines of this and of a bounded number of earlier executions."""
        self._sources.pop(name, None)
        self._sources[name] = len(source)
        while len(self._sources) > _MAX_SOURCES or sum(self._sources.values()) > _MAX_SOURCE_BYTES:
            oldest = next(iter(self._sources))
            del self._sources[oldest]
            linecache.cache.pop(oldest, None)
        text = source.decode("utf-8", "replace")
        if name in self._sources:
            linecache.cache[name] = (len(text), None, text.splitlines(True), name)
