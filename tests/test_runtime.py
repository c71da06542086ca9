"""`convcore.runtime`: threads, ISA and what the process looks like afterwards."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import ConvcoreError, ParameterError
from tests.cases import SEED_CONVS, THREADED_CONVS
from tests.checks import conv_inputs, conv_outputs, digest
from tests.conftest import THREADS
from tests.worker import run_job

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class TestNumberOfThreads:
    def test_set_and_get(self) -> None:
        before = runtime.get_num_threads()
        try:
            for count in THREADS:
                runtime.set_num_threads(count)
                assert runtime.get_num_threads() == count
        finally:
            runtime.set_num_threads(before)

    def test_the_context_manager_restores(self) -> None:
        before = runtime.get_num_threads()
        with runtime.threads(3):
            assert runtime.get_num_threads() == 3
            with runtime.threads(1):
                assert runtime.get_num_threads() == 1
            assert runtime.get_num_threads() == 3
        assert runtime.get_num_threads() == before
        with pytest.raises(KeyError), runtime.threads(2):
            raise KeyError
        assert runtime.get_num_threads() == before

    @pytest.mark.parametrize(
        "bad", [0, -1, -(2**63), 2**31, 2**64, 1.5, "2", None, True, [], (2,), float("nan"), 10**9]
    )
    def test_bad_values_are_refused_and_change_nothing(self, bad: object) -> None:
        before = runtime.get_num_threads()
        with pytest.raises(ParameterError):
            runtime.set_num_threads(bad)
        with pytest.raises(ParameterError), runtime.threads(bad):
            pass
        assert runtime.get_num_threads() == before


class TestEnvironment:
    @pytest.mark.parametrize("variable", ["CONVCORE_NUM_THREADS", "OMP_NUM_THREADS"])
    @pytest.mark.parametrize("count", ["1", "2", " 1 "])
    def test_a_good_number(self, variable: str, count: str) -> None:
        report = run_job("threads_report", environment={variable: count})
        assert (report["threads"], report["warnings"]) == (int(count), [])
        assert report["hash_is_right"]

    @pytest.mark.parametrize("variable", ["CONVCORE_NUM_THREADS", "OMP_NUM_THREADS"])
    @pytest.mark.parametrize("value", ["0", "-3", "abc", "1e9", "1000000000", "4x", "99999999999999999999", "1.5"])
    def test_a_bad_number_is_clamped_with_one_warning(self, variable: str, value: str) -> None:
        report = run_job("threads_report", environment={variable: value})
        assert 1 <= report["threads"] <= 1024
        assert len(report["warnings"]) == 1, report["warnings"]
        assert variable in report["warnings"][0]
        assert report["hash_is_right"]

    @pytest.mark.parametrize("variable", ["CONVCORE_NUM_THREADS", "OMP_NUM_THREADS"])
    def test_an_empty_value_is_none(self, variable: str) -> None:
        report = run_job("threads_report", environment={variable: ""})
        assert 1 <= report["threads"] <= CORES
        assert len(report["warnings"]) <= 1
        assert report["hash_is_right"]

    def test_a_list_of_levels_means_its_first(self) -> None:
        """OpenMP's own form: one number for each nested level."""
        report = run_job("threads_report", environment={"OMP_NUM_THREADS": "2,4"})
        assert (report["threads"], report["warnings"]) == (2, [])
        report = run_job("threads_report", environment={"CONVCORE_NUM_THREADS": "4,2"})
        assert 1 <= report["threads"] <= max(4, CORES)
        assert len(report["warnings"]) <= 1

    def test_our_variable_wins(self) -> None:
        report = run_job("threads_report", environment={"CONVCORE_NUM_THREADS": "1", "OMP_NUM_THREADS": "2"})
        assert report["threads"] == 1

    @pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
    def test_the_affinity_is_the_default(self) -> None:
        environment = {"CONVCORE_NUM_THREADS": "", "OMP_NUM_THREADS": ""}
        assert run_job("threads_report", environment=environment, cpus=1)["threads"] == 1

    @pytest.mark.parametrize("value", ["avx1024", "AVX-2", "0"])
    def test_an_unknown_isa_is_named(self, value: str) -> None:
        with pytest.raises(AssertionError, match=f"(?s)CONVCORE_ISA.*{value}|{value}.*CONVCORE_ISA"):
            run_job("active_isa", isa=value)


class TestLimits:
    def test_threadpoolctl_is_honoured(self) -> None:
        pytest.importorskip("threadpoolctl")
        report = run_job("threadpool_report")
        assert "openmp" in report["apis"]
        assert report["inside"] == 1
        assert report["after"] == report["before"]

    def test_no_more_threads_than_asked_for(self) -> None:
        """Sixteen Python threads call at once: each call gets the right bits, and the process stays small."""
        report = run_job("crowd", callers=16, calls=6, threads=2)
        assert report["digests"] == 1
        # Every caller is the first member of its own team of two.
        assert report["most_threads"] <= 1 + 2 * 16

    @pytest.mark.parametrize("count", ["64", "1000000000"])
    def test_too_little_memory_for_the_threads_is_not_fatal(self, count: str) -> None:
        """A thread needs a stack: where there is no room for all that were wished for, those there are do the work."""
        assert run_job("starved", environment={"CONVCORE_NUM_THREADS": count}, address_space=2 << 30)

    def test_fork_after_parallel_work(self) -> None:
        report = run_job("fork_report", threads=2, children=5, timeout=60)
        assert report["wrong"] == 0
        assert report["slowest"] < 5


class TestTraceless:
    def test_subnormals_survive_the_import_and_the_calls(self) -> None:
        """No start-up file and no kernel may leave the flush-to-zero flag set, in any thread."""
        assert run_job("subnormal_report", threads=2) == {"before": True, "after": True, "in_thread": True}

    def test_import_leaves_the_process_as_it_was(self) -> None:
        assert run_job("import_report") == {"environment": True, "signals": True, "random": True, "directory": True}

    def test_subnormal_data_is_flushed_inside_only(self) -> None:
        x = np.full((1, 4, 4, 3), 1e-41, np.float32)
        ops.conv2d(x, np.ones((2, 2, 3, 4), np.float32))
        assert np.float32(1e-41) * np.float32(1) != 0
        assert np.finfo(np.float32).smallest_subnormal > 0


class TestConfig:
    def test_show_config(self, capsys: pytest.CaptureFixture[str]) -> None:
        config = runtime.show_config(as_dict=True)
        assert {"built", "usable", "active"} <= set(config["isa"])
        assert config["isa"]["active"] == runtime.active_isa()
        assert set(config["isa"]["usable"]) <= set(config["isa"]["built"])
        assert runtime.show_config() is None
        shown = capsys.readouterr().out
        assert runtime.active_isa() in shown

    def test_show_config_names_a_limit_of_openmp(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = runtime.native.wanted_thread_count()
        with runtime.threads(before + 1):
            assert runtime.show_config(as_dict=True)["threads"]["decided_by"] == "set_num_threads"
            monkeypatch.setattr(runtime.native, "allowed_threads", lambda: before)
            team = runtime.show_config(as_dict=True)["threads"]
            assert team == {"count": before, "decided_by": "an OpenMP limit (threadpoolctl or omp_set_num_threads)"}

    def test_concurrent_calls_are_independent(self) -> None:
        inputs = [conv_inputs(case, 1, whole=False) for case in THREADED_CONVS[:4]]
        expected = [digest(conv_outputs(case, *i).values()) for case, i in zip(THREADED_CONVS, inputs, strict=False)]
        failures: list[object] = []

        def work(number: int) -> None:
            try:
                for _ in range(5):
                    found = digest(conv_outputs(THREADED_CONVS[number], *inputs[number]).values())
                    if found != expected[number]:
                        failures.append(number)
            except ConvcoreError as error:
                failures.append(error)

        callers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert failures == []

    def test_the_same_result_a_thousand_times(self) -> None:
        case = SEED_CONVS[0]
        x, w, bias, _ = (
            a[:2] if a.ndim == 4 and a.shape[0] == case.n else a for a in conv_inputs(case, 2, whole=False)
        )
        assert len({digest([ops.conv2d(x, w, bias)]) for _ in range(1000)}) == 1
