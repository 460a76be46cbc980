"""Does the checker of certificates, which stands alone, accept one?"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import topograph

CHECKER = Path(__file__).parents[2] / "examples" / "check_certificate.py"


def load_checker():
    spec = importlib.util.spec_from_file_location("check_certificate", CHECKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


checker = load_checker()


def accepted(folder, graph, certificate):
    mask, file = folder / "mask.npz", folder / "certificate.json"
    topograph.write(graph, mask)
    file.write_text(json.dumps(certificate))
    return is_accepted(mask, file)


def is_accepted(*arguments):
    try:
        checker.main(*map(str, arguments))
    except Exception:
        return False
    return True
