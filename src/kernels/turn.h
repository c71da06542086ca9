/* Matrices turned: y[w][h] = x[h][w], squares of VL x VL elements in registers.
 *
 * To zip two vectors is to take their elements in turn. After log2(VL) rounds in which row i is zipped with row i + VL/2, the
 * rows have become columns. */
#ifndef CONVCORE_TURN_H
#define CONVCORE_TURN_H

#include "tile.h"

#if VL == 2
#define ZIP_LOW 0, 2
#define ZIP_HIGH 1, 3
#elif VL == 4
#define ZIP_LOW 0, 4, 1, 5
#define ZIP_HIGH 2, 6, 3, 7
#elif VL == 8
#define ZIP_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define ZIP_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define ZIP_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define ZIP_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#endif

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector)
#define ZIP(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#endif
#endif
#ifndef ZIP
/* GCC 11 has its own word for it, with the order as a vector. */
#ifdef CONVCORE_F64
typedef int64_t lane_index;
#else
typedef int32_t lane_index;
#endif
typedef lane_index zip_order __attribute__((vector_size(VL * sizeof(lane_index))));
#define ZIP(a, b, ...) __builtin_shuffle(a, b, (zip_order){__VA_ARGS__})
#endif

INLINE void vturn(vec rows[VL]) {
    UNROLL for (int round = 1; round < VL; round *= 2) {
        vec zipped[VL];
        UNROLL for (int i = 0; i < VL / 2; i++) {
            zipped[2 * i] = ZIP(rows[i], rows[i + VL / 2], ZIP_LOW);
            zipped[2 * i + 1] = ZIP(rows[i], rows[i + VL / 2], ZIP_HIGH);
        }
        UNROLL for (int i = 0; i < VL; i++) rows[i] = zipped[i];
    }
}

INLINE void turn(const real *x, int64_t x_step, real *y, int64_t y_step, int64_t rows, int64_t columns) {
    int64_t h = 0;
    for (; h + VL <= rows; h += VL) {
        int64_t w = 0;
        for (; w + VL <= columns; w += VL) {
            vec square[VL];
            UNROLL for (int i = 0; i < VL; i++) square[i] = vload(x + (h + i) * x_step + w);
            vturn(square);
            UNROLL for (int i = 0; i < VL; i++) vstore(y + (w + i) * y_step + h, square[i]);
        }
        for (; w < columns; w++)
            for (int64_t i = h; i < h + VL; i++) y[w * y_step + i] = x[i * x_step + w];
    }
    for (int64_t w = 0; w < columns; w++)
        for (int64_t i = h; i < rows; i++) y[w * y_step + i] = x[i * x_step + w];
}

#endif
