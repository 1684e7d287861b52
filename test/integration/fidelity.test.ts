/** An action behaves as a bare `python3 FILE` in the same sandbox does: same streams, same end. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Service, startService } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => await service[Symbol.asyncDispose]());

/** Runs the file `bare.py` in an interpreter of its own and reports on it as JSON. */
const bare = `
import json, subprocess, sys
run = subprocess.run(["python3", "/workspace/bare.py", *sys.argv[1:]], input=sys.stdin.buffer.read(), capture_output=True)
print(json.dumps([run.stdout.decode("latin1"), run.stderr.decode("latin1"), run.returncode]))`;

const programs: [string, string][] = [
  ["prints and ends", "print('é')"],
  ["raises deep down", "def f(n):\n    if n == 0: raise ValueError('x')\n    f(n - 1)\nf(3)"],
  [
    "raises from another error",
    "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise KeyError('k') from e",
  ],
  ["raises a group", "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])"],
  ["recurses without end", "def f(): f()\nf()"],
  ["has a syntax error", "x = (1,\nprint(2"],
  ["has an indentation error", "if 1:\nx"],
  ["fails an assertion", "assert 1 == 2, 'no'"],
  ["exits with a number", "import sys; sys.exit(7)"],
  ["exits with a large number", "import sys; sys.exit(256 + 5)"],
  ["exits with a negative number", "import sys; sys.exit(-1)"],
  ["exits with None", "import sys; print('x'); sys.exit(None)"],
  ["exits with text", "import sys; sys.exit('message é')"],
  ["exits with an object", "import sys; sys.exit([1, 2])"],
  ["exits with True", "raise SystemExit(True)"],
  ["is interrupted", "raise KeyboardInterrupt"],
  ["kills itself", "import os; os.kill(os.getpid(), 15)"],
  ["aborts", "import os; os.abort()"],
  ["exits in a thread", "import sys, threading\nthreading.Thread(target=sys.exit).start()\nprint('main')"],
  [
    "raises in a thread",
    "import threading\nt = threading.Thread(target=lambda: 1/0, name='t'); t.start(); t.join()",
  ],
  [
    "ends with a thread that goes on",
    "import threading, time\nthreading.Thread(target=lambda: (time.sleep(.1), print('late'))).start()\nprint('main')",
  ],
  [
    "ends with a daemon thread",
    "import threading, time\nthreading.Thread(target=lambda: (time.sleep(9), print('late')), daemon=True).start()\nprint('main')",
  ],
  [
    "registers exit handlers",
    "import atexit\natexit.register(print, 1)\natexit.register(print, 2)\nprint(0)",
  ],
  ["raises in an exit handler", "import atexit\n@atexit.register\ndef f(): 1/0\nprint(0)"],
  ["exits in an exit handler", "import atexit, sys\natexit.register(sys.exit, 3)"],
  [
    "prints in destructors",
    "class A:\n    def __init__(s, n): s.n = n\n    def __del__(s): print('del', s.n)\na, b, _c = A(1), A(2), A(3)\nx = A(4); x.me = x",
  ],
  [
    "raises in a destructor",
    "class A:\n    def __del__(s): raise ValueError('d')\na = A()\ndel a\nprint('on')",
  ],
  ["leaves a file open", "f = open('/tmp/left', 'w'); f.write('x' * 10)\nimport atexit\nprint('end')"],
  [
    "sets an exception hook",
    "import sys\nsys.excepthook = lambda t, v, tb: print('hook', t.__name__, tb.tb_lineno)\n1/0",
  ],
  [
    "has a broken exception hook",
    "import sys\ndef hook(*a): raise KeyError('h')\nsys.excepthook = hook\n1/0",
  ],
  ["replaces stdout", "import io, sys\nsys.stdout = io.StringIO()\nprint('unseen')"],
  ["closes stdout", "import sys\nprint('seen')\nsys.stdout.close()"],
  ["closes the descriptor under stdout", "import os\nprint('lost')\nos.close(1)"],
  ["warns", "import warnings\nwarnings.warn('careful')\nprint(1 is 1)"],
  [
    "has a future import",
    "from __future__ import annotations\ndef f(x: Undefined): pass\nprint(f.__annotations__)",
  ],
  ["has an encoding cookie", "# -*- coding: latin-1 -*-\nprint('é')\n"],
  ["starts with a byte order mark", "\ufeffprint('bom')"],
  ["has carriage returns", "x = 1\r\nif x:\r\n    print('crlf')\r\n"],
  ["has a form feed and tabs", "\fif 1:\n\tprint('tab')"],
  ["ends without a newline in a comment", "print(1) # end"],
  ["is empty", ""],
  ["is a docstring", '"""doc"""\nprint(__doc__)'],
  [
    "looks at its name and arguments",
    "import sys\nprint(__name__, sys.argv[1:], __builtins__.__name__, __spec__, __package__)",
  ],
  ["reads its input by lines", "import sys\nfor line in sys.stdin: print(repr(line))"],
  ["asks for input", "a = input('prompt> ')\nprint(a)\ntry: input()\nexcept EOFError: print('eof')"],
  ["writes bytes that are no text", "import sys\nsys.stdout.buffer.write(b'\\xff\\x00')\nprint('\\udcff')"],
  ["prints surrogates to stderr", "import sys\nprint('\\udcff é', file=sys.stderr)"],
  ["mixes buffered and direct writes", "import os\nprint('a')\nos.write(1, b'b\\n')\nprint('c')"],
  [
    "runs asyncio",
    "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    print('async')\nasyncio.run(main())",
  ],
  [
    "leaves a task pending",
    "import asyncio\nasync def main(): asyncio.get_event_loop().create_task(asyncio.sleep(9))\nasyncio.run(main())\nprint('x')",
  ],
  ["never awaits a coroutine", "async def f(): pass\nf()\nprint('x')"],
  [
    "handles a signal",
    "import os, signal\nsignal.signal(signal.SIGUSR1, lambda *a: print('got'))\nos.kill(os.getpid(), signal.SIGUSR1)\nprint('on')",
  ],
  [
    "breaks a pipe",
    "import subprocess\np = subprocess.Popen(['true'], stdin=subprocess.PIPE)\np.wait()\ntry: p.stdin.write(b'x' * 100000); p.stdin.flush()\nexcept BrokenPipeError: print('broken')\ntry: p.stdin.close()\nexcept BrokenPipeError: pass",
  ],
  [
    "forks",
    "import os\npid = os.fork()\nif pid == 0: print('child'); raise SystemExit(4)\nprint(os.waitpid(pid, 0)[1] >> 8)",
  ],
  [
    "forks and raises in the child",
    "import os\npid = os.fork()\nif pid == 0: raise ValueError('c')\nprint(os.waitpid(pid, 0)[1] >> 8)",
  ],
  [
    "pools processes",
    "import multiprocessing as m\ndef f(x): return x * x\nif __name__ == '__main__':\n    with m.Pool(2) as p: print(p.map(f, [1, 2]))",
  ],
  [
    "pickles what it defines",
    "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A, A.__module__)",
  ],
  [
    "collects garbage",
    "import gc\nclass A:\n    def __del__(s): print('gone')\na = A(); a.me = a\ndel a\ngc.collect()\nprint('end', gc.isenabled())",
  ],
  ["logs", "import logging\nlogging.warning('w')\nlogging.basicConfig(level='INFO')\nlogging.info('i')"],
  ["measures recursion", "import sys\nprint(sys.getrecursionlimit())"],
  [
    "shows flags",
    "import sys\nprint(sys.flags.optimize, sys.flags.utf8_mode, sys.stdout.encoding, sys.stderr.errors, sys.stdout.line_buffering, sys.stdin.encoding)",
  ],
  [
    "has type hints and matches",
    "def f(x: int | str) -> str:\n    match x:\n        case int(): return 'int'\n        case str(s): return s\nprint(f(1), f('a'))",
  ],
  ["inspects its own source", "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))"],
  [
    "prints a traceback by itself",
    "import traceback\ndef f(): 1/0\ntry: f()\nexcept Exception: traceback.print_exc()",
  ],
  [
    "looks into sys.modules",
    "import sys\nprint(sys.modules['__main__'].__dict__ is globals(), [n for n in ('supervisor', 'cell', 'frames', 'run', 'link') if n in sys.modules])",
  ],
];

/** Names of files and addresses differ, and a few frames of the launcher's are below the program's. */
const normalize = (text: string) =>
  text
    .replaceAll("bare.py", "action.py")
    .replaceAll(/0x[0-9a-f]{8,}/g, "0x")
    .replaceAll(/repeated 9\d\d more times/g, "repeated 9.. more times");

test.each(programs)("a program that %s", async (_, program) => {
  const stdin = "first\nsecond é\n";
  const args = ["a b", "c"];
  const files = { "bare.py": program };
  const [action, reference] = await Promise.all([
    service.execute({ code: program, stdin, args }),
    service.run(bare, { files, stdin, args }),
  ]);
  const [stdout, stderr, code]: [string, string, number] = JSON.parse(reference.stdout);
  const { observation } = action;
  const bytes = (name: "stdout" | "stderr") => {
    const exact = observation[`${name}Base64`];
    return (exact === undefined ? Buffer.from(observation[name]) : Buffer.from(exact, "base64")).toString(
      "latin1",
    );
  };
  const signal = observation.evidence.signal;
  expect({
    stdout: bytes("stdout"),
    stderr: normalize(bytes("stderr")),
    code: observation.exitCode ?? signal,
  }).toEqual({
    stdout: normalize(stdout),
    stderr: normalize(stderr),
    code: code >= 0 ? code : signalName(-code),
  });
});

const signalName = (number: number) =>
  ({ 2: "SIGINT", 6: "SIGABRT", 15: "SIGTERM" })[number] ?? `signal ${number}`;
