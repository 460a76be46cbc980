import importlib.metadata

import topograph


def test_the_package_says_its_version():
    assert topograph.__version__ == importlib.metadata.version("topograph")
    assert "__version__" in dir(topograph)
