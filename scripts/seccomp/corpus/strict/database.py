"""An embedded database in one process."""

import sqlite3

with sqlite3.connect("data.db") as database:
    database.execute("create table t (a integer primary key, b text)")
    database.executemany("insert into t (b) values (?)", [(str(n) * 100,) for n in range(2000)])
    database.execute("create index i on t (b)")
    database.commit()
    database.execute("delete from t where a % 2")
    assert database.execute("select count(*) from t").fetchone() == (1000,)
    database.commit()
    database.execute("vacuum")
database.close()
memory = sqlite3.connect(":memory:")
memory.execute("select 1").fetchall()
