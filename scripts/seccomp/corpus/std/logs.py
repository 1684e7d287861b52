"""Modules that bring threads, processes or files with them without saying so."""

import asyncio
import cProfile
import dbm
import doctest
import io
import logging.handlers
import mailbox
import py_compile
import queue
import runpy
import trace
import unittest
import webbrowser
import zipapp

listener = logging.handlers.QueueListener(queue.Queue(), logging.handlers.RotatingFileHandler("log.txt"))
listener.start()
listener.stop()
logging.basicConfig(filename="plain.log")
logging.error("x")


class Case(unittest.TestCase):
    def test_it(self):
        with self.subTest():
            self.assertTrue(True)


unittest.TextTestRunner(stream=io.StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(Case))
with dbm.open("names", "c") as names:
    names[b"a"] = b"b"
mailbox.mbox("mail").add("From: a\n\nb")
mailbox.Maildir("dir").add("From: a\n\nb")
cProfile.run("sum(range(10))")
doctest.testmod()
with open("m.py", "w") as file:
    file.write("x = 1\n")
py_compile.compile("m.py")
runpy.run_path("m.py")
print(asyncio, trace, webbrowser, zipapp)
