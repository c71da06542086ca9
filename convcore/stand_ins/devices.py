"""``tf.config``, ``tf.test`` and ``tf.device`` of a machine that has a CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from convcore import runtime

__all__ = ["CONFIG", "TEST", "device"]


class PhysicalDevice(NamedTuple):
    """A device as TensorFlow lists it."""

    name: str
    device_type: str


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The CPU, or nothing for another kind of device."""
    return [PhysicalDevice("/physical_device:CPU:0", "CPU")] if device_type in {None, "CPU"} else []


def list_logical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The CPU, or nothing for another kind of device."""
    return [PhysicalDevice("/device:CPU:0", "CPU")] if device_type in {None, "CPU"} else []


def accept(*args: Any, **kwargs: Any) -> None:
    """A setting that changes nothing here: there is no other device, and every result is deterministic anyway."""


def set_threads(num_threads: int) -> None:
    """Use `num_threads` threads; 0 leaves the choice to convcore."""
    if num_threads:
        runtime.set_num_threads(num_threads)


@contextmanager
def device(device_name: str) -> Iterator[None]:
    """Inside, the CPU computes, as outside."""
    yield


_DEVICES = {
    "get_visible_devices": list_physical_devices,
    "list_logical_devices": list_logical_devices,
    "list_physical_devices": list_physical_devices,
    "set_visible_devices": accept,
}
CONFIG: dict[str, Any] = {
    **_DEVICES,
    "experimental": {**_DEVICES, "enable_op_determinism": accept, "set_memory_growth": accept},
    "optimizer": {"set_jit": accept},
    "run_functions_eagerly": accept,
    "set_soft_device_placement": accept,
    "threading": {
        "get_intra_op_parallelism_threads": runtime.get_num_threads,
        "set_inter_op_parallelism_threads": accept,
        "set_intra_op_parallelism_threads": set_threads,
    },
}
TEST: dict[str, Any] = {
    "gpu_device_name": lambda: "",
    "is_built_with_cuda": lambda: False,
    "is_built_with_gpu_support": lambda: False,
    "is_gpu_available": lambda cuda_only=False, min_cuda_compute_capability=None: False,
}
