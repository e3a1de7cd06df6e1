"""Python files that belong to no package: the seeds of tables."""

import importlib.util


def load_script(path):
    """The module in the file."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
