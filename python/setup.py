# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""The Python package: see README.md."""
import os
import re

from setuptools import setup

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("PITH_SOURCE_DIR", os.path.dirname(HERE))
with open(os.path.join(ROOT, "include", "pith", "version.h"), encoding="utf-8") as file:
    VERSION = re.search(r'PITH_VERSION_STRING "([^"]+)"', file.read()).group(1)
with open(os.path.join(HERE, "README.md"), encoding="utf-8") as file:
    README = file.read()

setup(
    name="pith-codec",
    version=VERSION,
    description="Pictures stored as the quantised latent of an autoencoder: encode, decode, and a Pillow plug-in",
    long_description=README,
    long_description_content_type="text/markdown",
    license="MIT",
    packages=["pith"],
    package_data={"pith": ["py.typed"]},
    cffi_modules=["build_pith.py:ffibuilder"],
    setup_requires=["cffi"],
    install_requires=["cffi", "numpy"],
    extras_require={"pillow": ["Pillow"]},
    python_requires=">=3.9",
    zip_safe=False,
)
