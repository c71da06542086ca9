"""Tests of Keras that convcore does not pass, each with the reason why."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

__all__ = ["REASONS", "reason"]

_GROUPS: dict[str, str] = {
    "convcore has no masks of steps between layers": """
        loss_test.py::LossTest::test_mask
        loss_test.py::LossTest::test_mask_and_sample_weight
        loss_test.py::LossTest::test_rank_adjustment_mask
        loss_test.py::LossTest::test_rank_adjustment_sample_weight
        loss_test.py::LossTest::test_rank_adjustment_ys
        batch_normalization_test.py::BatchNormalizationTest::test_input_fully_masked0
        batch_normalization_test.py::BatchNormalizationTest::test_masked_broadcast_normalization
    """,
    "convcore computes in float32, without dtype policies": """
        loss_test.py::LossTest::test_default_dtype
        functional_test.py::FunctionalTest::test_dtype_standardization
        functional_test.py::FunctionalTest::test_functional_with_dtype_policy
        iou_metrics_test.py::MeanIoUTest::test_user_warning_float_weight
        optimizer_test.py::OptimizerTest::test_overwrite_with_gradient
        optimizer_test.py::OptimizerTest::test_overwrite_with_gradient_with_gradient_accumulation
    """,
    "the name of a loss gives convcore's object, Keras's function": """
        loss_test.py::LossTest::test_get_method
        loss_test.py::LossTest::test_pickle
    """,
    "get(None) is refused, and says what there is": """
        metric_test.py::MetricTest::test_get_method
        optimizer_test.py::OptimizerTest::test_get_method
        random_initializers_test.py::RandomInitializersTest::test_get_method
    """,
    "Keras's get_config forgets an argument of this loss; convcore's keeps it": """
        losses_test.py::CosineSimilarityTest::test_config
        losses_test.py::HuberLossTest::test_config
    """,
    "targets are not repeated over outputs of another shape, which hides mistakes": """
        accuracy_metrics_test.py::SparseCategoricalAccuracyTest::test_reshape_matches
        optimizer_test.py::OptimizerTest::test_ema_with_model_fit
    """,
    "a private name of Keras's objects": """
        confusion_metrics_test.py::AUCTest::test_config_manual_thresholds
        f_score_metrics_test.py::FBetaScoreTest::test_non_2d_input_shapes_raises_value_error
        iou_metrics_test.py::MeanIoUTest::test_big_chunk
        f_score_metrics_test.py::FBetaScoreTest::test_undefined_output_dim_raises_value_error
        nadam_test.py::NadamTest::test_build_with_empty_var_list
        random_brightness_test.py::RandomBrightnessTest::test_set_factor_*
        random_contrast_test.py::RandomContrastTest::test_random_contrast_with_value_range_*
        input_layer_test.py::InputLayerTest::test_call_method
        input_layer_test.py::InputLayerTest::test_input_basic_dense
    """,
    "a metric of one's own keeps its state itself, not in variables of Keras": """
        metric_test.py::MetricTest::test_default_dtype
        metric_test.py::MetricTest::test_end_to_end_flow
        metric_test.py::MetricTest::test_serialization
        metric_test.py::MetricTest::test_stateless_*
        metric_test.py::MetricTest::test_submetric_tracking
        metric_test.py::MetricTest::test_variable_tracking
    """,
    "metrics are computed on arrays, not on symbolic tensors": """
        reduction_metrics_test.py::MeanTest::test_weighted_dynamic_shapes
        reduction_metrics_test.py::MetricWrapperTest::test_binary_accuracy_with_boolean_inputs
        reduction_metrics_test.py::MetricWrapperTest::test_weighted_dynamic_shape
    """,
    "a loss that is no number leaves the weights before the batch, so that what is logged is another number": """
        csv_logger_test.py::CSVLoggerTest::test_stop_training_csv
    """,
    "a hook that does not exist is refused, as it may be misspelt": """
        lambda_callback_test.py::LambdaCallbackTest::test_lambda_callback_with_additional_kwargs
    """,
    "a message is printed, not logged by absl": """
        learning_rate_scheduler_test.py::LearningRateSchedulerTest::test_verbose_logging
        reduce_lr_on_plateau_test.py::ReduceLROnPlateauTest::test_verbose_logging
    """,
    "convcore has no SeedGenerator": """
        random_initializers_test.py::RandomInitializersTest::test_serialization_with_seed_generator
        random_initializers_test.py::RandomInitializersTest::test_random_normal
    """,
    "a model keeps the sizes of the axes that it was built with": """
        reshape_test.py::ReshapeTest::test_reshape_model_fit_with_varying_input_size_and_minus_one
        flatten_test.py::FlattenTest::test_flatten_with_dynamic_batch_size_and_dynamic_dimenstions
        functional_test.py::FunctionalTest::test_rank_standardization
        functional_test.py::FunctionalTest::test_scalar_input
        reshape_test.py::ReshapeTest::test_reshape_model_fit_with_varying_input_size_and_minus_one
    """,
    "layers compute in float32 and have no policy of it": """
        zero_padding1d_test.py::ZeroPadding1DTest::test_zero_padding_1d_get_config*
        zero_padding2d_test.py::ZeroPadding2DTest::test_zero_padding_2d_get_config*
    """,
    "the words of an error of Keras's insides": """
        functional_test.py::FunctionalTest::test_bad_input_spec
        functional_test.py::FunctionalTest::test_disconnected_output
        functional_test.py::FunctionalTest::test_invalid_config_deserialization_*
        functional_test.py::FunctionalTest::test_list_input_with_dict_build
        functional_test.py::FunctionalTest::test_rank_standardization_failure
        functional_test.py::FunctionalTest::test_warning_for_mismatched_inputs_structure
        functional_test.py::FunctionalTest::test_input_dict_with_extra_field
    """,
    "operations of Keras are no layers, those of convcore are": """
        functional_test.py::FunctionalTest::test_layer_getters
    """,
    "an input without a value is refused": """
        functional_test.py::FunctionalTest::test_required_none_raises_in_fit
        functional_test.py::FunctionalTest::test_required_input_none_raises
    """,
    "structures within structures of tensors, and tuples kept in files": """
        functional_test.py::FunctionalTest::test_deeply_nested_model
        functional_test.py::FunctionalTest::test_restored_multi_output_type_tuple
        model_test.py::ModelTest::test_functional_deeply_nested_outputs_struct_losses
        model_test.py::ModelTest::test_functional_struct_outputs_dict_struct_losses_*
    """,
    "what does not fit the model is refused by compile, not by fit": """
        model_test.py::ModelTest::test_functional_*_invalid_keys
        model_test.py::ModelTest::test_functional_list_outputs_dict_losses_no_output_names
    """,
    "convcore has no quantization, no export and no trees of states": """
        model_test.py::ModelTest::test_export_*
        model_test.py::ModelTest::test_quantize_*
        model_test.py::ModelTest::test_[gs]et_state_tree*
    """,
    "a model of one's own with arguments of its own is restored as a Functional": """
        model_test.py::ModelTest::test_reviving_functional_from_config_custom_model
    """,
    "a call() of one's own has layers and functions of their results, and changes no variables": """
        backup_and_restore_test.py::BackupAndRestoreCallbackTest::test_backup_corrupted
        backup_and_restore_test.py::BackupAndRestoreCallbackTest::test_best_case_*
        backup_and_restore_test.py::BackupAndRestoreCallbackTest::test_model_deleted_case_epoch
        callback_test.py::CallbackTest::test_model_state_is_current_on_epoch_end
    """,
    "the data format that a test sets is that of Keras": """
        rescaling_test.py::RescalingTest::test_rescaling_with_channels_first_and_vector_scale
    """,
    "a call() of one's own is looked at for training and for inference, before either": """
        functional_test.py::FunctionalTest::test_training_arg
    """,
    "a Sequential model takes one array, and fills in the argument training of a call() of one's own": """
        sequential_test.py::SequentialTest::test_bad_layer
        sequential_test.py::SequentialTest::test_dict_inputs
        sequential_test.py::SequentialTest::test_list_inputs
        sequential_test.py::SequentialTest::test_serialization
    """,
    "a value of a graph has a batch of images; a single image is an array": """
        random_rotation_test.py::RandomRotationTest::test_random_rotation_shapes_*
        random_translation_test.py::RandomTranslationTest::test_random_translation_random_translate_*
        random_zoom_test.py::RandomZoomTest::test_random_zoom_random_zoom_*
        random_flip_test.py::RandomFlipTest::test_random_flip_horizontal
        random_flip_test.py::RandomFlipTest::test_random_flip_random_flip_*
        random_flip_test.py::RandomFlipTest::test_random_flip_vertical
        random_crop_test.py::RandomCropTest::test_random_crop
    """,
    "an argument of a wrong type is a ParameterError, which is a ValueError": """
        layer_normalization_test.py::LayerNormalizationTest::test_invalid_axis
    """,
    "samples without elements are refused": """
        layer_normalization_test.py::LayerNormalizationTest::test_ln_basics
    """,
    "a test of the class InputSpec of Keras": """
        functional_test.py::FunctionalTest::test_manual_input_spec
    """,
    "a Sequential model is built by its first batch, whatever its first layer is": """
        sequential_test.py::SequentialTest::test_basic_flow_with_functional_model_as_first_layer
    """,
}
#: A pattern of ``file::class::test``, and the reason.
REASONS: dict[str, str] = {pattern: why for why, patterns in _GROUPS.items() for pattern in patterns.split()}


def reason(item: pytest.Item) -> str | None:
    """Why `item` is left out, or None."""
    name = f"{item.path.name}::{'::'.join(item.nodeid.split('::')[1:])}"
    return next((why for pattern, why in REASONS.items() if fnmatchcase(name, pattern)), None)
