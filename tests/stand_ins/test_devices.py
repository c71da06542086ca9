"""tf.config and tf.test of a machine with a CPU."""

from __future__ import annotations

from convcore import runtime
from convcore.stand_ins import devices


def test_there_is_a_cpu_and_nothing_else() -> None:
    listing = devices.CONFIG["list_physical_devices"]
    assert [device.device_type for device in listing()] == ["CPU"]
    assert listing("GPU") == devices.CONFIG["experimental"]["list_physical_devices"]("GPU") == []
    assert [device.name for device in devices.CONFIG["list_logical_devices"]("CPU")] == ["/device:CPU:0"]
    assert devices.TEST["gpu_device_name"]() == ""
    assert not devices.TEST["is_gpu_available"](cuda_only=True)


def test_a_device_is_a_context() -> None:
    with devices.device("/GPU:0") as nothing:
        assert nothing is None


def test_the_number_of_threads_is_that_of_convcore() -> None:
    threading = devices.CONFIG["threading"]
    with runtime.threads(2):
        threading["set_intra_op_parallelism_threads"](1)
        assert threading["get_intra_op_parallelism_threads"]() == 1
