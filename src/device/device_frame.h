/* What every device estimator is made of: the CPU's twin, whose tables it
 * uploads and which computes what a run needs once, a device, and the
 * evaluator. Each estimator's struct starts with it. */
#ifndef VQE_DEVICE_DEVICE_FRAME_H
#define VQE_DEVICE_DEVICE_FRAME_H

#include "device/device_estimators.h"
#include "device/device_stop.h"
#include "device/evaluator.h"

struct vqe_device_frame {
  const struct vqe_backend_ops *host_ops;
  void *host;
  const struct vqe_hamiltonian *hamiltonian;
  const struct vqe_ansatz *ansatz;
  struct vqe_gpu *device;
  bool single;
  size_t real_bytes; /* of an amplitude's part */
  struct vqe_evaluator evaluator;
  struct vqe_device_stop stop;
  uint64_t watch_size;
};

/* What one kind of estimator has of its own. */
struct vqe_device_kind {
  const struct vqe_backend_ops *ops;
  size_t bytes; /* of its struct */
  int (*create_host)(const struct vqe_backend_ops **ops, void **out,
                     const struct vqe_hamiltonian *hamiltonian,
                     const struct vqe_ansatz *ansatz, int threads);
  int (*init)(void *backend, const struct vqe_device_tuning *tuning);
};

/* An estimator of a kind: zeros, frame, host, init. The device is the
 * estimator's from here on, also on failure. */
int vqe_device_frame_create(const struct vqe_backend_ops **ops, void **out,
                            const struct vqe_device_kind *kind,
                            const struct vqe_hamiltonian *hamiltonian,
                            const struct vqe_ansatz *ansatz, int threads,
                            struct vqe_gpu *device, bool single,
                            const struct vqe_device_tuning *tuning);
/* Closes the device: last of what is freed. */
void vqe_device_frame_clear(struct vqe_device_frame *frame);

/* The evaluator's arrays for `size` amplitudes, after its last angle. */
int vqe_device_frame_upload(struct vqe_device_frame *frame, uint64_t size,
                            double constant);

/* A launch over the amplitudes, `shared` doubles a block; VQE_ERR_INTERRUPTED
 * where a stop was asked for. */
int vqe_device_frame_launch(const struct vqe_device_frame *frame,
                            enum vqe_kernel_name kernel, const void *args,
                            size_t shared);

/* Parameters to where launches that follow read them. */
int vqe_device_frame_parameters(const struct vqe_device_frame *frame,
                                const double *parameters);

/* `count` reals of the device as doubles. */
int vqe_device_frame_download(const struct vqe_device_frame *frame,
                              double *out, const void *from, size_t count);

/* vqe_evaluator_run, which ends early where a stop is asked for. */
int vqe_device_frame_run(struct vqe_device_frame *frame, double *energy,
                         double *gradient, const double *parameters,
                         int (*enqueue)(void *ctx), void *ctx);

/* For struct vqe_backend_ops: ask `stop` between the launches of states above
 * the tuning's watch_size, which are not recorded then, and in what the CPU's
 * twin does. */
void vqe_device_frame_watch(void *backend, struct vqe_stop *stop);

/* For struct vqe_backend_ops: done by the CPU's twin, which prepares the state
 * once more. */
int vqe_device_frame_pool_gradient(void *backend, double *out,
                                   const double *parameters,
                                   const struct vqe_ansatz *pool);
int vqe_device_frame_properties(void *backend, struct vqe_properties *out,
                                double *rdm1, const double *parameters);

/* ---- runs of phases ---- */

struct vqe_device_phases {
  const struct vqe_mask_pair *masks; /* the device's */
  uint64_t count;
  int32_t angle; /* the first of them */
};

/* The next run of diagonal gates from *gate on, which moves behind it; rows
 * as in vqe_phases_read. */
int vqe_device_frame_add_phases(struct vqe_device_frame *frame,
                                struct vqe_device_phases *out, size_t *gate,
                                bool alpha_rows);

/* The run on the vectors of `on`, which says where they lie: all but masks,
 * angle and count. */
int vqe_device_frame_phases(const struct vqe_device_frame *frame,
                            const struct vqe_device_phases *phases,
                            const struct vqe_phases_args *on);

#endif
