/* Products with a symmetric matrix against sums written out. */
#include "oracle.h"

#include "sim/product.h"

#define MOST 33
#define STRIDE 37

struct operands {
  double matrix[MOST * MOST]; /* the first n * n */
  double in[MOST * STRIDE];
  double out[MOST * STRIDE];
  double before[MOST * STRIDE];
};

static void fill(struct operands *operands, size_t n)
{
  uint64_t seed = 5 + n;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j <= i; j++) {
      operands->matrix[i * n + j] = oracle_random(&seed);
      operands->matrix[j * n + i] = operands->matrix[i * n + j];
    }
  }
  for (size_t k = 0; k < MOST * STRIDE; k++) {
    operands->in[k] = oracle_random(&seed);
    operands->before[k] = oracle_random(&seed);
  }
  memcpy(operands->out, operands->before, sizeof operands->out);
}

/* Rows and columns of the result hold `wanted`, the rest what it held. */
static void check(const struct operands *operands, const double *wanted,
                  size_t rows, size_t width)
{
  for (size_t r = 0; r < MOST; r++) {
    for (size_t c = 0; c < STRIDE; c++) {
      size_t at = r * STRIDE + c;
      if (r < rows && c < width) {
        assert_close(operands->out[at], wanted[at], 1e-13 * MOST);
      } else {
        assert_true(operands->out[at] == operands->before[at]);
      }
    }
  }
}

static void left_product_equals_sums(void **state)
{
  struct operands *operands = *state;
  double *wanted = oracle_new(MOST * STRIDE);
  for (size_t n = 1; n <= MOST; n++) {
    for (size_t width = 1; width <= STRIDE; width += 3) {
      fill(operands, n);
      for (size_t r = 0; r < n; r++) {
        for (size_t c = 0; c < width; c++) {
          double sum = 0.0;
          for (size_t k = 0; k < n; k++) {
            sum += operands->matrix[r * n + k] * operands->in[k * STRIDE + c];
          }
          wanted[r * STRIDE + c] = sum;
        }
      }
      vqe_product_left(n, width, operands->matrix, STRIDE, operands->out,
                       operands->in);
      check(operands, wanted, n, width);
    }
  }
  free(wanted);
}

static void right_product_is_added_to_a_part_of_the_columns(void **state)
{
  struct operands *operands = *state;
  double *wanted = oracle_new(MOST * STRIDE);
  for (size_t n = 1; n <= MOST; n++) {
    for (size_t first = 0; first < n; first += 5) {
      size_t width = n - first < 9 ? n - first : 9;
      size_t rows = 1 + (7 * n + first) % MOST;
      fill(operands, n);
      for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < width; c++) {
          double sum = operands->before[r * STRIDE + c];
          for (size_t k = 0; k < n; k++) {
            sum += operands->in[r * STRIDE + k] *
                   operands->matrix[k * n + first + c];
          }
          wanted[r * STRIDE + c] = sum;
        }
      }
      vqe_product_add_right(rows, n, first, width, operands->matrix, STRIDE,
                            operands->out, operands->in);
      check(operands, wanted, rows, width);
    }
  }
  free(wanted);
}

int main(void)
{
  static struct operands operands;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(left_product_equals_sums, &operands),
      cmocka_unit_test_prestate(
          right_product_is_added_to_a_part_of_the_columns, &operands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
