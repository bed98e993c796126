/* The reference in C: trials of two parameters in blocks of lanes, the cost's measure looked at in
   every epoch, its lowest and highest kept. Compiled with gcc -O3 -march=native -ffast-math. */

#define LANES 128

#define DESCEND(NAME, REAL)                                                                                \
    void NAME(REAL *weight, REAL *bias, const REAL *rate, long trials, long epochs, const REAL *h,         \
              const REAL *c, const REAL *best, REAL *lowest, REAL *highest)                                \
    {                                                                                                      \
        const REAL h00 = h[0], h01 = h[1], h11 = h[3], c0 = c[0], c1 = c[1], w0 = best[0], b0 = best[1];   \
        for (long first = 0; first + LANES <= trials; first += LANES) {                                    \
            REAL w[LANES], b[LANES], r[LANES], low[LANES], high[LANES];                                    \
            for (int lane = 0; lane < LANES; lane++) {                                                     \
                w[lane] = weight[first + lane], b[lane] = bias[first + lane], r[lane] = rate[first + lane];\
                low[lane] = lowest[first + lane], high[lane] = highest[first + lane];                      \
            }                                                                                              \
            for (long epoch = 0; epoch < epochs; epoch++)                                                  \
                for (int lane = 0; lane < LANES; lane++) {                                                 \
                    const REAL along = h00 * w[lane] + h01 * b[lane] - c0;                                 \
                    const REAL across = h01 * w[lane] + h11 * b[lane] - c1;                                \
                    const REAL cost = (w[lane] - w0) * along + (b[lane] - b0) * across;                    \
                    low[lane] = cost < low[lane] ? cost : low[lane];                                       \
                    high[lane] = cost > high[lane] ? cost : high[lane];                                    \
                    w[lane] -= r[lane] * along;                                                            \
                    b[lane] -= r[lane] * across;                                                           \
                }                                                                                          \
            for (int lane = 0; lane < LANES; lane++) {                                                     \
                weight[first + lane] = w[lane], bias[first + lane] = b[lane];                              \
                lowest[first + lane] = low[lane], highest[first + lane] = high[lane];                      \
            }                                                                                              \
        }                                                                                                  \
    }

DESCEND(descend_float64, double)
DESCEND(descend_float32, float)
