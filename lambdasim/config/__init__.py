"""The experiment file: read, checked, and turned into frozen values. It knows nothing of running.

``load`` reads a file (``tree``, ``positions``, ``origins``), changes it (``overrides``) and builds it (``build``,
``validate``) into the models of ``schema``, whose fields are kinds of ``quantity``.
"""

from lambdasim.config.load import LoadedExperiment, config_from_dict, load_config, with_values
from lambdasim.config.schema import ExperimentConfig

__all__ = ["ExperimentConfig", "LoadedExperiment", "config_from_dict", "load_config", "with_values"]
