"""The public names of Keras, so that what convcore lacks is refused by name instead of by AttributeError.

Those of Keras 3, and of Keras 2 what old scripts use.
"""

from __future__ import annotations

from convcore.errors import MissingNameError

__all__ = ["missing"]

_NAMES: dict[str, str] = {
    "keras": (
        "DTypePolicy FloatDTypePolicy Function Initializer Input InputSpec KerasTensor Layer Loss Metric Model "
        "Operation Optimizer Quantizer Regularizer RematScope Sequential StatelessScope SymbolicScope Variable "
        "activations applications backend callbacks config constraints datasets device distillation distribution "
        "dtype_policies export initializers layers legacy losses metrics mixed_precision models name_scope ops "
        "optimizers preprocessing quantizers random regularizers remat saving tree utils visualization wrappers"
    ),
    "layers": (
        "Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D "
        "AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add "
        "AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D AveragePooling2D "
        "AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization Bidirectional CategoryEncoding "
        "CenterCrop Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D "
        "Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D "
        "Convolution1DTranspose Convolution2D Convolution2DTranspose Convolution3D Convolution3DTranspose "
        "Cropping1D Cropping2D Cropping3D CuDNNGRU CuDNNLSTM CutMix Dense DepthwiseConv1D DepthwiseConv2D "
        "Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten FlaxLayer GRU GRUCell "
        "GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D "
        "GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D "
        "GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention "
        "HashedCrossing Hashing Identity Input InputLayer InputSpec IntegerLookup JaxLayer LSTM LSTMCell Lambda "
        "Layer LayerNormalization LeakyReLU LocallyConnected1D LocallyConnected2D Masking MaxNumBoundingBoxes "
        "MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum "
        "MixUp MultiHeadAttention Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment "
        "RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop "
        "RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue "
        "RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness "
        "RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing "
        "ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D SeparableConvolution1D "
        "SeparableConvolution2D SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D "
        "SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup Subtract TFSMLayer TextVectorization "
        "ThresholdedReLU TimeDistributed TorchModuleWrapper UnitNormalization UpSampling1D UpSampling2D "
        "UpSampling3D Wrapper ZeroPadding1D ZeroPadding2D ZeroPadding3D add average concatenate deserialize dot "
        "experimental maximum minimum multiply serialize subtract"
    ),
    "activations": (
        "celu deserialize elu exponential gelu get glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh "
        "leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu serialize sigmoid silu soft_shrink "
        "softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink "
        "threshold"
    ),
    "initializers": (
        "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer Initializer "
        "LecunNormal LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT "
        "STFTInitializer TruncatedNormal VarianceScaling Zeros constant deserialize get glorot_normal "
        "glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform ones orthogonal random_normal "
        "random_uniform serialize stft truncated_normal variance_scaling zeros"
    ),
    "utils": (
        "Config CustomObjectScope FeatureSpace GeneratorEnqueuer OrderedEnqueuer Progbar PyDataset Sequence "
        "array_to_img audio_dataset_from_directory bounding_boxes clear_session custom_object_scope "
        "deserialize_keras_object disable_interactive_logging enable_interactive_logging get_custom_objects "
        "generic_utils get_file get_registered_name get_registered_object get_source_inputs "
        "image_dataset_from_directory img_to_array is_interactive_logging_enabled is_keras_tensor layer_utils "
        "legacy load_img model_to_dot multi_gpu_model normalize np_utils pack_x_y_sample_weight pad_sequences "
        "plot_model register_keras_serializable save_img serialize_keras_object set_random_seed split_dataset "
        "standardize_dtype text_dataset_from_directory timeseries_dataset_from_array to_categorical "
        "unpack_x_y_sample_weight"
    ),
    "models": (
        "Functional Model Sequential clone_model load_model model_from_config model_from_json model_from_yaml "
        "save_model"
    ),
    "backend": (
        "abs all any arange argmax argmin backend batch_dot batch_flatten batch_get_value batch_normalization "
        "batch_set_value bias_add binary_crossentropy binary_focal_crossentropy cast cast_to_floatx "
        "categorical_crossentropy categorical_focal_crossentropy clear_session clip concatenate constant conv1d "
        "conv2d conv2d_transpose conv3d cos count_params ctc_batch_cost ctc_decode ctc_label_dense_to_sparse "
        "cumprod cumsum depthwise_conv2d dot dropout dtype elu epsilon equal eval exp expand_dims eye flatten "
        "floatx foldl foldr function gather get_session get_uid get_value gradients greater greater_equal "
        "hard_sigmoid image_data_format in_test_phase in_top_k in_train_phase int_shape is_float_dtype is_int_dtype "
        "is_keras_tensor is_sparse l2_normalize learning_phase learning_phase_scope less less_equal local_conv1d "
        "local_conv2d log manual_variable_initialization map_fn max maximum mean min minimum moving_average_update "
        "name_scope ndim normalize_batch_in_training not_equal one_hot ones ones_like permute_dimensions "
        "placeholder pool2d pool3d pow print_tensor prod random_bernoulli random_binomial random_normal "
        "random_normal_variable random_uniform random_uniform_variable relu repeat repeat_elements reshape "
        "resize_images resize_volumes result_type reverse rnn round separable_conv2d set_epsilon set_floatx "
        "set_image_data_format set_learning_phase set_session set_value shape sigmoid sign sin softmax softplus "
        "softsign sparse_categorical_crossentropy spatial_2d_padding spatial_3d_padding sqrt square squeeze stack "
        "standardize_dtype std stop_gradient sum switch tanh temporal_padding tile to_dense transpose "
        "truncated_normal update update_add update_sub var variable zeros zeros_like"
    ),
    "saving": (
        "CustomObjectScope KerasFileEditor custom_object_scope deserialize_keras_object get_custom_objects "
        "get_registered_name get_registered_object load_model load_weights register_keras_serializable save_model "
        "save_weights serialize_keras_object"
    ),
    "losses": (
        "BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy CategoricalFocalCrossentropy "
        "CategoricalGeneralizedCrossEntropy CategoricalHinge Circle CosineSimilarity Dice Hinge Huber "
        "KLDivergence LogCosh Loss MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError "
        "MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge Tversky "
        "binary_crossentropy binary_focal_crossentropy categorical_crossentropy categorical_focal_crossentropy "
        "categorical_generalized_cross_entropy categorical_hinge circle cosine_similarity ctc deserialize dice "
        "get hinge huber kl_divergence log_cosh mean_absolute_error mean_absolute_percentage_error "
        "mean_squared_error mean_squared_logarithmic_error poisson serialize sparse_categorical_crossentropy "
        "squared_hinge tversky"
    ),
    "metrics": (
        "AUC Accuracy BinaryAccuracy BinaryCrossentropy BinaryIoU CategoricalAccuracy CategoricalCrossentropy "
        "CategoricalHinge ConcordanceCorrelation CosineSimilarity F1Score FBetaScore FalseNegatives "
        "FalsePositives Hinge IoU KLDivergence LogCoshError Mean MeanAbsoluteError MeanAbsolutePercentageError "
        "MeanIoU MeanMetricWrapper MeanSquaredError MeanSquaredLogarithmicError Metric OneHotIoU OneHotMeanIoU "
        "PearsonCorrelation Poisson Precision PrecisionAtRecall R2Score Recall RecallAtPrecision "
        "RootMeanSquaredError SensitivityAtSpecificity SparseCategoricalAccuracy SparseCategoricalCrossentropy "
        "SparseTopKCategoricalAccuracy SpecificityAtSensitivity SquaredHinge Sum TopKCategoricalAccuracy "
        "TrueNegatives TruePositives binary_accuracy binary_crossentropy binary_focal_crossentropy "
        "categorical_accuracy categorical_crossentropy categorical_focal_crossentropy categorical_hinge "
        "concordance_correlation deserialize get hinge huber kl_divergence log_cosh mean_absolute_error "
        "mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error pearson_correlation "
        "poisson serialize sparse_categorical_accuracy sparse_categorical_crossentropy "
        "sparse_top_k_categorical_accuracy squared_hinge top_k_categorical_accuracy"
    ),
    "optimizers": (
        "Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer MultiOptimizer Muon Nadam "
        "Optimizer OptimizerMap RMSprop SGD ScheduleFreeAdamW deserialize get legacy schedules serialize"
    ),
    "optimizers.schedules": (
        "CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay LearningRateSchedule "
        "PiecewiseConstantDecay PolynomialDecay deserialize serialize"
    ),
    "regularizers": (
        "L1 L1L2 L2 OrthogonalRegularizer Regularizer deserialize get l1 l1_l2 l2 orthogonal_regularizer serialize"
    ),
    "constraints": (
        "Constraint MaxNorm MinMaxNorm NonNeg UnitNorm deserialize get max_norm min_max_norm non_neg serialize "
        "unit_norm"
    ),
    "callbacks": (
        "BackupAndRestore CSVLogger Callback CallbackList EarlyStopping History LambdaCallback "
        "LearningRateScheduler ModelCheckpoint OrbaxCheckpoint ProgbarLogger ReduceLROnPlateau RemoteMonitor "
        "SwapEMAWeights TensorBoard TerminateOnNaN"
    ),
    "random": (
        "SeedGenerator beta binomial categorical dropout gamma gumbel laplace multinomial normal randint shuffle "
        "truncated_normal uniform"
    ),
    "datasets": ("boston_housing california_housing cifar10 cifar100 fashion_mnist imdb mnist reuters"),
}
# What stands in a message for "supported", where the module's own list would be longer than helpful.
_SUPPORTED: dict[str, str] = {
    "keras": "Sequential, Model, Input, layers, models, datasets, utils, losses, optimizers, metrics, callbacks, "
    "initializers, activations, backend, ops",
    "layers": "Activation, ActivityRegularization, Add, AlphaDropout, Average, AveragePooling1D/2D, "
    "BatchNormalization, CenterCrop, Concatenate, Conv1D/2D, Conv1D/2DTranspose, Cropping1D/2D, Dense, "
    "DepthwiseConv1D/2D, Dropout, ELU, Flatten, GaussianDropout, GaussianNoise, GlobalAveragePooling1D/2D, "
    "GlobalMaxPooling1D/2D, GroupNormalization, Identity, Input, InputLayer, Lambda, Layer, LayerNormalization, "
    "LeakyReLU, MaxPooling1D/2D, Maximum, Minimum, Multiply, Normalization, PReLU, Permute, RMSNormalization, "
    "RandomBrightness, RandomContrast, RandomCrop, RandomFlip, RandomRotation, RandomTranslation, RandomZoom, ReLU, "
    "RepeatVector, Rescaling, Reshape, Resizing, SeparableConv1D/2D, Softmax, SpatialDropout1D/2D, Subtract, "
    "UnitNormalization, UpSampling1D/2D, ZeroPadding1D/2D",
    "activations": "celu, elu, exponential, gelu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, linear, "
    "log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign, "
    "sparse_plus, sparse_sigmoid, squareplus, tanh, tanh_shrink, threshold",
    "initializers": "constant, glorot_normal, glorot_uniform, he_normal, he_uniform, identity, lecun_normal, "
    "lecun_uniform, ones, orthogonal, random_normal, random_uniform, truncated_normal, variance_scaling, zeros",
    "utils": "CustomObjectScope, PyDataset, Sequence, clear_session, custom_object_scope, get_custom_objects, "
    "normalize, register_keras_serializable, set_random_seed, to_categorical",
    "models": "Functional, Model, Sequential, clone_model, load_model, model_from_json, save_model",
    "backend": "clear_session, epsilon, floatx, get_uid, image_data_format, reset_uids, set_image_data_format",
    "saving": "CustomObjectScope, custom_object_scope, get_custom_objects, get_registered_name, load_model, "
    "load_weights, register_keras_serializable, save_model, save_weights; load_model(path, custom_objects={...}) takes "
    "the classes of one's own layers",
    "random": "utils.set_random_seed, the `seed` of layers and initializers, layers.Dropout",
    "datasets": "digits, fashion_mnist, mnist",
}


def missing(module: str, name: str, supported: str | None = None) -> MissingNameError | None:
    """The error for `name` if it is one of Keras's names in `module` ("layers", or "keras" for the top), else None.

    `supported` is the list shown of what there is instead.

    >>> print(missing("datasets", "cifar10"))
    convcore does not implement keras.datasets.cifar10 (supported: digits, fashion_mnist, mnist)
    """
    if name not in _NAMES[module].split():
        return None
    path = f"keras.{name}" if module == "keras" else f"keras.{module}.{name}"
    instead = supported or _SUPPORTED.get(module)
    return MissingNameError(f"convcore does not implement {path}" + (f" (supported: {instead})" if instead else ""))
