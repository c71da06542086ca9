/* All kernels of one ISA and one dtype, in one translation unit that exports one symbol: their table.
 * setup.py compiles this file once per ISA and dtype; CONVCORE_TABLE is the symbol's name. */
#include "kernel.h"

#include "activation.c"
#include "affine.c"
#include "batch_norm.c"
#include "border.c"
#include "constraint.c"
#include "conv2d.c"
#include "conv2d_backward_data.c"
#include "conv2d_backward_weights.c"
#include "conv2d_group_lanes.c"
#include "conv2d_groups.c"
#include "conv2d_pool.c"
#include "conv2d_pool_backward_data.c"
#include "conv2d_pool_backward_weights.c"
#include "conv2d_pool_c1.c"
#include "conv2d_winograd.c"
#include "conv2d_winograd_pool.c"
#include "dense.c"
#include "gradient.c"
#include "layer_norm.c"
#include "log_softmax.c"
#include "loss.c"
#include "loss_rows.c"
#include "merge.c"
#include "noise.c"
#include "optimizer.c"
#include "peak.c"
#include "penalty.c"
#include "permute.c"
#include "pointwise.c"
#include "pool.c"
#include "pool_average.c"
#include "pool_global.c"
#include "prelu.c"
#include "random_affine.c"
#include "resize.c"
#include "unfold.c"
#include "unpool.c"

static int64_t no_scratch(const problem *p) { return (void)p, 0; }

static const kernel kernels[] = {
    {"conv2d_forward", 4, conv2d_forward, conv2d_forward_tasks, conv2d_forward_scratch},
    {"conv2d_turn_weights", 2, conv2d_turn_weights, conv2d_turn_weights_tasks, conv2d_turn_weights_scratch},
    {"conv2d_backward_data", 4, conv2d_backward_data, conv2d_backward_data_tasks, conv2d_backward_data_scratch},
    {"conv2d_backward_weights", 3, conv2d_backward_weights, conv2d_backward_weights_tasks,
     conv2d_backward_weights_scratch},
    {"conv2d_forward_groups", 4, conv2d_forward_groups, conv2d_forward_groups_tasks, conv2d_forward_groups_scratch},
    {"conv2d_turn_weights_groups", 2, conv2d_turn_weights_groups, conv2d_turn_weights_tasks,
     conv2d_turn_weights_scratch},
    {"conv2d_backward_data_groups", 4, conv2d_backward_data_groups, conv2d_backward_data_groups_tasks,
     conv2d_backward_data_groups_scratch},
    {"conv2d_backward_weights_groups", 3, conv2d_backward_weights_groups, conv2d_backward_weights_groups_tasks,
     conv2d_backward_weights_groups_scratch},
    {"conv2d_forward_pool", 5, conv2d_forward_pool, conv2d_forward_pool_tasks, conv2d_forward_pool_scratch},
    {"conv2d_forward_pool_c1", 5, conv2d_forward_pool_c1, conv2d_forward_pool_tasks, conv2d_forward_pool_c1_scratch},
    {"conv2d_winograd", 4, conv2d_winograd, conv2d_winograd_tasks, conv2d_winograd_scratch},
    {"winograd_weights", 3, winograd_weights, winograd_weights_tasks, no_scratch},
    {"conv2d_winograd_pool", 5, conv2d_winograd_pool, conv2d_winograd_pool_tasks, conv2d_winograd_pool_scratch},
    {"conv2d_backward_weights_pool", 4, conv2d_backward_weights_pool, conv2d_backward_weights_pool_tasks,
     conv2d_backward_weights_pool_scratch},
    {"conv2d_backward_weights_pool_c1", 5, conv2d_backward_weights_pool_c1, conv2d_backward_weights_pool_c1_tasks,
     conv2d_backward_weights_pool_c1_scratch},
    {"conv2d_pool_turn_weights", 2, conv2d_pool_turn_weights, conv2d_pool_turn_weights_tasks, no_scratch},
    {"conv2d_backward_data_pool", 5, conv2d_backward_data_pool, conv2d_backward_data_pool_tasks,
     conv2d_backward_data_pool_scratch},
    {"affine", 3, affine, affine_tasks, no_scratch},
    {"affine_backward", 3, affine_backward, affine_backward_tasks, no_scratch},
    {"random_affine", 3, random_affine, random_affine_tasks, no_scratch},
    {"add_border", 2, add_border, add_border_tasks, no_scratch},
    {"frame", 2, frame, frame_tasks, no_scratch},
    {"upsample", 2, upsample, upsample_tasks, no_scratch},
    {"upsample_backward", 2, upsample_backward, upsample_tasks, no_scratch},
    {"upsample_bilinear", 2, upsample_bilinear, bilinear_tasks, bilinear_scratch},
    {"upsample_bilinear_backward", 2, upsample_bilinear_backward, upsample_tasks, bilinear_backward_scratch},
    {"unfold", 2, unfold, unfold_tasks, no_scratch},
    {"fold", 2, fold, fold_tasks, no_scratch},
    {"unfold_planes", 2, unfold_planes, unfold_planes_tasks, no_scratch},
    {"fold_planes", 2, fold_planes, fold_planes_tasks, no_scratch},
    {"batch_norm", 4, batch_norm, norm_row_tasks, no_scratch},
    {"batch_norm_backward", 6, batch_norm_backward, norm_row_tasks, no_scratch},
    {"batch_norm_statistics", 6, batch_norm_statistics, norm_task, no_scratch},
    {"layer_norm", 5, layer_norm, norm_row_tasks, no_scratch},
    {"layer_norm_backward", 5, layer_norm_backward, norm_row_tasks, no_scratch},
    {"layer_norm_products", 5, layer_norm_products, layer_norm_products_tasks, no_scratch},
    {"fold_bias", 4, fold_bias, norm_task, no_scratch},
    {"centered_squares", 3, centered_squares, norm_chunk_tasks, no_scratch},
    {"normalized_products", 4, normalized_products, norm_chunk_tasks, no_scratch},
    {"sum_rows", 2, sum_rows, sum_rows_tasks, no_scratch},
    {"sum_chunks", 2, sum_chunks, sum_chunks_tasks, no_scratch},
    {"max_pool2d", 3, max_pool2d, max_pool2d_tasks, no_scratch},
    {"max_pool2d_backward", 3, max_pool2d_backward, max_pool2d_backward_tasks, no_scratch},
    {"max_unpool2d", 3, max_unpool2d, max_unpool2d_tasks, no_scratch},
    {"max_unpool2d_backward", 3, max_unpool2d_backward, max_unpool2d_tasks, no_scratch},
    {"avg_pool2d", 2, avg_pool2d, avg_pool2d_tasks, no_scratch},
    {"avg_pool2d_backward", 2, avg_pool2d_backward, avg_pool2d_backward_tasks, no_scratch},
    {"global_avg_pool2d", 2, global_avg_pool2d, global_pool2d_tasks, no_scratch},
    {"global_avg_pool2d_backward", 2, global_avg_pool2d_backward, global_pool2d_tasks, no_scratch},
    {"global_max_pool2d", 3, global_max_pool2d, global_pool2d_tasks, no_scratch},
    {"dense_forward", 4, dense_forward, dense_forward_tasks, no_scratch},
    {"dense_backward_data", 3, dense_backward_data, dense_backward_data_tasks, no_scratch},
    {"dense_turn_weights", 2, dense_turn_weights, dense_turn_weights_tasks, no_scratch},
    {"dense_backward_weights", 3, dense_backward_weights, dense_backward_weights_tasks, no_scratch},
    {"activation", 2, activation, point_tasks, no_scratch},
    {"activation_backward", 4, activation_backward, point_tasks, no_scratch},
    {"relu_backward", 3, relu_backward, point_tasks, no_scratch},
    {"scale_shift", 2, scale_shift, point_tasks, no_scratch},
    {"dropout", 3, dropout, point_tasks, no_scratch},
    {"normal_noise", 3, normal_noise, point_tasks, no_scratch},
    {"scale_rows", 3, scale_rows, scale_rows_tasks, no_scratch},
    {"gather_rows", 3, gather_rows, gather_rows_tasks, no_scratch},
    {"gather_words", 3, gather_words, gather_rows_tasks, no_scratch},
    {"softmax", 2, softmax, row_tasks, no_scratch},
    {"log_softmax", 2, log_softmax, log_softmax_tasks, no_scratch},
    {"log_softmax_backward", 3, log_softmax_backward, log_softmax_tasks, no_scratch},
    {"softmax_backward", 3, softmax_backward, row_tasks, no_scratch},
    {"softmax_cross_entropy", 6, softmax_cross_entropy, row_tasks, no_scratch},
    {"cross_entropy", 5, cross_entropy, row_tasks, no_scratch},
    {"mean_squared_error", 5, mean_squared_error, row_tasks, no_scratch},
    {"row_loss", 6, row_loss, row_loss_tasks, no_scratch},
    {"row_weights", 4, row_weights, one_task, no_scratch},
    {"total_loss", 2, total_loss, one_task, no_scratch},
    {"sum_losses", 3, sum_losses, one_task, no_scratch},
    {"sgd_step", 5, sgd_step, point_tasks, no_scratch},
    {"adam_step", 6, adam_step, point_tasks, no_scratch},
    {"rmsprop_step", 7, rmsprop_step, point_tasks, no_scratch},
    {"prelu", 3, prelu, prelu_tasks, no_scratch},
    {"prelu_backward", 5, prelu_backward, prelu_tasks, no_scratch},
    {"permute", 2, permute, permute_tasks, no_scratch},
    {"amsgrad_step", 7, amsgrad_step, point_tasks, no_scratch},
    {"nadam_step", 6, nadam_step, point_tasks, no_scratch},
    {"adagrad_step", 5, adagrad_step, point_tasks, no_scratch},
    {"adadelta_step", 6, adadelta_step, point_tasks, no_scratch},
    {"adamax_step", 6, adamax_step, point_tasks, no_scratch},
    {"ftrl_step", 6, ftrl_step, point_tasks, no_scratch},
    {"lion_step", 5, lion_step, point_tasks, no_scratch},
    {"decay_weights", 3, decay_weights, point_tasks, no_scratch},
    {"scale_gradients", 2, scale_gradients, point_tasks, no_scratch},
    {"clip_gradients", 2, clip_gradients, point_tasks, no_scratch},
    {"accumulate_gradients", 4, accumulate_gradients, point_tasks, no_scratch},
    {"average_weights", 4, average_weights, point_tasks, no_scratch},
    {"sum_squares", 2, sum_squares, point_tasks, no_scratch},
    {"clip_factor", 3, clip_factor, one_task, no_scratch},
    {"l1_l2_penalty", 3, l1_l2_penalty, point_tasks, no_scratch},
    {"add_penalties", 2, add_penalties, one_task, no_scratch},
    {"unit_vectors", 3, unit_vectors, unit_vectors_tasks, no_scratch},
    {"cosine_penalty", 4, cosine_penalty, unit_vectors_tasks, cosine_penalty_scratch},
    {"norm_constraint", 2, norm_constraint, norm_constraint_tasks, no_scratch},
    {"non_negative", 2, non_negative, point_tasks, no_scratch},
    {"merge", 3, merge, point_tasks, no_scratch},
    {"extremum_backward", 4, extremum_backward, point_tasks, no_scratch},
    {"repeat", 2, repeat, repeat_tasks, no_scratch},
    {"repeat_backward", 2, repeat_backward, repeat_tasks, no_scratch},
    {"copy_columns", 2, copy_columns, copy_tasks, no_scratch},
    {"peak", 1, peak, peak_tasks, no_scratch},
};

extern const kernel_table CONVCORE_TABLE;
const kernel_table CONVCORE_TABLE = {kernels, sizeof kernels / sizeof kernels[0], VL, 2 * VL * TILE_REGISTERS};
