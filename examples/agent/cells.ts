/** The code that the agent sends, in order. */

export const look = `import pandas as pd
orders = pd.read_csv("orders.csv")
print(f"{len(orders)} rows, columns: {', '.join(orders.columns)}")
orders.head(3)`;

export const gaps = `print(orders.isna().sum().to_string())
odd = pd.to_numeric(orders["price"], errors="coerce").isna()
print("prices that are none:", orders.loc[odd, "price"].unique().tolist())
print("regions:", sorted(orders["region"].unique()))`;

/** The column's name is wrong. */
export const mistake = `orders["revenue"] = orders["units"] * pd.to_numeric(orders["price"], errors="coerce")
orders.groupby("Region")["revenue"].sum()`;

export const mended = `clean = orders.assign(
    region=orders["region"].str.strip().str.lower(),
    price=pd.to_numeric(orders["price"], errors="coerce"),
).dropna(subset=["units", "price"])
clean["revenue"] = clean["units"] * clean["price"]
print(f"{len(orders) - len(clean)} unusable rows left out, {len(clean)} kept")
by_region = clean.groupby("region")["revenue"].sum().sort_values(ascending=False)
by_region.round(2)`;

/** The figures in a form that needs no reading of tables. */
export const figures = `import json
print(json.dumps({"unusable": len(orders) - len(clean), "revenue": by_region.round(2).to_dict()}))`;

/** Takes a while and tells how it goes: what streaming is for. */
export const bootstrap = `import time, numpy as np
random = np.random.default_rng(7)
revenue, shares = clean["revenue"].to_numpy(), []
best = (clean["region"] == by_region.index[0]).to_numpy()
for tenth in range(1, 11):
    for _ in range(30):
        rows = random.integers(0, len(revenue), len(revenue))
        shares.append(revenue[rows][best[rows]].sum() / revenue[rows].sum())
    low, high = np.quantile(shares, [0.05, 0.95])
    print(f"{tenth * 30:3d} samples: {by_region.index[0]} has {low:.1%} to {high:.1%} of all revenue")
    time.sleep(0.15)`;

export const plot = `import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
monthly = clean.groupby([clean["date"].str[:7], "region"])["revenue"].sum().unstack()
axes = monthly.plot(figsize=(8, 4), title="Revenue by month and region")
axes.set_xlabel("")
axes.figure.savefig("revenue.png", dpi=80)
print("wrote revenue.png")`;

/** No price makes this true: it would run until its limit. */
export const runaway = `tries = 0
while clean["revenue"].sum() > 0:
    tries += 1
    if tries % 200 == 0:
        print("still looking, tries:", tries)`;

export const afterwards = `print(tries > 0, len(clean), by_region.index[0])`;
