"""Kill, freeze and restart producers, drainers and the broker; then check bronze for exactly once.

Silver and gold must equal the tables that the same records make as files.

From the root of the repository: `python -m tests.chaos.stream --rounds 500 --seed 7`.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flows.kafka.topics import create_topics
from tests.support.kafka.broker import Broker, kafka
from tests.support.kafka.roles import produce
from tests.support.kafka.stage import PARTITIONS, SESSION_SECONDS, Process, Stage, stage_settings


def chaos(broker: Broker, folder: Path, rounds: int, seed: int) -> list[str]:
    """Disturb a producer, two drainers and the broker, once per round.

    A seed gives the same disturbances each time, at other moments of the processes.

    Returns:
        The faults of the tables at the end.

    Raises:
        StageError: a process ended by itself or did not end, or nothing was committed for long.
    """
    settings = stage_settings(broker)
    create_topics(settings, partitions=PARTITIONS)
    stage = Stage(broker, folder, settings, random.Random(seed))
    try:
        stage.start_producer()
        stage.start_drainer("--follow")
        stage.start_drainer("--follow")
        for number in range(1, rounds + 1):
            stage.expect_progress()
            time.sleep(stage.dice.uniform(0, 2))
            (mishap,) = stage.dice.choices(list(MISHAPS), list(MISHAPS.values()))
            _say(f"round {number} of {rounds}: {mishap.__name__}")
            if stage.dice.random() < DELICATE:
                stage.await_write()
            mishap(stage)
        stage.expect_progress()
        for process in stage.producers + stage.drainers:
            stage.end(process)
        return stage.faults()
    finally:
        stage.clear()


def race(broker: Broker, folder: Path, drainers: int, groups: int, records: int) -> list[str]:
    """Start drainers at the same moment on an empty lake; returns and raises as `chaos`.

    Those of one group share the partitions; several groups contend for each of them, in batches of
    different sizes.
    """
    settings = stage_settings(broker)
    create_topics(settings, partitions=drainers)
    produce(settings, folder / "first.journal", lambda sent: sent >= records)
    stage = Stage(broker, folder, settings, random.Random())
    try:
        gate, latch = os.pipe()
        for number in range(drainers):
            group = f"{settings.group}-{number % groups}"
            stage.start_drainer(group=group, batch_rows=50 + 10 * number, stdin=gate)
        stage.expect_ready()
        os.close(latch)
        os.close(gate)
        for drainer in stage.drainers:
            stage.expect_end(drainer)
        return stage.faults()
    finally:
        stage.clear()


def kill_drainer(stage: Stage) -> None:
    """Kill one drainer and start another."""
    _replace(stage, stage.dice.choice(stage.drainers), _kill)


def end_drainer(stage: Stage) -> None:
    """Stop one drainer cleanly and start another."""
    _replace(stage, stage.dice.choice(stage.drainers), stage.end)


def kill_both_drainers(stage: Stage) -> None:
    """Kill both drainers, then start two others."""
    for drainer in stage.drainers:
        _kill(drainer)
    for drainer in list(stage.drainers):
        _replace(stage, drainer, _kill)


def freeze_drainer(stage: Stage) -> None:
    """Freeze one until the group replaces it; it wakes with a batch that another has written."""
    sleeper = stage.dice.choice(stage.drainers)
    sleeper.send_signal(signal.SIGSTOP)
    stage.expect_takeover()
    sleeper.send_signal(signal.SIGCONT)


def freeze_and_kill(stage: Stage) -> None:
    """Freeze one drainer and replace the other, then wake the first."""
    sleeper, other = stage.dice.sample(stage.drainers, 2)
    sleeper.send_signal(signal.SIGSTOP)
    _replace(stage, other, _kill)
    stage.expect_takeover()
    sleeper.send_signal(signal.SIGCONT)


def stutter(stage: Stage) -> None:
    """Freeze the drainers for moments, again and again, in the middle of any operation."""
    for _ in range(10):
        sleeper = stage.dice.choice(stage.drainers)
        sleeper.send_signal(signal.SIGSTOP)
        time.sleep(stage.dice.uniform(0.05, 0.5))
        sleeper.send_signal(signal.SIGCONT)
        time.sleep(stage.dice.uniform(0, 0.2))


def kill_producer(stage: Stage) -> None:
    """Kill the producer with its unsent messages and start another."""
    _kill(stage.producers.pop())
    stage.start_producer()


def kill_broker(stage: Stage) -> None:
    """Kill the broker and start it again with its data."""
    stage.broker.kill9()
    time.sleep(stage.dice.uniform(0, 2))
    stage.broker.start()


def freeze_broker(stage: Stage) -> None:
    """Freeze the broker for a while."""
    stage.broker.pause()
    try:
        time.sleep(stage.dice.uniform(1, SESSION_SECONDS + 2))
    finally:
        stage.broker.resume()


MISHAPS: dict[Callable[[Stage], None], int] = {
    kill_drainer: 4,
    end_drainer: 2,
    kill_both_drainers: 1,
    freeze_drainer: 4,
    freeze_and_kill: 2,
    stutter: 2,
    kill_producer: 2,
    kill_broker: 2,
    freeze_broker: 1,
}
"""The disturbances, with their weights."""


DELICATE = 0.7
"""The share of disturbances just before a drainer commits."""


def main() -> None:
    """Run the harness with its own broker; exit with 1 when a record is lost or repeated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    arguments = parser.parse_args()
    folder, began = Path(tempfile.mkdtemp(prefix="chaos-")), time.monotonic()
    _say(f"seed {arguments.seed}, in {folder}")
    with kafka(folder / "kafka") as broker:
        found = chaos(broker, folder, arguments.rounds, arguments.seed)
    for fault in found:
        _say(fault)
    seconds = (time.monotonic() - began) / arguments.rounds
    _say(f"{arguments.rounds} rounds of {seconds:.1f} s, {len(found)} faults")
    sys.exit(1 if found else 0)


def _replace(stage: Stage, drainer: Process, remove: Callable[[Process], None]) -> None:
    remove(drainer)
    stage.drainers.remove(drainer)
    stage.start_drainer("--follow")


def _kill(process: Process) -> None:
    process.kill()
    process.wait()


def _say(what: str) -> None:
    sys.stdout.write(f"{time.strftime('%X')} {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
