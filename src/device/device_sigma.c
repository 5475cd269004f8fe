#include "device/device_sigma.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "device/device_memory.h"
#include "kernels/shape.h"
#include "sim/sigma_tables.h"

/* A copy on the device, with the word that all of it has in messages. */
static int upload_array(struct vqe_gpu *device, void *out, const void *from,
                        size_t count, size_t size)
{
  return vqe_device_place(device, out, from, count, size, "sigma tables");
}

static void list_init(struct vqe_block_list *list,
                      const struct vqe_layout *layout)
{
  memset(list, 0, sizeof *list);
  VQE_ASSERT(layout->alpha->nclass <= VQE_GPU_CLASSES);
  VQE_ASSERT(layout->beta->nclass <= VQE_GPU_CLASSES);
  for (int c = 0; c <= layout->alpha->nclass; c++) {
    list->row_start[c] = layout->alpha->class_start[c];
  }
  for (int c = 0; c <= layout->beta->nclass; c++) {
    list->column_start[c] = layout->beta->class_start[c];
  }
  for (int ca = 0; ca < layout->alpha->nclass; ca++) {
    for (int cb = 0; cb < layout->beta->nclass; cb++) {
      list->offset[ca][cb] = layout->offset[ca][cb];
      if (!vqe_layout_has(layout, ca, cb)) {
        continue;
      }
      list->row[list->count] = (uint8_t)ca;
      list->column[list->count] = (uint8_t)cb;
      list->start[list->count++] = layout->offset[ca][cb];
    }
  }
  list->start[list->count] = layout->size;
}

/* ---- one-spin matrices ---- */

/* One row of a run's matrix, over its non-zero elements. */
static void spin_row(uint32_t *columns, double *values, uint64_t *count,
                     const struct vqe_spin_matrix *matrix, uint32_t s)
{
  if (matrix->dense == NULL) {
    for (size_t k = matrix->row[s]; k < matrix->row[s + 1]; k++) {
      if (columns != NULL) {
        columns[*count] = matrix->first + matrix->column[k];
        values[*count] = matrix->value[k];
      }
      (*count)++;
    }
    return;
  }
  const double *row = matrix->dense + (size_t)s * matrix->count;
  for (uint32_t k = 0; k < matrix->count; k++) {
    if (row[k] != 0.0) {
      if (columns != NULL) {
        columns[*count] = matrix->first + k;
        values[*count] = row[k];
      }
      (*count)++;
    }
  }
}

/* Twin of spin_matrices: rows of (column, value) over all strings, whatever
 * the host made of each run. */
static int spin_matrices(struct vqe_gpu_spin *out, struct vqe_gpu *device,
                         const struct vqe_spin_matrix *runs, size_t nrun,
                         size_t nstring)
{
  uint64_t *row = NULL;
  uint32_t *columns = NULL;
  double *values = NULL;
  uint64_t count = 0;
  int status =
      vqe_memory_alloc(&row, nstring + 1, sizeof *row, "one-spin matrices");
  for (size_t r = 0; status == VQE_OK && r < nrun; r++) {
    for (uint32_t s = 0; s < runs[r].count; s++) {
      spin_row(NULL, NULL, &count, &runs[r], s);
      row[runs[r].first + s + 1] = count;
    }
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&columns, count, sizeof *columns,
                              "one-spin matrices");
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&values, count, sizeof *values, "one-spin matrices");
  }
  count = 0;
  for (size_t r = 0; status == VQE_OK && r < nrun; r++) {
    for (uint32_t s = 0; s < runs[r].count; s++) {
      spin_row(columns, values, &count, &runs[r], s);
    }
  }
  if (status == VQE_OK) {
    status = upload_array(device, &out->row, row, nstring + 1, sizeof *row);
  }
  if (status == VQE_OK) {
    status =
        upload_array(device, &out->column, columns, count, sizeof *columns);
  }
  if (status == VQE_OK) {
    status = upload_array(device, &out->value, values, count, sizeof *values);
  }
  free(row);
  free(columns);
  free(values);
  return status;
}

/* ---- links ---- */

struct link_table {
  uint64_t *start; /* strings * nirrep + 1 */
  struct vqe_gpu_link *links;
};

static void link_table_clear(struct link_table *table)
{
  free(table->start);
  free(table->links);
}

static int alpha_links(struct link_table *out, const struct vqe_sigma *sigma)
{
  size_t lists = sigma->alpha->count * (size_t)sigma->nirrep;
  size_t count = sigma->link_start[lists];
  int status = vqe_memory_alloc(&out->start, lists + 1, sizeof *out->start,
                                "string links");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->links, count, sizeof *out->links,
                              "string links");
  }
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k <= lists; k++) {
    out->start[k] = sigma->link_start[k];
  }
  for (size_t k = 0; k < count; k++) {
    const struct vqe_sigma_link *link = &sigma->links[k];
    out->links[k].pair = link->pair | (link->sign < 0 ? VQE_DEVICE_SIGN : 0);
    out->links[k].partner = link->partner;
  }
  return VQE_OK;
}

/* The host keeps the links of beta strings as gather lists of its items. */
static int beta_links(struct link_table *out, const struct vqe_sigma *sigma)
{
  const struct vqe_strings *beta = sigma->beta;
  size_t nirrep = (size_t)sigma->nirrep;
  size_t lists = beta->count * nirrep;
  int status = vqe_memory_alloc(&out->start, lists + 2, sizeof *out->start,
                                "string links");
  /* lengths two places on become, by filling, the starts one place on */
  for (int pass = 0; status == VQE_OK && pass < 2; pass++) {
    for (size_t n = 0; n < sigma->nitem; n++) {
      const struct vqe_sigma_item *item = &sigma->items[n];
      size_t base = beta->class_start[item->cb] + item->first;
      for (size_t g = 0; g < nirrep; g++) {
        const struct vqe_sigma_gather *gather = &item->gather[g];
        for (uint32_t k = 0; k < gather->count; k++) {
          size_t list = (base + (gather->to[k] & 0xffff)) * nirrep + g;
          if (pass == 0) {
            out->start[list + 2]++;
            continue;
          }
          struct vqe_gpu_link *link = &out->links[out->start[list + 1]++];
          link->pair = gather->to[k] >> 16 |
                       (k < gather->positive ? 0 : VQE_DEVICE_SIGN);
          link->partner =
              beta->class_start[item->cb ^ (int)g] + gather->from[k];
        }
      }
    }
    for (size_t k = 2; pass == 0 && k < lists + 2; k++) {
      out->start[k] += out->start[k - 1];
    }
    if (pass == 0) {
      status = vqe_memory_alloc(&out->links, out->start[lists + 1],
                                sizeof *out->links, "string links");
    }
  }
  return status;
}

static int upload_links(struct vqe_gpu_spin *out, struct vqe_gpu *device,
                        const struct link_table *table, size_t lists)
{
  int status = upload_array(device, &out->link_start, table->start, lists + 1,
                            sizeof *table->start);
  if (status == VQE_OK) {
    status = upload_array(device, &out->links, table->links,
                          table->start[lists], sizeof *table->links);
  }
  return status;
}

/* Twin of make_gather: the same links, by pair and column, for panels. */
static int make_gather(struct vqe_device_product *product,
                       const struct link_table *links)
{
  const struct vqe_strings *beta = product->sigma->beta;
  size_t nirrep = (size_t)product->sigma->nirrep;
  int status = VQE_OK;
  for (size_t g = 0; status == VQE_OK && g < nirrep; g++) {
    int32_t *partner = NULL;
    size_t npair = product->tables.npair[g];
    status = vqe_memory_alloc(&partner, npair * beta->count, sizeof *partner,
                              "gather table");
    for (int c = 0; status == VQE_OK && c < beta->nclass; c++) {
      uint32_t base = beta->class_start[c ^ (int)g];
      for (size_t u = beta->class_start[c]; u < beta->class_start[c + 1];
           u++) {
        for (uint64_t k = links->start[u * nirrep + g];
             k < links->start[u * nirrep + g + 1]; k++) {
          const struct vqe_gpu_link *link = &links->links[k];
          int32_t place = (int32_t)(link->partner - base) + 1;
          partner[(link->pair & ~VQE_DEVICE_SIGN) * beta->count + u] =
              (link->pair & VQE_DEVICE_SIGN) ? -place : place;
        }
      }
    }
    if (status == VQE_OK) {
      status = upload_array(product->device, &product->partner[g], partner,
                            npair * beta->count, sizeof *partner);
    }
    free(partner);
  }
  return status;
}

/* Twin of panel_size: as many columns as the bound allows with all rows of a
 * block, at least one and no more than there are. */
static uint64_t panel_size(const struct vqe_device_product *product,
                           uint64_t panel_bytes)
{
  const struct vqe_block_list *list = &product->list;
  uint64_t size = 0;
  for (int k = 0; k < list->count; k++) {
    for (int g = 0; g < product->sigma->nirrep; g++) {
      int ca = list->row[k] ^ g;
      uint64_t column = (uint64_t)product->tables.npair[g] *
                        (list->row_start[ca + 1] - list->row_start[ca]);
      uint64_t columns = list->column_start[list->column[k] + 1] -
                         list->column_start[list->column[k]];
      uint64_t all = column * columns;
      uint64_t most = panel_bytes / sizeof(double);
      most = most > column ? most : column;
      all = all < most ? all : most;
      size = all > size ? all : size;
    }
  }
  return size;
}

int vqe_device_product_init(struct vqe_device_product *product,
                            struct vqe_gpu *device, struct vqe_sigma *sigma,
                            const struct vqe_layout *layout,
                            uint64_t direct_size, uint64_t panel_bytes)
{
  struct link_table alpha = {NULL, NULL};
  struct link_table beta = {NULL, NULL};
  bool same = sigma->beta == sigma->alpha;
  struct vqe_gpu_sigma *tables = &product->tables;
  memset(product, 0, sizeof *product);
  product->device = device;
  product->sigma = sigma;
  product->size = layout->size;
  list_init(&product->list, layout);
  tables->nirrep = sigma->nirrep;
  int status = vqe_sigma_over_pairs(sigma);
  if (status == VQE_OK) {
    status = upload_array(device, &tables->list, &product->list, 1,
                          sizeof product->list);
  }
  for (int g = 0; status == VQE_OK && g < sigma->nirrep; g++) {
    size_t n = (size_t)sigma->npair[g];
    tables->npair[g] = (uint32_t)n;
    status = upload_array(device, &tables->w[g], sigma->w[g], n * n,
                          sizeof(double));
  }
  if (status == VQE_OK) {
    status = spin_matrices(&tables->alpha, device, sigma->alpha_run,
                           sigma->nalpha_run, sigma->alpha->count);
  }
  if (status == VQE_OK) {
    status = alpha_links(&alpha, sigma);
  }
  if (status == VQE_OK) {
    status = upload_links(&tables->alpha, device, &alpha,
                          sigma->alpha->count * (size_t)sigma->nirrep);
  }
  if (status == VQE_OK && same) {
    tables->beta = tables->alpha;
  } else if (status == VQE_OK) {
    status = spin_matrices(&tables->beta, device, sigma->beta_run,
                           sigma->nbeta_run, sigma->beta->count);
    if (status == VQE_OK) {
      status = beta_links(&beta, sigma);
    }
    if (status == VQE_OK) {
      status = upload_links(&tables->beta, device, &beta,
                            sigma->beta->count * (size_t)sigma->nirrep);
    }
  }
  if (status == VQE_OK && layout->size > direct_size) {
    product->panel_size = panel_size(product, panel_bytes);
    status = make_gather(product, same ? &alpha : &beta);
    if (status == VQE_OK) {
      status = vqe_gpu_alloc(device, &product->panel, product->panel_size,
                             sizeof(double), "sigma panels");
    }
    if (status == VQE_OK) {
      status = vqe_gpu_alloc(device, &product->product, product->panel_size,
                             sizeof(double), "sigma panels");
    }
  }
  link_table_clear(&alpha);
  link_table_clear(&beta);
  return status;
}

uint64_t vqe_device_product_bytes(int norb, int nalpha, int nbeta, int nirrep,
                                  uint64_t size, uint64_t panel_bytes)
{
  uint64_t npair = (uint64_t)norb * (uint64_t)(norb + 1) / 2;
  uint64_t bytes = 8 * npair * npair;
  uint64_t rows = 0;
  int numbers[2] = {nalpha, nbeta};
  for (int spin = 0; spin < 2; spin++) {
    bool all = numbers[spin] == VQE_ALL_NUMBERS;
    uint64_t count = vqe_strings_count(norb, numbers[spin]);
    uint64_t occupied = (uint64_t)(all ? norb / 2 : numbers[spin]);
    uint64_t empty = (uint64_t)norb - occupied;
    uint64_t pairs = occupied * (occupied > 0 ? occupied - 1 : 0) / 2 *
                     (empty * (empty > 0 ? empty - 1 : 0) / 2);
    uint64_t connected = 1 + occupied * empty + pairs / (uint64_t)nirrep;
    bytes += count * (connected * 12 + (occupied * empty + occupied) * 8 +
                      8 * (uint64_t)nirrep + 16);
    if (spin == 0) {
      rows = count / (uint64_t)nirrep + 1;
    } else if (size > VQE_DIRECT_SIZE) {
      bytes += 4 * npair * count;
    }
  }
  if (size > VQE_DIRECT_SIZE) {
    uint64_t column = 8 * rows * npair;
    bytes += VQE_GPU_GEMM_BYTES;
    bytes += 2 * (panel_bytes > column ? panel_bytes : column);
  }
  return bytes;
}

/* ---- the product ---- */

/* Twin of apply_mixed for one result block and pair symmetry. */
static int apply_mixed(const struct vqe_device_product *product, int block,
                       int g, char *out, const char *in, size_t real_bytes)
{
  const struct vqe_block_list *list = &product->list;
  const struct vqe_gpu_sigma *tables = &product->tables;
  int ca = list->row[block];
  int cb = list->column[block];
  uint32_t rows = list->row_start[ca + 1] - list->row_start[ca];
  uint32_t columns = list->column_start[cb + 1] - list->column_start[cb];
  int from_a = ca ^ g;
  int from_b = cb ^ g;
  uint32_t source_rows = list->row_start[from_a + 1] - list->row_start[from_a];
  uint32_t source_columns =
      list->column_start[from_b + 1] - list->column_start[from_b];
  uint32_t npair = tables->npair[g];
  if (npair == 0 || rows == 0 || columns == 0 || source_rows == 0 ||
      source_columns == 0) {
    return VQE_OK;
  }
  uint64_t fit = product->panel_size / ((uint64_t)npair * source_rows);
  uint32_t most = fit < columns ? (uint32_t)fit : columns;
  int status = VQE_OK;
  for (uint32_t done = 0; status == VQE_OK && done < columns; done += most) {
    uint32_t width = columns - done < most ? columns - done : most;
    struct vqe_gather_args gather = {
        .in = in + list->offset[from_a][from_b] * real_bytes,
        .panel = product->panel,
        .partner = product->partner[g],
        .partner_stride = product->sigma->beta->count,
        .npair = npair,
        .rows = source_rows,
        .width = width,
        .columns_in = source_columns,
        .first = list->column_start[cb] + done,
    };
    struct vqe_scatter_args scatter = {
        .out = out + list->offset[ca][cb] * real_bytes,
        .panel = product->product,
        .link_start = tables->alpha.link_start,
        .links = tables->alpha.links,
        .rows = rows,
        .width = width,
        .columns = columns,
        .first = done,
        .row_base = list->row_start[ca],
        .source_base = list->row_start[from_a],
        .source_rows = source_rows,
        .nirrep = tables->nirrep,
        .g = g,
    };
    int stride = (int)(source_rows * width);
    status = vqe_gpu_launch(
        product->device, VQE_KERNEL_gather, &gather,
        vqe_device_blocks((uint64_t)npair * source_rows * width), 0);
    if (status == VQE_OK) {
      /* row major (npair x npair)(npair x stride): columns swap sides */
      status = vqe_gpu_gemm(product->device, stride, (int)npair, (int)npair,
                            product->panel, stride, tables->w[g], (int)npair,
                            product->product, stride);
    }
    if (status == VQE_OK) {
      status = vqe_gpu_launch(product->device, VQE_KERNEL_scatter, &scatter,
                              vqe_device_blocks((uint64_t)rows * width), 0);
    }
    if (status == VQE_OK) {
      status = vqe_device_stop_check(product->stop,
                                     (uint64_t)npair * source_rows * width);
    }
  }
  return status;
}

int vqe_device_product_apply(const struct vqe_device_product *product,
                             void *out, const void *in, size_t real_bytes)
{
  struct vqe_sigma_args args = {.sigma = product->tables,
                                .out = out,
                                .in = in,
                                .size = product->size,
                                .mixed = product->panel_size == 0};
  int status = vqe_gpu_launch(product->device, VQE_KERNEL_sigma, &args,
                              vqe_device_blocks(product->size), 0);
  for (int k = 0; product->panel_size > 0 && k < product->list.count; k++) {
    for (int g = 0; status == VQE_OK && g < product->tables.nirrep; g++) {
      status = apply_mixed(product, k, g, out, in, real_bytes);
    }
  }
  return status;
}
