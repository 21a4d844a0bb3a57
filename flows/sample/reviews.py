"""Reviews."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from flows.sample.comments import CLOSINGS, CONTACTS, JOINTS, OPENINGS, TITLES
from flows.sample.explode import explode
from flows.sample.orders import DELIVERED
from flows.sample.random import (
    Bins,
    Ints,
    from_bins,
    generator,
    ids,
    random_flags,
    weighted_indices,
)

_HOUR = 3600
_DAY = 24 * _HOUR
_REVIEWS = (8, 986, 6)
_SCORES_ON_TIME = (70, 25, 80, 200, 625)
_SCORES_LATE = (520, 140, 100, 110, 130)
_SCORES_NOT_DELIVERED = (700, 80, 80, 50, 90)
_WITH_MESSAGE = np.array((760, 700, 440, 320, 360))  # per mille, by score
_HIGH = 3  # the score 4, counted from 0
_WITH_TITLE = 120
_WITH_CONTACT = 30
_JOINTS = (50, 25, 15, 3, 5, 2)
_UNTIL_ANSWER: Bins = (
    (25, 3 * _HOUR, _DAY),
    (25, _DAY, 2 * _DAY),
    (45, 2 * _DAY, 5 * _DAY),
    (5, 5 * _DAY, 30 * _DAY),
)


def order_reviews(seed: int, chunk: int, first: int, timelines: pl.DataFrame) -> pl.DataFrame:
    """Return the reviews file; orders of one purchase share the review of the first one."""
    rng = generator(seed, "reviews", chunk)
    size = timelines.height
    source = timelines["source"].to_numpy()
    split = source != np.arange(size)
    count = weighted_indices(rng, size, _REVIEWS)
    count[split] = 1
    count[source[split]] = 1
    order, position = explode(count)
    rows = len(order)

    score = _scores(rng, timelines)[order]
    requested = timelines.select(
        pl.when(pl.col("stage") == DELIVERED)
        .then(pl.min_horizontal("delivered", "estimated"))
        .otherwise("estimated")
    ).to_series()
    created = requested.to_numpy()[order] // _DAY * _DAY + _DAY
    reviews = pl.DataFrame(
        {
            "review_id": ids(seed, "review", 2 * (first + order) + position),
            "review_score": 1 + score,
            "review_comment_title": _titles(rng, rows),
            "review_comment_message": _messages(rng, score),
            "review_creation_date": created,
            "review_answer_timestamp": created + from_bins(rng, rows, _UNTIL_ANSWER),
        }
    )
    starts = np.cumsum(count) - count
    row: Ints = starts[source[order]] + position
    return reviews[row].select(
        "review_id",
        timelines["order_id"][order],
        "review_score",
        "review_comment_title",
        "review_comment_message",
        pl.from_epoch("review_creation_date"),
        pl.from_epoch("review_answer_timestamp"),
    )


def _scores(rng: np.random.Generator, timelines: pl.DataFrame) -> Ints:
    """Return a score per order, from 0."""
    size = timelines.height
    delivered = (timelines["stage"] == DELIVERED).to_numpy()
    # A delivery on the estimated day is not late; the estimate is a midnight.
    late = (timelines["delivered"] >= timelines["estimated"] + _DAY).to_numpy()
    after_delivery = np.where(
        late,
        weighted_indices(rng, size, _SCORES_LATE),
        weighted_indices(rng, size, _SCORES_ON_TIME),
    )
    return np.where(delivered, after_delivery, weighted_indices(rng, size, _SCORES_NOT_DELIVERED))


def _titles(rng: np.random.Generator, size: int) -> pl.Series:
    title = pl.Series(TITLES)[rng.integers(len(TITLES), size=size)]
    return title.set(pl.Series(~random_flags(rng, size, _WITH_TITLE)), None)


def _messages(rng: np.random.Generator, score: Ints) -> pl.Series:
    size = len(score)
    no_message = ~random_flags(rng, size, _WITH_MESSAGE[score])
    contact = ". " + pl.Series(CONTACTS)[rng.integers(len(CONTACTS), size=size)]
    contact = contact.set(pl.Series(~random_flags(rng, size, _WITH_CONTACT)), "")
    message = (
        _one_of(rng, OPENINGS, score)
        + pl.Series(JOINTS)[weighted_indices(rng, size, _JOINTS)]
        + _one_of(rng, CLOSINGS, (score >= _HIGH).astype(np.int64))
        + contact
    )
    return message.set(pl.Series(no_message), None)


def _one_of(rng: np.random.Generator, sentences: Sequence[Sequence[str]], group: Ints) -> pl.Series:
    choices = len(sentences[0])
    flat = pl.Series([sentence for choice in sentences for sentence in choice])
    return flat[group * choices + rng.integers(choices, size=len(group))]
