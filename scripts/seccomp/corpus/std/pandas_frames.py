# needs: pandas
"""Tables: computed, grouped, joined, written and read."""

import sqlite3

import pandas as pd

frame = pd.DataFrame({"a": range(1000), "b": ["x", "y"] * 500, "t": pd.date_range("2026-01-01", periods=1000, tz="UTC")})
print(frame.groupby("b").agg({"a": ["sum", "mean"]}), frame.describe(), frame.merge(frame, on="a").shape)
frame.to_csv("t.csv")
frame.to_json("t.json")
frame.to_pickle("t.pkl.gz")
pd.read_csv("t.csv")
pd.read_json("t.json")
pd.read_pickle("t.pkl.gz")
frame.to_sql("t", sqlite3.connect("t.db"))
pd.read_sql("select * from t", sqlite3.connect("t.db"))
print(frame.rolling(3, on="t").a.mean().tail(), frame.eval("a + 1").sum())
