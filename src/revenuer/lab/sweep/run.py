"""A sweep, cell by cell: each is kept when it is done, so that hours of work come in pieces."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, replace
from pathlib import Path

import torch

from revenuer.errors import InputError
from revenuer.guard import transforms
from revenuer.guard.transforms import Response
from revenuer.lab.distil.run import Stage, Tell, known_as, one_thread, set_up
from revenuer.lab.distil.store import DONE, Step, Store, write
from revenuer.lab.sweep import report, tables, verdict
from revenuer.lab.sweep.attackers import Distiller
from revenuer.lab.sweep.grid import Cell, Sweep, cells
from revenuer.lab.sweep.verdict import Price, Row, Verdict


def sweep(
    wanted: Sweep,
    out: Path,
    *,
    workers: int = 2,
    report_only: bool = False,
    tell: Tell = lambda said: None,
) -> list[Verdict]:
    """Run what is missing of a sweep and say what each defence is worth.

    Args:
        wanted: Experiment and grid.
        out: Folder; gets `steps/`, `cells.parquet`, `verdicts.json`, `report.html`.
        workers: Processes, at least 1.
        report_only: Run no cell; tell what the cells say that are done, and name the others.
        tell: Is told, in a sentence, what happens.

    Raises:
        InputError: As for a distillation, or there is nothing to report of `none`.
        EvidenceError: The teacher is hardly better than guessing.
    """
    if report_only and not list(out.glob(f"steps/cell-*/{DONE}")):
        raise InputError(f"no cell is done in {out}", hint="leave out --report-only")
    with Store(out / "steps").locked(), one_thread():
        stage = set_up(wanted.experiment, out, tell=tell)
        verdict.check_teacher(stage.teacher_fidelity.accuracy, stage.task.chance)
        asked = cells(wanted.grid)
        rows: dict[Cell, Row] = {}
        for cell, row in _rows(wanted, stage, out, asked, 0 if report_only else workers):
            rows[cell] = row
            tell(f"{len(rows)} of {len(asked)}: {cell}: {row['accuracy']:.1%} right.")
        missing = [cell for cell in asked if cell not in rows]
        found = _verdicts(wanted, stage, list(rows.values()), missing)
        ordered = [rows[cell] for cell in asked if cell in rows]
        tables.write(out / "cells.parquet", ordered)
        verdicts = [each.to_json() for each in found]
        write(out / "verdicts.json", json.dumps(verdicts, indent=1) + "\n")
        levels = {"teacher": stage.teacher_fidelity.accuracy, "chance": stage.task.chance}
        report.publish(out / "report.html", ordered, found, missing, levels=levels)
    return found


def _verdicts(wanted: Sweep, stage: Stage, rows: list[Row], missing: list[Cell]) -> list[Verdict]:
    tried = {row["defence"] for row in rows if row["attacker"] != "known"}
    if "none" not in tried:
        raise InputError("no cell without a defence is done", hint="run the sweep for longer")
    prices = [price_of(stage, each) for each in wanted.grid.defences if each in tried]
    return verdict.of(
        rows,
        prices,
        teacher=stage.teacher_fidelity.accuracy,
        chance=stage.task.chance,
        missing=Counter(cell.defence for cell in missing if cell.attacker != "known"),
    )


def price_of(stage: Stage, defence: str) -> Price:
    """Return what a defence costs an honest reader of the harvested responses."""
    last = len(stage.harvest.responses)
    before, after = stage.material("none", 0, last), stage.material(defence, 0, last)
    right = still = 0
    kept, off = 0.0, 0.0
    for problem, one, other in zip(before.problems, before.responses, after.responses, strict=True):
        was_right = stage.task.is_right(problem, one)
        right += was_right
        still += was_right and stage.task.is_right(problem, other)
        kept += _shared(one, other)
        off += 1 - _shared(other, one)
    read = max(1, len(before.responses))
    return Price(defence, still / right if right else 1.0, kept / read, off / read)


def _shared(one: Response, other: Response) -> float:
    """Return the share of one's steps that the other has in the same order.

    Where both have as many, in the same places: steps of a digit repeat, and a wrong one would pass
    for a right one that stands elsewhere.
    """
    here, there = one.reasoning.splitlines(), other.reasoning.splitlines()
    if here and len(here) == len(there):
        return sum(map(str.__eq__, here, there)) / len(here)
    return transforms.kept(one, other)


def _rows(
    wanted: Sweep, stage: Stage, out: Path, asked: list[Cell], workers: int
) -> Iterator[tuple[Cell, Row]]:
    missing = []
    for cell in asked:
        row = _step(stage, wanted, cell).told
        if row is None:
            missing.append(cell)
        else:
            yield cell, row
    if not missing or not workers:
        return
    # Cheap ones first: a sweep in pieces is broad before it is deep.
    missing.sort(key=lambda cell: (cell.training, cell.queries, cell.attacker != "plain"))
    # A fork would carry over the threads of torch, which are not there any more.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, _begin, (wanted, out)) as pool:
        running = {pool.submit(_done, cell): cell for cell in missing}
        try:
            for each in as_completed(running):
                yield running[each], each.result()
        except KeyboardInterrupt:
            # Cells that wait in its queue would be begun first; those that run go on another time.
            for process in multiprocessing.active_children():
                process.terminate()
            raise
        except BrokenProcessPool as error:
            raise InputError(
                "a process of the sweep was killed; cells that are done are kept",
                hint="fewer --workers, if memory ran out",
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


#: What a process of the pool works with, once it has begun.
_held: dict[str, tuple[Sweep, Stage]] = {}


def _begin(wanted: Sweep, out: Path) -> None:
    # A worker whose parent was killed would wait for work for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    _held["work"] = (wanted, set_up(wanted.experiment, out))


def _end_with_parent() -> None:
    """End with a parent that was killed, who can tell nobody to stop."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _done(cell: Cell) -> Row:
    """Do one cell, in a process that has begun."""
    wanted, stage = _held["work"]
    step = _step(stage, wanted, cell)
    with step.held():
        return step.told or step.finish(_row(wanted, stage, cell))


def _row(wanted: Sweep, stage: Stage, cell: Cell) -> Row:
    settings = cell.student(wanted.experiment.student[0])
    # Behind all that any cell asks for: what the attacker has from elsewhere.
    first = max(wanted.grid.queries)
    known = stage.material("none", first, first + wanted.grid.known)
    shown = stage.material(cell.defence, 0, cell.queries)
    material = known if cell.attacker == "known" else shown
    if cell.attacker == "adaptive":
        left = stage.material(cell.defence, first, first + wanted.grid.known)
        # What restores is trained once, whatever the budget of the student itself.
        helper = replace(cell, training=1).student(wanted.experiment.student[0])
        attacker = Distiller(stage.store, stage.teacher, settings, helper, cell.seed, known, left)
        material = attacker.material(material, cell.defence)
    found = stage.trained(settings, material, cell.queries, cell.seed)
    return (
        asdict(cell)
        | asdict(found.fidelity)
        | {
            "learnt_from": len(material.responses),
            "training_flops": found.training_flops and float(found.training_flops.number),
            "cpu_seconds": (found.step.told or {})["cpu_seconds"],
        }
    )


def _step(stage: Stage, wanted: Sweep, cell: Cell) -> Step:
    first = max(wanted.grid.queries)
    return stage.store.step(
        "cell",
        cell=asdict(replace(cell, defence=known_as(cell.defence))),
        student=asdict(wanted.experiment.student[0]),
        problems=len(stage.problems),
        harvest=stage.harvest.digest(0, cell.queries),
        known=stage.harvest.digest(first, first + wanted.grid.known),
        teacher=stage.teacher.digest,
    )
