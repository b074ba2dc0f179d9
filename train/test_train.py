#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Checks of the training code that take seconds: test_train.py, or python3 -m unittest in this folder."""
from __future__ import annotations

import dataclasses
import glob
import json
import os
import random
import struct
import sys
import tempfile
import unittest

try:
    import torch
except ImportError as missing:
    print("SKIPPED: train/test_train.py needs PyTorch (Debian: python3-torch)", file=sys.stderr)
    if __name__ == "__main__":
        sys.exit(77)  # what ctest counts as skipped
    raise unittest.SkipTest("needs PyTorch") from missing

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tests", "reference")]

import mini_tap  # noqa: E402
import realism  # noqa: E402
import ssimulacra2  # noqa: E402
from config import (AugmentConfig, Config, ModelConfig, TrainingConfig, from_dict,  # noqa: E402
                    read_config, to_json)
from data import (HELD_OUT_EVERY, Batches, list_pictures, pack, random_crop,  # noqa: E402
                  sample_blocks, split, stream_batches)  # noqa: E402
from evaluate import format_table, measure  # noqa: E402
from export import model_file  # noqa: E402
from fit_rate import encode_all, fit  # noqa: E402
from losses import ms_ssim  # noqa: E402
from model import BLOCK_VALUES, DOWNSCALE, MiniModel, config_from_tensors, deepen, grow_latent  # noqa: E402
from optimiser import orthogonalise  # noqa: E402
from rate import stored_tensors, with_proxy  # noqa: E402
from PIL import Image  # noqa: E402
from trainer import Trainer, WEIGHTS_FILE  # noqa: E402
from weights import read_safetensors  # noqa: E402

CPU = torch.device("cpu")
NARROW = ModelConfig(latent_channels=4, width_h=3, width_w=6)  # the released depth, few channels
SMALL = mini_tap.SIZES
TEST_CONFIG = Config(name="test-1", model=SMALL, training=TrainingConfig(
    batch=2, warmup_steps=2, second_phase_from=0.5, augment=AugmentConfig(crop_px=96, synthetic_chance=0.2)))


def make_photos(count: int = 3, side_px: int = 200) -> list:
    """Smooth random pictures, uint8 [3,H,W]."""
    generator = torch.Generator().manual_seed(5)
    photos = []
    for _ in range(count):
        coarse = torch.rand(1, 3, 8, 8, generator=generator) * 255
        photo = torch.nn.functional.interpolate(coarse, side_px, mode="bicubic")[0]
        photos.append(photo.clamp(0, 255).byte())
    return photos


def make_random(config: ModelConfig) -> MiniModel:
    """A model in float64 without a zero in its weights; positive, so that no ReLU hides a path."""
    torch.manual_seed(1)
    model = MiniModel(config).double()
    for parameter in model.parameters():
        torch.nn.init.uniform_(parameter, 0.01, 0.05)
    return model


def header_of(content: bytes) -> dict:
    """What a safetensors file says of its tensors."""
    header_bytes = struct.unpack("<Q", content[:8])[0]
    assert header_bytes % 8 == 0
    return json.loads(content[8:8 + header_bytes])


class Network(unittest.TestCase):
    def test_shapes(self) -> None:
        model = MiniModel(ModelConfig())
        latent = model.enc(torch.rand(2, 3, 16, 40))
        self.assertEqual(latent.shape, (2, 24, 2, 5))
        self.assertEqual(model.dec(latent, torch.zeros(2)).shape, (2, 3, 16, 40))
        self.assertEqual(model.ctx(latent, torch.zeros(2)).shape, (2, 2, 5))

    def test_sizes_are_found_again_in_tensors(self) -> None:
        for config in (ModelConfig(), SMALL, ModelConfig(5, 8, 16, 3, 0, 1, 2)):
            self.assertEqual(config_from_tensors(MiniModel(config).state_dict()), config)

    def test_linear_part_ignores_autocast(self) -> None:
        model = MiniModel(SMALL)  # its networks are zero
        picture, log2_step = torch.rand(1, 3, 16, 16), torch.zeros(1)
        latent = model.enc(picture)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            self.assertTrue(torch.equal(model.enc(picture), latent))
            decoded = model.dec(latent, log2_step)
        self.assertTrue(torch.equal(decoded, model.dec(latent, log2_step)))

    def test_encoder_reach_is_exact(self) -> None:
        model = make_random(NARROW)
        self.assertEqual(model.enc.reach_px(), 80)
        picture = torch.full((1, 3, DOWNSCALE, 31 * DOWNSCALE), 0.75, dtype=torch.float64, requires_grad=True)
        model.enc(picture)[..., 15].sum().backward()
        seen = picture.grad.abs().sum((0, 1, 2)).nonzero().flatten()
        own_first, own_last = 15 * DOWNSCALE, 16 * DOWNSCALE - 1
        self.assertEqual(max(own_first - int(seen.min()), int(seen.max()) - own_last), model.enc.reach_px())

    def test_decoder_reach_is_exact(self) -> None:
        model = make_random(NARROW)
        self.assertEqual(model.dec.reach_px(), 148)
        farthest = 0
        for pixel in range(25 * DOWNSCALE, 26 * DOWNSCALE):
            latent = torch.ones(1, 4, 1, 51, dtype=torch.float64, requires_grad=True)
            model.dec(latent, torch.ones(1, dtype=torch.float64))[..., pixel].sum().backward()
            seen = latent.grad.abs().sum((0, 1, 2)).nonzero().flatten()
            nearest_left = pixel - (int(seen.min()) * DOWNSCALE + DOWNSCALE - 1)
            nearest_right = int(seen.max()) * DOWNSCALE - pixel
            farthest = max(farthest, nearest_left, nearest_right)
        self.assertEqual(farthest, model.dec.reach_px())

    def test_rate_model_is_causal(self) -> None:
        model = make_random(SMALL).ctx
        torch.nn.init.normal_(model.f2.weight)
        scaled = torch.randn(1, 4, 6, 6, dtype=torch.float64)
        log2_step = torch.zeros(1, dtype=torch.float64)
        changed = scaled.clone()
        changed[0, 2, 3, 3] += 1
        order = torch.arange(6 * 6 * 4).view(6, 6, 4).permute(2, 0, 1)  # raster, then channel
        original = model.distribution(scaled, log2_step)
        for before, after in zip(original, model.distribution(changed, log2_step)):
            differs = (before != after)[0]
            self.assertTrue((order[differs] > order[2, 3, 3]).all())
            self.assertTrue(differs[3, 3, 3] and differs[0, 3, 4] and differs[0, 5, 1])
        differs = (model.symbol_bits(scaled, log2_step) != model.symbol_bits(changed, log2_step))[0]
        self.assertEqual(order[differs].min(), order[2, 3, 3])

    def test_rate_model_survives_the_model_file(self) -> None:
        model = make_random(SMALL).ctx
        torch.nn.init.normal_(model.f2.weight)
        again = make_random(SMALL).ctx
        stored = with_proxy({**stored_tensors(model), "dec.lin.bias": torch.zeros(1)})
        self.assertEqual(stored.pop("dec.lin.bias").shape, (1,))
        again.load_state_dict({name[4:]: value for name, value in stored.items()})
        scaled = torch.randn(1, 4, 6, 6, dtype=torch.float64)
        log2_step = torch.zeros(1, dtype=torch.float64)
        torch.testing.assert_close(model(scaled, log2_step), again(scaled, log2_step))

    def test_rate_model_learns_alone(self) -> None:
        model = make_random(SMALL).float()
        latents = encode_all(model, make_photos(), CPU)
        self.assertEqual(len(latents), 6)
        before = model.ctx(torch.stack(latents).round(), torch.zeros(6)).mean().item()
        fit(model.ctx, latents, 0.05, 2)
        self.assertLess(model.ctx(torch.stack(latents).round(), torch.zeros(6)).mean().item(), 0.9 * before)

    def test_growing_keeps_the_old_channels(self) -> None:
        old = make_random(SMALL).float()
        new = MiniModel(dataclasses.replace(SMALL, latent_channels=7))
        blocks = sample_blocks(make_photos(), DOWNSCALE, random.Random(0))
        self.assertEqual(blocks.shape[1], BLOCK_VALUES)
        new.load_state_dict(grow_latent(old.state_dict(), new, blocks))
        picture, log2_step = torch.rand(1, 3, 32, 32), torch.zeros(1)
        latent = old.enc(picture)
        torch.testing.assert_close(new.enc(picture)[:, :4], latent)
        extended = torch.cat([latent, torch.zeros(1, 3, 4, 4)], 1)
        torch.testing.assert_close(new.dec(extended, log2_step), old.dec(latent, log2_step))
        torch.testing.assert_close(new.ctx.symbol_bits(new.enc(picture), log2_step)[:, :4],
                                   old.ctx.symbol_bits(latent, log2_step))

    def test_deepening_keeps_the_function(self) -> None:
        old = make_random(SMALL).float()
        sizes = dataclasses.replace(SMALL, n_enc_low=SMALL.n_enc_low + 2, n_dec_low=SMALL.n_dec_low + 1)
        new = MiniModel(sizes)
        new.load_state_dict(deepen(old.state_dict(), new))
        picture, log2_step = torch.rand(1, 3, 32, 32), torch.zeros(1)
        latent = old.enc(picture)
        self.assertTrue(torch.equal(new.enc(picture), latent))
        self.assertTrue(torch.equal(new.dec(latent, log2_step), old.dec(latent, log2_step)))


class Metrics(unittest.TestCase):
    def test_identical_pictures_are_perfect(self) -> None:
        picture = make_photos(1)[0][None].float() / 255
        self.assertAlmostEqual(ssimulacra2.score(picture, picture).item(), 100, delta=1e-3)
        self.assertAlmostEqual(ms_ssim(picture, picture).item(), 1, delta=1e-5)

    def test_more_noise_is_worse_and_has_a_gradient(self) -> None:
        picture = make_photos(1)[0][None].float() / 255
        noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(2))
        scores = [ssimulacra2.score(picture, picture + size * noise).item() for size in (0.02, 0.05, 0.1)]
        self.assertEqual(scores, sorted(scores, reverse=True))
        distorted = (picture + 0.05 * noise).requires_grad_()
        ssimulacra2.error_sum(picture, distorted).sum().backward()
        self.assertTrue(torch.isfinite(distorted.grad).all())

    def test_score_stays_what_it_was(self) -> None:
        # From this code when it was within 0.4 of libjxl's tool on 30 pairs of pictures.
        y, x = torch.meshgrid(torch.arange(96.0), torch.arange(128.0), indexing="ij")
        planes = [torch.sin(x / 5) * torch.cos(y / 9), torch.sin((x + y) / 7), torch.cos(x * y / 400)]
        picture = torch.stack(planes)[None].double() / 2 + 0.5
        distortions = {"posterised": (picture * 12).round() / 12, "channels swapped": picture.flip(1),
                       "blurred": torch.nn.functional.avg_pool2d(picture, 3, 1, 1)}
        expected = {"posterised": 87.136, "blurred": 74.627, "channels swapped": -29.928}
        for name, distorted in distortions.items():
            self.assertAlmostEqual(ssimulacra2.score(picture, distorted).item(), expected[name], delta=0.02)

    def test_smoothing_is_the_reference_filter(self) -> None:
        # Taps of libjxl's recursive filter for sigma 1.5, from its response to an impulse.
        expected = [0.264621105, 0.212928592, 0.109335373, 0.0360111147, 0.00941436781, 0]
        torch.testing.assert_close(ssimulacra2.TAPS[5:], torch.tensor(expected), rtol=1e-6, atol=1e-8)


class Training(unittest.TestCase):
    def test_resumed_run_equals_an_unbroken_one(self) -> None:
        for muon in (False, True):
            with self.subTest(muon=muon):
                training = dataclasses.replace(TEST_CONFIG.training, muon=muon)
                self.check_resumed_run(dataclasses.replace(TEST_CONFIG, training=training))

    def check_resumed_run(self, config: Config) -> None:
        photos = make_photos()
        whole = Trainer(config, CPU)
        whole.start_from_photos(photos)
        with tempfile.TemporaryDirectory() as folder:
            part = Trainer(config, CPU)
            part.start_from_photos(photos)
            batches = stream_batches(photos, config.training, 0, 2, False)
            for step in range(4):
                whole.train_step(next(batches), step / 4)
                part.train_step(Batches(photos, config.training)[step], step / 4)
                if step == 1:
                    part.save(folder)
                    part = Trainer.resume(folder, CPU, {})
        self.assertEqual(part.step, 4)
        for name, value in whole.model.state_dict().items():
            self.assertTrue(torch.equal(value, part.model.state_dict()[name]), name)
            self.assertTrue(torch.equal(whole.averaged[name], part.averaged[name]), name)

    def test_muon_moves_along_all_directions_alike(self) -> None:
        generator = torch.Generator().manual_seed(2)
        gradients = torch.randn(2, 12, 108, generator=generator) * torch.logspace(-1, 1, 12)[:, None]
        lengths = torch.linalg.svdvals(orthogonalise(gradients))
        self.assertGreater(lengths.min().item(), 0.6)
        self.assertLess(lengths.max().item(), 1.25)

    def test_step_without_a_finite_gradient_changes_nothing(self) -> None:
        photos = make_photos()
        training = dataclasses.replace(TEST_CONFIG.training, muon=True)
        trainer = Trainer(dataclasses.replace(TEST_CONFIG, training=training), CPU)
        before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
        true_loss = trainer.loss
        trainer.loss = lambda *given: tuple(value * float("nan") for value in true_loss(*given))
        with open(os.devnull, "w", encoding="utf-8") as quiet:
            stdout, sys.stdout = sys.stdout, quiet
            try:
                trainer.train_step(Batches(photos, TEST_CONFIG.training)[0], 0.0)
            finally:
                sys.stdout = stdout
        self.assertEqual((trainer.step, int(trainer.skipped)), (1, 1))
        for name, value in trainer.model.state_dict().items():
            self.assertTrue(torch.equal(value, before[name]), name)

    def test_evaluation_of_odd_sizes(self) -> None:
        trainer = Trainer(TEST_CONFIG, CPU)
        trainer.start_from_photos(make_photos())
        rows = measure(trainer.averaged_model(), [make_photos(1, side_px=181)[0]], (-1.0, 2.0))
        self.assertGreater(rows[0].psnr, rows[1].psnr)
        self.assertIn("SSIMULACRA2", format_table(rows))


class Realism(unittest.TestCase):
    def test_filters_are_orthonormal_and_blind_to_the_mean(self) -> None:
        rows = realism.detail_filters().flatten(1)
        torch.testing.assert_close(rows @ rows.t(), torch.eye(15), atol=1e-6, rtol=0)
        self.assertLess(rows.sum(1).abs().max().item(), 1e-5)

    def test_the_originals_distribution_is_the_nearest(self) -> None:
        generator = torch.Generator().manual_seed(4)
        plain = make_photos(1)[0][None].float() / 255
        filters = realism.detail_filters()

        def textured(strength: float) -> realism.Views:
            noise = torch.randn(plain.shape, generator=generator)
            return realism.views_of(plain + 0.05 * strength * noise, filters)

        wanted, distances = textured(1), []
        for strength in (0, 0.7, 1, 1.4):
            first, second = textured(strength), textured(strength)
            distances.append(realism.texture_loss(wanted, first, second).item())
        self.assertEqual(min(distances), distances[2])
        self.assertLess(distances[2], 0.8 * distances[0])

    def test_resumed_run_equals_an_unbroken_one(self) -> None:
        model, photos = make_random(SMALL).float(), make_photos()
        batches = Batches(photos, TEST_CONFIG.training)
        whole, part = (realism.RealismTrainer(TEST_CONFIG, model, CPU) for _ in range(2))
        _, features = whole.decode(batches[0], torch.Generator().manual_seed(0))
        noise = torch.randn(2, realism.TEXTURE_NOISE, 24, 24)
        self.assertEqual(whole.texture(features, noise).abs().max().item(), 0)
        with tempfile.TemporaryDirectory() as folder:
            for step in range(3):
                whole.train_step(batches[step], step / 3)
                part.train_step(batches[step], step / 3)
                if step == 0:
                    part.save(folder, model.state_dict(), {})
                    part = realism.RealismTrainer(TEST_CONFIG, model, CPU)
                    part.resume(folder)
            whole.save(folder, model.state_dict(), {"trained_minutes": "1"})
            stored, _ = read_safetensors(os.path.join(folder, WEIGHTS_FILE))
        for name, value in whole.texture.state_dict().items():
            self.assertTrue(torch.equal(value, part.texture.state_dict()[name]), name)
            self.assertTrue(torch.equal(whole.averaged[name], part.averaged[name]), name)
        self.assertGreater(whole.texture(features, noise).abs().max().item(), 0)
        self.assertIn("real.tail.0.weight", header_of(model_file(stored, TEST_CONFIG, "1")))
        del stored["real.gain.bias"]
        with self.assertRaisesRegex(ValueError, "real.gain.bias"):
            model_file(stored, TEST_CONFIG, "1")


class Export(unittest.TestCase):
    def setUp(self) -> None:
        self.tensors = make_random(SMALL).state_dict()

    def test_round_trip_is_deterministic(self) -> None:
        trainer = Trainer(TEST_CONFIG, CPU)
        with tempfile.TemporaryDirectory() as folder:
            trainer.save(folder)
            stored, metadata = read_safetensors(os.path.join(folder, WEIGHTS_FILE))
        content = model_file(stored, TEST_CONFIG, metadata["trained_minutes"])
        shuffled = dict(reversed(list(stored.items())))
        self.assertEqual(content, model_file(shuffled, TEST_CONFIG, metadata["trained_minutes"]))
        header = header_of(content)
        described = header.pop("__metadata__")
        self.assertEqual(list(header), sorted(header))
        self.assertTrue(all(name.startswith(("enc.", "dec.", "rate.")) for name in header))
        self.assertEqual((described["name"], described["enc_reach_px"]), ("test-1", "40"))
        self.assertTrue(all(isinstance(value, str) for value in described.values()))

    def test_refuses_what_fp16_cannot_hold(self) -> None:
        for value in (float("nan"), float("inf"), 7e4):
            self.tensors["dec.lin.bias"][3] = value
            with self.assertRaisesRegex(ValueError, "dec.lin.bias"):
                model_file(self.tensors, TEST_CONFIG, "0")

    def test_refuses_missing_and_unknown_tensors(self) -> None:
        with self.assertRaisesRegex(ValueError, "dec.odd"):
            model_file({**self.tensors, "dec.odd": torch.zeros(1)}, TEST_CONFIG, "0")
        del self.tensors["dec.up.0.bias"]
        with self.assertRaisesRegex(ValueError, "dec.up.0.bias"):
            model_file(self.tensors, TEST_CONFIG, "0")

    def test_tiny_model_and_taps_are_up_to_date(self) -> None:
        with open(mini_tap.MODEL_FILE, "rb") as file:
            self.assertEqual(file.read(), mini_tap.model_content())
        stored, _ = read_safetensors(mini_tap.TAP_FILE)
        for name, value in mini_tap.compute_taps(mini_tap.load_tiny()).items():
            torch.testing.assert_close(stored[name], value.float(), rtol=1e-6, atol=1e-6)


class Data(unittest.TestCase):
    def test_split_holds_every_46th_out(self) -> None:
        names = [f"{number:04d}.jpg" for number in range(100)]
        training, held_out = split(names)
        self.assertEqual(held_out, names[::HELD_OUT_EVERY])
        self.assertEqual(sorted(training + held_out), names)

    def test_crops_have_their_size_and_range(self) -> None:
        photos, rng = make_photos(), random.Random(3)
        augment = AugmentConfig(crop_px=64, synthetic_chance=0.5, rescale_chance=0.5, tint_chance=0.5,
                                transpose_chance=0.5, gamma_chance=0.5, permute_chance=0.5)
        for _ in range(30):
            crop = random_crop(photos, augment, rng)
            self.assertEqual(crop.shape, (3, 64, 64))
            self.assertTrue(0 <= crop.min() and crop.max() <= 1)

    def test_pack_keeps_to_its_limit(self) -> None:
        with tempfile.TemporaryDirectory() as source, tempfile.TemporaryDirectory() as target:
            for number in range(4):
                noise = torch.randint(0, 256, (300, 400, 3), generator=torch.Generator().manual_seed(number))
                Image.fromarray(noise.byte().numpy()).save(os.path.join(source, f"{number}.png"))
            count, total, _ = pack(source, target, 300_000, side_px=256)
            written = [os.path.getsize(path) for path in list_pictures(target)]
            self.assertEqual((len(written), sum(written)), (count, total))
            self.assertLessEqual(total, 300_000)
            self.assertGreater(count, 0)


class Settings(unittest.TestCase):
    def test_released_settings_can_be_read(self) -> None:
        for path in glob.glob(os.path.join(HERE, "config", "*.json")):
            config = read_config(path)
            with open(path, encoding="utf-8") as file:
                self.assertEqual(to_json(config), file.read(), path)

    def test_unknown_setting_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "training.*: unknown setting learning_rat"):
            from_dict(Config, {"training": {"learning_rat": 1}})


if __name__ == "__main__":
    torch.set_num_threads(1)
    unittest.main()
