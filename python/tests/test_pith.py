# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""The Python package as its users use it, and misuse it."""
import copy
import io
import os
import pickle
import random
import tempfile
import threading
import unittest
import warnings

import numpy as np

import pith


def picture(height, width, channels=3, dtype=np.uint8):
    """Waves, and noise, so that it is no drawing."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(1).integers(0, 30, (height, width, channels))
    waves = 90 + 60 * np.sin(x / 17)[:, :, None] + 40 * np.cos(y / 11 + np.arange(channels)[:, None, None]).transpose(1, 2, 0)
    whole = np.clip(waves + noise, 0, 255)
    if channels in (2, 4):
        whole[:, :, -1] = np.where(x < width // 2, 255, 0)
    return (whole * (257 if dtype == np.uint16 else 1)).astype(dtype)


def rms(a, b):
    return float(np.sqrt(np.mean((a.astype(float) - b.astype(float)) ** 2)))


class Codec(unittest.TestCase):
    def test_round_trip(self):
        for channels in (1, 2, 3, 4):
            original = picture(150, 170, channels)
            data = pith.encode(original, quality=80)
            decoded = pith.decode(data)
            self.assertEqual(decoded.shape, original.shape if channels > 1 else original.shape[:2])
            self.assertEqual(decoded.dtype, np.uint8)
            visible = original[:, :85].reshape(150, 85, -1)
            self.assertLess(rms(decoded[:, :85].reshape(150, 85, -1), visible), 16)
            found = pith.info(data)
            self.assertEqual((found.width, found.height, found.channels), (170, 150, channels))
            self.assertEqual(found.n_bytes, len(data))

    def test_sizes_and_lossless(self):
        original = picture(160, 160)
        self.assertLessEqual(len(pith.encode(original, size=900)), 900)
        with self.assertRaises(pith.LimitError) as caught:
            pith.encode(original, size=20)
        self.assertEqual(caught.exception.status, "PITH_E_LIMIT")
        for dtype in (np.uint8, np.uint16):
            deep = picture(40, 50, 3, dtype)
            data = pith.encode(deep, lossless=True)
            self.assertTrue(pith.info(data).lossless)
            self.assertIsNone(pith.info(data).model)
            np.testing.assert_array_equal(pith.decode(data, depth=8 * deep.itemsize), deep)

    def test_layouts(self):
        original = picture(64, 48)
        data = pith.encode(original, lossless=True)
        for same in (np.asfortranarray(original), original[::-1][::-1], memoryview(original), original.astype(">u1")):
            self.assertEqual(pith.encode(same, lossless=True), data)
        swapped = picture(20, 20, 1, np.uint16)
        self.assertEqual(pith.encode(swapped.astype(">u2"), lossless=True), pith.encode(swapped, lossless=True))

    def test_parts(self):
        data = pith.encode(picture(130, 140), quality=60)
        whole = pith.decode(data)
        np.testing.assert_array_equal(pith.decode(data, region=(16, 9, 50, 40)), whole[9:49, 16:66])
        self.assertEqual(pith.decode(data, preview=True).shape, (17, 18, 3))
        self.assertEqual(pith.decode(data, preview=True, region=(3, 5, 20, 20)).shape[2], 3)
        self.assertEqual(pith.decode(data, depth=16).dtype, np.uint16)
        for region in ((0, 0, 141, 10), (0, 0, 0, 5), (139, 0, 2, 2)):
            with self.assertRaises(ValueError):
                pith.decode(data, region=region)

    def test_metadata(self):
        exif, xmp = b"MM\0*\0\0\0\x08\0\0\0\0\0\0", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
        data = pith.encode(picture(20, 20), exif=exif, xmp=xmp, icc=b"profile")
        found = pith.info(data)
        self.assertEqual((found.exif, found.xmp, found.icc), (exif, xmp, b"profile"))

    def test_wrong_arguments(self):
        good = picture(20, 20)
        for bad in (good.astype(np.float32), good.astype(np.int16), good > 3, [["a"]]):
            with self.assertRaises(TypeError):
                pith.encode(bad)
        for bad in (good[None], good[:0], np.zeros((5, 5, 5), np.uint8), np.uint8(3)):
            with self.assertRaises(ValueError):
                pith.encode(bad)
        for options in ({"quality": 101}, {"quality": float("nan")}, {"quality": 5, "size": 500}, {"size": 0},
                        {"faithful": "very"}, {"effort": 9}, {"method": "zip"}, {"threads": -1}):
            with self.assertRaises(ValueError, msg=options):
                pith.encode(good, **options)
        with self.assertRaises(ValueError):
            pith.decode(pith.encode(good), depth=12)
        with self.assertRaises(pith.PithError):
            pith.Model("/no/such/file.safetensors")

    def test_hostile_files(self):
        data = pith.encode(picture(96, 96), quality=30)
        for n in list(range(0, len(data), 17)):
            with self.assertRaises(pith.FormatError):
                pith.decode(data[:n])
        rng = random.Random(2)
        for _ in range(60):
            broken = bytearray(data)
            broken[rng.randrange(5, len(data))] ^= 1 << rng.randrange(8)
            with self.assertRaises(pith.PithError):
                pith.decode(broken)
        for junk in (b"", b"\xf0PIT", b"no picture at all", bytes(rng.randrange(256) for _ in range(500))):
            with self.assertRaises(pith.FormatError):
                pith.info(junk)
        with self.assertRaises(TypeError):
            pith.decode("text")

    def test_missing_model(self):
        data = bytearray(pith.encode(picture(150, 150), quality=30))
        import zlib
        n = 2 + data[6]  # HEAD: type, length, payload
        at = 5 + n - 9   # its last nine bytes: latent_id, recipe
        data[at] ^= 0xFF
        data[5 + n:5 + n + 4] = zlib.crc32(bytes(data[5:5 + n])).to_bytes(4, "little")
        with self.assertRaises(pith.MissingModelError) as caught:
            pith.decode(data)
        self.assertIn("latent space", str(caught.exception))

    def test_threads(self):
        originals = [picture(120 + 8 * i, 130) for i in range(6)]
        wanted = [pith.encode(p, quality=40) for p in originals]
        pictures = [pith.decode(data) for data in wanted]
        faults = []

        def work(i):
            data = pith.encode(originals[i], quality=40)
            if data != wanted[i] or not np.array_equal(pith.decode(data), pictures[i]):
                faults.append(i)
        threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])

    def test_models(self):
        model = pith.Model()
        self.assertTrue(model.name.startswith("mini-"))
        self.assertEqual(len(model.latent_id), 16)
        data = pith.encode(picture(150, 140), quality=40, model=model)
        self.assertEqual(pith.info(data).latent_id, model.latent_id)
        np.testing.assert_array_equal(pith.decode(data, model=model), pith.decode(data))

    def test_warnings_are_pythons(self):
        data = pith.encode(picture(200, 200), size=6000)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                pith.decode(data, realism=0.5)
            except ValueError:  # a model without texture
                return
        for warning in caught:
            self.assertIs(warning.category, RuntimeWarning)


try:
    from PIL import Image
except ImportError:
    Image = None


@unittest.skipUnless(Image, "there is no Pillow")
class Pillow(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "a.pith")

    def tearDown(self):
        self.folder.cleanup()

    def test_modes(self):
        rgb = Image.fromarray(picture(150, 140))
        for mode in ("RGB", "L", "LA", "RGBA", "P", "1", "CMYK", "YCbCr", "I;16"):
            image = Image.fromarray(picture(30, 40, 1, np.uint16)[:, :, 0]) if mode == "I;16" else rgb.convert(mode)
            image.save(self.path, lossless=True)
            with Image.open(self.path) as opened:
                self.assertEqual(opened.format, "PITH")
                self.assertEqual(opened.size, image.size)
                opened.load()
                if mode in ("RGB", "L", "LA", "RGBA", "I;16"):
                    self.assertEqual(opened.mode, mode)
                    np.testing.assert_array_equal(np.asarray(opened), np.asarray(image))

    def test_options_and_metadata(self):
        image = Image.fromarray(picture(200, 180))
        exif = Image.Exif()
        exif[0x010E] = "what it shows"
        image.save(self.path, size=3000, exif=exif, icc_profile=b"profile", xmp=b"<x/>")
        self.assertLessEqual(os.path.getsize(self.path), 3000)
        opened = Image.open(self.path)
        self.assertEqual(opened.getexif()[0x010E], "what it shows")
        self.assertEqual(opened.info["icc_profile"], b"profile")
        self.assertEqual(opened.info["xmp"], b"<x/>")
        again = io.BytesIO()
        opened.save(again, "PITH", quality=30)
        self.assertEqual(Image.open(again).getexif()[0x010E], "what it shows")
        with self.assertRaises(ValueError):
            image.save(self.path, quality=200)

    def test_what_users_do_with_images(self):
        Image.fromarray(picture(160, 170)).save(self.path, quality=50)
        opened = Image.open(self.path)
        np.testing.assert_array_equal(np.asarray(copy.copy(opened)), np.asarray(opened))
        np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(opened))), np.asarray(opened))
        self.assertEqual(opened.resize((20, 20)).size, (20, 20))
        self.assertEqual(opened.crop((5, 5, 30, 30)).size, (25, 25))
        with open(self.path, "rb") as file:
            self.assertEqual(Image.open(io.BytesIO(file.read())).convert("L").mode, "L")

    def test_thumbnails_take_the_preview(self):
        Image.fromarray(picture(400, 480)).save(self.path, quality=50)
        opened = Image.open(self.path)
        opened.thumbnail((30, 30))
        self.assertEqual(opened.size, (30, 25))
        whole = Image.open(self.path)
        whole.thumbnail((300, 300))
        self.assertEqual(whole.size, (300, 250))

    def test_damaged_files(self):
        Image.fromarray(picture(150, 150)).save(self.path, quality=50)
        with open(self.path, "rb") as file:
            data = file.read()
        for broken in (data[:3], data[:40], data[:-1], data[:-5] + b"abcde"):
            with self.assertRaises(OSError):
                Image.open(io.BytesIO(broken)).load()
        with self.assertRaises(OSError):
            Image.open(io.BytesIO(b"\xf0PIT\x20" + data[5:]))


if __name__ == "__main__":
    unittest.main()
