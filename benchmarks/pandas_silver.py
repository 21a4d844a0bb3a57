"""Build silver from nine CSV files, in pandas: read as text, parse, validate, deduplicate."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv

from benchmarks.pandas_sources import SOURCES, Source, city_name, folded, free_text, text


def silver(folder: Path) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return the silver tables, and by the same names the bad raw rows with their broken rules."""
    unreadable: list[str] = []
    good, bad = {}, {}
    for name, source in SOURCES.items():
        raw = _read(folder / source.file, list(source.columns), unreadable)
        good[name], bad[name] = _validated(raw, source)
    good["geolocation"] = _geolocation(good["geolocation_points"])
    bad["unreadable"] = pd.DataFrame({"record": pd.Series(unreadable, dtype="str")})
    return good, bad


def _read(path: Path, names: list[str], unreadable: list[str]) -> pd.DataFrame:
    def collect_row(row: csv.InvalidRow) -> str:
        unreadable.append(row.text)
        return "skip"

    return csv.read_csv(
        path,
        csv.ReadOptions(column_names=names, skip_rows=1),
        csv.ParseOptions(
            # pandas' own reader has no such option, and fails on the line breaks of the comments.
            newlines_in_values="review_comment_message" in names,
            invalid_row_handler=collect_row,
        ),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True
        ),
    ).to_pandas()


def _validated(raw: pd.DataFrame, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    typed = pd.DataFrame({name: each.parse(raw[name]) for name, each in source.columns.items()})
    checks = {}
    for name, each in source.columns.items():
        if each.parse not in (text, free_text, city_name):
            checks[f"{name}_is_readable"] = typed[name].notna() | raw[name].isna()
        if each.rule:
            checks[name] = each.rule(typed[name]).fillna(value=False).astype(bool)
    checks |= {name: rule(typed) for name, rule in source.rules.items()}
    passed = pd.DataFrame(checks)
    good = passed.all(axis="columns")
    reasons = (~passed[~good]).apply(lambda row: ", ".join(passed.columns[row]), axis="columns")
    return (
        typed[good].drop_duplicates(source.key, keep="last"),
        raw[~good].assign(broken=reasons if len(reasons) else ""),
    )


def _geolocation(points: pd.DataFrame) -> pd.DataFrame:
    prefix = "zip_code_prefix"
    distinct = points.drop_duplicates([prefix, "latitude", "longitude"])
    middle = distinct.groupby(prefix)[["latitude", "longitude"]].median().reset_index()
    points = points.assign(city=folded(points["city"]))
    named = points.groupby([prefix, "city", "state"]).size().rename("named").reset_index()
    usual = named.sort_values(
        ["named", "city", "state"], ascending=[False, True, True]
    ).drop_duplicates(prefix)
    return middle.merge(usual[[prefix, "city", "state"]], on=prefix)
