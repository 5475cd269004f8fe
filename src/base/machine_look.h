/* What the machine looks like at a moment: load, memory, swap, disk, network,
 * and whether it is a container. */
#ifndef VQE_BASE_MACHINE_LOOK_H
#define VQE_BASE_MACHINE_LOOK_H

#include <stdint.h>

/* What the system does not say is NaN or UINT64_MAX. */
struct vqe_machine_look {
  double load[3];           /* means of 1, 5 and 15 minutes */
  uint64_t memory;          /* bytes of the machine */
  uint64_t swap, swap_free; /* bytes */
  uint64_t disk_free;       /* bytes that this user may write in `folder` */
  /* bytes through all interfaces but the loopback, since they are there */
  uint64_t received, sent;
  char container[24]; /* "docker", "podman", "kubernetes", "apptainer" ...; ""
                         for none that is known */
};

/* Look. `root` NULL: the files are Linux's, below "/"; tests have others.
 * Takes about 0.1 ms. */
void vqe_machine_look(struct vqe_machine_look *out, const char *root,
                      const char *folder);

#endif
