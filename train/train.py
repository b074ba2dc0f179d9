#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Train the built-in model: one command, limited by time, resumable.

    train.py --out DIR --data PHOTOS [--config FILE] [--minutes M]      from nothing (PCA of the photos)
    train.py --out DIR --data PHOTOS --start WEIGHTS ...                from weights, with a fresh optimiser
    train.py --resume DIR --data PHOTOS [--minutes M]                   continue an interrupted run

DIR receives `state.pt` (for --resume) and `weights.safetensors` (for evaluate.py, export.py, --start).
The schedule is in minutes of training; loading and evaluating do not count. With --steps it is in steps,
and the result no longer depends on the machine's speed. SIGINT and SIGTERM write a checkpoint and stop.
"""
from __future__ import annotations

import argparse
import collections
import dataclasses
import os
import signal
import sys
import time
from typing import Dict, List

import torch
from torch import Tensor

from compute import select_device
from config import Config, read_config, to_json
from data import list_pictures, load_photos, load_picture, split, stream_batches
from evaluate import format_table, measure
from trainer import History, Trainer, mean_of

LOG_EVERY_STEPS = 250


class StopRequest:
    """Set by SIGINT and SIGTERM; the loop looks at it between steps."""

    def __init__(self) -> None:
        self.received = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.receive)

    def receive(self, _number: int, _frame: object) -> None:
        self.received = True


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("--out", metavar="DIR", help="folder for the checkpoint")
    option("--resume", metavar="DIR", help="continue from this folder's checkpoint, and write there")
    option("--start", metavar="WEIGHTS", help="begin with these weights instead of PCA")
    option("--data", metavar="PHOTOS", required=True, help="folder of training photos")
    option("--config", metavar="FILE", help="settings (JSON), such as config/mini-1.json")
    option("--minutes", type=float, help="length of the schedule in minutes of training")
    option("--steps", type=int, help="length of the schedule in steps instead")
    option("--stop-after", type=float, metavar="M", help="stop after M minutes, the schedule unfinished")
    option("--stop-at-step", type=int, metavar="N", help="stop at step N, the schedule unfinished")
    option("--batch", type=int, help="crops a step, in place of the configuration's")
    option("--seed", type=int, help="in place of the configuration's")
    option("--checkpoint-every", type=float, default=5.0, metavar="M", help="minutes (5)")
    option("--evaluate-every", type=float, default=20.0, metavar="M", help="minutes (20), 0: only at the end")
    option("--held-out", type=int, default=-1, metavar="N", help="evaluate on N held-out photos (all)")
    option("--device", default="auto", choices=("auto", "cpu", "cuda"))
    option("--bfloat16", action="store_true", help="networks in bfloat16 on a CPU too")
    option("--workers", type=int, default=0, metavar="N", help="processes that cut crops ahead (0; a GPU wants many)")
    option("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if bool(options.out) == bool(options.resume):
        parser.error("give either --out or --resume")
    if options.resume and (options.start or options.config):
        parser.error("--resume takes weights and settings from its checkpoint")
    return options


def setting_overrides(options: argparse.Namespace) -> Dict[str, object]:
    """Settings of the training configuration that the command line replaces."""
    given = {"minutes": options.minutes, "batch": options.batch, "seed": options.seed}
    return {name: value for name, value in given.items() if value is not None}


def make_trainer(options: argparse.Namespace, photos: List[Tensor], device: torch.device) -> Trainer:
    """A trainer that is ready for its next step: fresh, started from weights, or resumed."""
    trainer = new_or_resumed(options, photos, device)
    trainer.bfloat16 = options.bfloat16
    return trainer


def new_or_resumed(options: argparse.Namespace, photos: List[Tensor], device: torch.device) -> Trainer:
    """The trainer with its weights."""
    if options.resume:
        return Trainer.resume(options.resume, device, setting_overrides(options))
    config = read_config(options.config) if options.config else Config()
    training = dataclasses.replace(config.training, **setting_overrides(options))
    trainer = Trainer(dataclasses.replace(config, training=training), device)
    if options.start:
        trainer.start_from_weights(options.start, photos)
    else:
        trainer.start_from_photos(photos)
    return trainer


def progress_of(trainer: Trainer, options: argparse.Namespace) -> float:
    """The part of the schedule done, 1 at its end."""
    done, length = trainer.minutes, trainer.config.training.minutes
    if options.steps is not None:
        done, length = trainer.step, options.steps
    return done / length if length > 0 else 1.0


def report(trainer: Trainer, held_out: List[Tensor], history: History) -> None:
    """Print the recent training figures and a table of the averaged weights on held-out photos."""
    line = f"{trainer.step} steps, {trainer.minutes:.1f} min"
    if history:
        line += ", distortion %.4f, %.3f bpp in training" % mean_of(history)
    print(line, flush=True)
    if held_out:
        print(f"{len(held_out)} held-out photos:")
        print(format_table(measure(trainer.averaged_model(), held_out)), flush=True)


def run(trainer: Trainer, photos: List[Tensor], held_out: List[Tensor], options: argparse.Namespace) -> None:
    """Train until the schedule, or the time of this command, is over; checkpoint and report on the way."""
    folder = options.resume or options.out
    stop = StopRequest()
    first_minute = last_checkpoint = last_report = trainer.minutes
    history: History = collections.deque(maxlen=LOG_EVERY_STEPS)
    batches = stream_batches(photos, trainer.config.training, trainer.step, options.workers,
                             trainer.device.type == "cuda")
    while progress_of(trainer, options) < 1 and not stop.received:
        if options.stop_after is not None and trainer.minutes - first_minute >= options.stop_after:
            break
        if options.stop_at_step is not None and trainer.step >= options.stop_at_step:
            break
        before = time.monotonic()
        history.append(trainer.train_step(next(batches), progress_of(trainer, options)))
        trainer.minutes += (time.monotonic() - before) / 60
        if trainer.step % LOG_EVERY_STEPS == 0:
            recent = mean_of(history)
            print(f"{trainer.step} steps, {trainer.minutes:.1f} min: distortion {recent[0]:.4f}, "
                  f"{recent[1]:.3f} bpp", flush=True)
        if trainer.minutes - last_checkpoint >= options.checkpoint_every:
            last_checkpoint = trainer.minutes
            trainer.save(folder)
        if options.evaluate_every and trainer.minutes - last_report >= options.evaluate_every:
            last_report = trainer.minutes
            report(trainer, held_out, history)
    trainer.save(folder)
    report(trainer, held_out, history)


def main() -> int:
    options = parse_options()
    device = select_device(options.device, options.threads)
    try:
        training_paths, held_out_paths = split(list_pictures(options.data))
        photos = load_photos(training_paths)
        trainer = make_trainer(options, photos, device)
    except (OSError, ValueError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    crop_px = trainer.config.training.augment.crop_px
    photos = [photo for photo in photos if min(photo.shape[1:]) >= crop_px]
    held_out = [load_picture(path) for path in held_out_paths]
    held_out = held_out[:options.held_out] if options.held_out >= 0 else held_out
    print(f"{device}, {len(photos)} photos, {len(held_out)} held out; encoder reaches "
          f"{trainer.model.enc.reach_px()} px, decoder {trainer.model.dec.reach_px()} px")
    print(to_json(trainer.config), end="", flush=True)
    run(trainer, photos, held_out, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
