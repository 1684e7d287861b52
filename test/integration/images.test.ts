import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Service, startService } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService({ CLOCHE_POOL_TARGET: "1" });
});
afterAll(async () => await service[Symbol.asyncDispose]());

const cases: [string, string, string, string][] = [
  [
    "python",
    "sqlite3",
    "import sqlite3; print(sqlite3.connect(':memory:').execute('select 6*7').fetchone())",
    "(42,)\n",
  ],
  [
    "python",
    "threads, subprocesses, pools and asyncio",
    `
import asyncio, concurrent.futures as cf, multiprocessing, subprocess
def double(n): return 2 * n
with cf.ThreadPoolExecutor(4) as pool: print(list(pool.map(double, range(4))))
with cf.ProcessPoolExecutor(2) as pool: print(list(pool.map(double, range(4))))
with multiprocessing.Pool(2) as pool: print(pool.map(double, range(4)))
print(subprocess.run(["python3", "-c", "print(7)"], capture_output=True, text=True).stdout.strip())
async def main():
    process = await asyncio.create_subprocess_exec("echo", "a", stdout=-1)
    return (await process.communicate())[0]
print(asyncio.run(main()))`,
    "[0, 2, 4, 6]\n[0, 2, 4, 6]\n[0, 2, 4, 6]\n7\nb'a\\n'\n",
  ],
  ["python", "its one core", "import os; print(os.cpu_count(), len(os.sched_getaffinity(0)))", "1 1\n"],
  [
    "python",
    "temporary files, zip, ssl, decimal, zoneinfo and urandom",
    `
import decimal, os, ssl, tempfile, zipfile, zoneinfo
with tempfile.TemporaryDirectory() as folder:
    with zipfile.ZipFile(f"{folder}/x.zip", "w") as archive: archive.writestr("a", "b")
    print(zipfile.ZipFile(f"{folder}/x.zip").namelist(), os.path.dirname(folder))
print(decimal.Decimal(1) / 8, bool(ssl.OPENSSL_VERSION), len(os.urandom(8)), zoneinfo.ZoneInfo("UTC"))`,
    "['a'] /tmp\n0.125 True 8 UTC\n",
  ],
  [
    "python-data",
    "numpy and pandas, imported ahead",
    `
import sys
print("numpy" in sys.modules, "pandas" in sys.modules)
import numpy as np, pandas as pd
print((np.eye(3) @ np.arange(3)).tolist(), pd.DataFrame({"a": [1, 2], "b": [3, 4]}).groupby("a").b.sum().to_dict())`,
    "True True\n[0.0, 1.0, 2.0] {1: 3, 2: 4}\n",
  ],
  [
    "python-data",
    "scipy, sympy and scikit-learn",
    `
import scipy.optimize, sympy
from sklearn.linear_model import LinearRegression
from sklearn.ensemble import RandomForestClassifier
print(round(scipy.optimize.brentq(lambda x: x * x - 2, 0, 2), 6), sympy.integrate(sympy.Symbol("x"), sympy.Symbol("x")))
print(round(float(LinearRegression().fit([[0], [1]], [0, 2]).coef_[0]), 6))
print(RandomForestClassifier(5, n_jobs=2).fit([[0], [1]] * 5, [0, 1] * 5).predict([[1]]).tolist())`,
    "1.414214 x**2/2\n2.0\n[1]\n",
  ],
  [
    "python-test",
    "pytest and hypothesis",
    `
import subprocess
open("test_it.py", "w").write("""
from hypothesis import given, strategies as st
@given(st.integers())
def test_good(n): assert n == n
def test_bad(): assert 1 == 2
""")
run = subprocess.run(["python3", "-m", "pytest", "-q", "test_it.py"], capture_output=True, text=True)
print(run.returncode, run.stdout.splitlines()[-1].split(" in ")[0], run.stderr)`,
    "1 1 failed, 1 passed \n",
  ],
];

describe("images", () => {
  test.each(cases)("%s has %s", async (image, _, code, expected) => {
    const observation = await service.run(code, { image });
    expect(observation.stderr).toBe("");
    expect(observation).toMatchObject({ outcome: "ok", stdout: expected });
  });

  test("python-data draws a plot that comes back as a PNG", async () => {
    const code = `
import matplotlib.pyplot as plt
from PIL import Image
plt.plot([1, 3, 2])
plt.savefig("plot.png")
print(Image.open("plot.png").size)`;
    const { outcome, stdout, outputs } = await service.run(code, {
      image: "python-data",
      outputs: ["*.png"],
    });
    expect({ outcome, stdout }).toEqual({ outcome: "ok", stdout: "(640, 480)\n" });
    const png = Buffer.from(outputs.files[0]?.base64 ?? "", "base64");
    expect(png.subarray(0, 4).toString("latin1")).toBe("\x89PNG");
  });
});
