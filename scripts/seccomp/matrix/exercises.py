"""Does something real with each module and prints what of it worked, as JSON.

Every public module of the standard library is imported; those below are used, too. Where the image has packages,
it is those instead. Each is on its own: what fails says so, and the next one begins.
"""

import importlib
import importlib.util
import json
import os
import signal
import sys

SECONDS = 20
ACTS_WHEN_IMPORTED = {"antigravity", "this", "idlelib"}

# The module is imported already. A name with a dot is a part of a module that a tier may not give.
STANDARD = {
    "array": "array.array('i', range(999)).tofile(open('array', 'wb'))",
    "asyncio": """
async def main():
    async with asyncio.timeout(5):
        process = await asyncio.create_subprocess_exec("echo", "x", stdout=-1)
        assert (await process.communicate())[0] == b"x\\n"
        assert await asyncio.to_thread(abs, -1) == 1
asyncio.run(main())""",
    "bz2": "bz2.open('b.bz2', 'wb').write(b'x')",
    "compileall": "open('compiled.py', 'w').close(); assert compileall.compile_file('compiled.py', quiet=1)",
    "concurrent": """
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
for kind in (ThreadPoolExecutor, ProcessPoolExecutor):
    with kind(2) as pool:
        assert list(pool.map(abs, [-1, -2])) == [1, 2]""",
    "configparser": "open('c.ini', 'w').close(); assert configparser.ConfigParser().read('c.ini')",
    "csv": "csv.writer(open('t.csv', 'w')).writerow([1, 2])",
    "ctypes": "assert ctypes.CDLL(None).abs(-1) == 1 == ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1)()",
    "datetime": "assert datetime.datetime.now().astimezone().tzinfo",
    "dbm": "names = dbm.open('names', 'c'); names[b'a'] = b'b'; names.close()",
    "email": "import email.mime.text; assert email.message_from_string(email.mime.text.MIMEText('x').as_string())",
    "faulthandler": "faulthandler.dump_traceback(open('trace', 'w'))",
    "fcntl": "f = open('locked', 'w'); fcntl.flock(f, fcntl.LOCK_EX); fcntl.lockf(f, fcntl.LOCK_EX)",
    "fileinput": "open('in', 'w').write('a'); [print('b') for _ in fileinput.input('in', inplace=True)]",
    "gc": "gc.collect()",
    "getpass": "assert getpass.getuser()",
    "glob": "assert glob.glob('/usr/lib/python3*/**/abc.py', recursive=True)",
    "gzip": "gzip.open('a.gz', 'wb').write(b'x')",
    "hashlib": "open('h', 'wb').close(); assert hashlib.file_digest(open('h', 'rb'), 'sha256')",
    "http": """
import http.client, http.server, threading
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
connection = http.client.HTTPConnection(*server.server_address, timeout=5)
connection.request("GET", "/")
assert connection.getresponse().status == 200
server.shutdown()""",
    "importlib": """
open("fresh_module.py", "w").write("x = 1")
sys.path.insert(0, os.getcwd())
importlib.invalidate_caches()
assert importlib.import_module("fresh_module").x == 1""",
    "io": "f = io.open('io', 'wb+', buffering=0); f.write(b'x'); f.seek(0); assert f.readall() == b'x'",
    "json": "json.dump({'a': 1}, open('j', 'w'))",
    "linecache": "assert linecache.getline(os.__file__, 1)",
    "locale": "locale.setlocale(locale.LC_ALL, '')",
    "logging": """
import logging.handlers
handler = logging.handlers.RotatingFileHandler("log", maxBytes=10, backupCount=1)
for _ in range(3):
    handler.emit(logging.makeLogRecord({"msg": "x" * 20}))""",
    "lzma": "lzma.open('l.xz', 'wb').write(b'x')",
    "mailbox": "mailbox.mbox('mail').add('From: a'); mailbox.Maildir('dir').add('From: a')",
    "mmap": """
with open("mapped", "wb+") as file:
    file.truncate(4096)
    with mmap.mmap(file.fileno(), 0) as mapped:
        mapped[0] = 1
        mapped.flush()""",
    "multiprocessing": """
for method in ("fork", "forkserver"):
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    process = context.Process(target=queue.put, args=(1,))
    process.start()
    process.join(10)
    assert queue.get() == 1""",
    "multiprocessing.shared_memory": """
import _posixshmem
os.close(_posixshmem.shm_open("/shared", os.O_CREAT | os.O_RDWR, mode=0o600))
_posixshmem.shm_unlink("/shared")""",
    "os": """
os.makedirs("d/e")
os.rename("d/e", "d/f")
os.symlink("f", "d/l")
list(os.walk("d"))
os.utime("d")
os.chmod("d", 0o700)
os.unlink("d/l")
os.removedirs("d/f")
assert os.cpu_count() and os.urandom(4) and os.getpid() and os.uname()""",
    "os.fork": """
if (pid := os.fork()) == 0:
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0""",
    "os.system": "assert os.system('true') == 0",
    "pathlib": "f = pathlib.Path('p'); f.write_text('x'); assert f.resolve().stat().st_size == 1; f.unlink()",
    "pickle": "pickle.dump([1], open('pickle', 'wb'))",
    "platform": "assert platform.platform() and platform.uname().processor is not None",
    "py_compile": "open('c.py', 'w').close(); assert py_compile.compile('c.py', doraise=True)",
    "queue": "assert (lambda q: (q.put(1), q.get(timeout=1)))(queue.Queue())[1] == 1",
    "random": "assert random.SystemRandom().random() < 1",
    "resource": "resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); assert resource.getrusage(0).ru_maxrss",
    "runpy": "open('r.py', 'w').write('x = 1'); assert runpy.run_path('r.py')['x'] == 1",
    "sched": "plan = sched.scheduler(); plan.enter(0.001, 1, int); plan.run()",
    "secrets": "assert secrets.token_hex()",
    "select": """
reader, writer = os.pipe()
os.write(writer, b"x")
assert select.select([reader], [], [], 1)[0]
poll = select.poll()
poll.register(reader)
assert poll.poll(1000)""",
    "select.epoll": "select.epoll().register(os.pipe()[0])",
    "selectors": """
reader, writer = os.pipe()
os.write(writer, b"x")
with selectors.DefaultSelector() as selector:
    selector.register(reader, selectors.EVENT_READ)
    assert selector.select(1)""",
    "shelve": "shelf = shelve.open('shelf'); shelf['a'] = 1; shelf.close()",
    "shutil": """
os.makedirs("tree/a")
open("tree/f", "w").write("x" * 10000)
shutil.copytree("tree", "copied")
shutil.make_archive("packed", "zip", "tree")
shutil.move("copied", "moved")
shutil.rmtree("moved")
assert shutil.disk_usage(".").total and shutil.which("python3")""",
    "signal": """
got = []
signal.signal(signal.SIGUSR1, lambda *_: got.append(1))
os.kill(os.getpid(), signal.SIGUSR1)
assert got""",
    "socket": """
with socket.create_server(("127.0.0.1", 0)) as server:
    client = socket.create_connection(server.getsockname(), 5)
    client.sendall(b"x")
    assert server.accept()[0].recv(1) == b"x"
one, other = socket.socketpair()
one.sendall(b"x")
assert other.recv(1) == b"x\"""",
    "socketserver": "socketserver.TCPServer(('127.0.0.1', 0), socketserver.BaseRequestHandler).server_close()",
    "sqlite3": """
with sqlite3.connect("data.db") as database:
    database.execute("pragma journal_mode = wal")
    database.execute("create table t (a)")
    database.execute("insert into t values (1)")
    database.commit()
    assert database.execute("select * from t").fetchone() == (1,)""",
    "ssl": "assert ssl.create_default_context()",
    "subprocess": """
assert subprocess.run(["echo", "x"], capture_output=True).stdout == b"x\\n"
assert subprocess.getoutput("echo y | cat") == "y\"""",
    "tarfile": """
open("to_pack", "w").write("x")
with tarfile.open("t.tar.gz", "w:gz") as archive:
    archive.add("to_pack")
tarfile.open("t.tar.gz").extractall("unpacked", filter="data")""",
    "tempfile": """
with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(dir=folder) as file:
    file.write(b"x")
tempfile.TemporaryFile().close()""",
    "threading": "thread = threading.Thread(target=int); thread.start(); thread.join(5)",
    "time": "time.sleep(0.001); assert time.localtime() and time.process_time() >= 0",
    "timeit": "assert timeit.timeit('1', number=1) >= 0",
    "tracemalloc": "tracemalloc.start(); tracemalloc.stop()",
    "unittest": """
class Case(unittest.TestCase):
    def test(self):
        self.assertTrue(True)
suite = unittest.defaultTestLoader.loadTestsFromTestCase(Case)
assert unittest.TextTestRunner(stream=open(os.devnull, "w")).run(suite).wasSuccessful()""",
    "urllib": """
import urllib.request
open("u", "w").write("x")
assert urllib.request.urlopen(f"file://{os.getcwd()}/u").read() == b"x\"""",
    "uuid": "assert uuid.uuid1() != uuid.uuid4()",
    "wave": "w = wave.open('w.wav', 'wb'); w.setparams((1, 1, 8000, 1, 'NONE', '')); w.writeframes(b'x'); w.close()",
    "xml": "import xml.etree.ElementTree as t; t.ElementTree(t.fromstring('<a/>')).write('x.xml')",
    "zipapp": "os.mkdir('app'); open('app/__main__.py', 'w').close(); zipapp.create_archive('app', 'app.pyz')",
    "zipfile": """
with zipfile.ZipFile("z.zip", "w") as archive:
    archive.writestr("a", "b")
zipfile.ZipFile("z.zip").extractall("unzipped")""",
    "zoneinfo": "assert zoneinfo.ZoneInfo('Europe/Berlin')",
}

PACKAGES = {
    "numpy": """
a = numpy.random.default_rng(1).random((200, 200))
assert numpy.linalg.inv(a @ a.T + numpy.eye(200)).shape == (200, 200)
numpy.save("a.npy", a)
assert numpy.load("a.npy", mmap_mode="r").shape == (200, 200)""",
    "pandas": """
frame = pandas.DataFrame({"a": range(10), "b": list("xy") * 5})
frame.to_csv("frame.csv")
assert pandas.read_csv("frame.csv").groupby("b").a.sum().sum() == 45""",
    "matplotlib": """
matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.savefig("plot.png")""",
    "scipy": "import scipy.linalg; assert scipy.linalg.det([[1.0, 2], [3, 4]])",
    "sklearn": """
import sklearn.ensemble
forest = sklearn.ensemble.RandomForestClassifier(5, n_jobs=2)
assert forest.fit([[0], [1]], [0, 1]).predict([[1]]) is not None""",
    "pytest": """
open("test_it.py", "w").write("def test(tmp_path, capfd):\\n    (tmp_path / 'a').write_text('b')\\n")
assert pytest.main(["-q", "-p", "no:cacheprovider", "test_it.py"]) == 0""",
    "hypothesis": """
from hypothesis import given, settings, strategies
settings(max_examples=10, database=None)(given(strategies.integers())(lambda n: None))()""",
}


def attempt(name, code):
    """Returns None, or what went wrong in a few words."""
    module = name.partition(".")[0]
    signal.alarm(SECONDS)
    try:
        scope = {"__name__": name, "os": os, "sys": sys, module: importlib.import_module(module)}
        exec(compile(code, name, "exec"), scope)
    except BaseException as error:
        return type(error).__name__
    finally:
        signal.alarm(0)


def too_long(*_):
    raise TimeoutError("took too long")


def standard_library():
    public = {name for name in sys.stdlib_module_names if not name.startswith("_")} - ACTS_WHEN_IMPORTED
    return dict.fromkeys(public, "") | STANDARD


def main():
    answer = os.dup(1)
    # What they print is not of interest, and what their children print neither.
    for number in (1, 2):
        os.dup2(os.open("/dev/null", os.O_WRONLY), number)
    os.makedirs("/workspace/scratch", exist_ok=True)
    os.chdir("/workspace/scratch")
    signal.signal(signal.SIGALRM, too_long)
    exercises = {name: code for name, code in PACKAGES.items() if importlib.util.find_spec(name)} or standard_library()
    said = [
        {"module": name, "used": code != "", "error": attempt(name, code)} for name, code in sorted(exercises.items())
    ]
    os.write(answer, json.dumps(said).encode())
    # Threads that a failed exercise left behind are not waited for.
    os._exit(0)


if __name__ == "__main__":
    main()
