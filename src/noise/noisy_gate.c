#include "noise/noisy_gate.h"

#include <math.h>
#include <string.h>

/* The gate with its angle, or its inverse. */
static void bind_gate(struct vqe_noisy_gate *out,
                      const struct vqe_program_gate *gate,
                      const double *parameters, bool inverse)
{
  enum vqe_program_kind kind = (enum vqe_program_kind)gate->kind;
  double angle = vqe_program_has_angle(kind) && gate->param >= 0
                     ? gate->scale * parameters[gate->param]
                     : 0.0;
  if (inverse) {
    angle = -angle;
    kind = kind == VQE_PROGRAM_S          ? VQE_PROGRAM_SDG
           : kind == VQE_PROGRAM_SDG      ? VQE_PROGRAM_S
           : kind == VQE_PROGRAM_RX_PLUS  ? VQE_PROGRAM_RX_MINUS
           : kind == VQE_PROGRAM_RX_MINUS ? VQE_PROGRAM_RX_PLUS
                                          : kind;
  }
  *out = (struct vqe_noisy_gate){.kind = kind,
                                 .count = vqe_program_pair(kind) ? 2 : 1,
                                 .q = {gate->q[0], gate->q[1]},
                                 .angle = angle};
}

size_t vqe_noisy_circuit_count(const struct vqe_noisy_circuit *circuit)
{
  return circuit->program->ngate * (2 * (size_t)circuit->folds + 1);
}

void vqe_noisy_circuit_gate(struct vqe_noisy_gate *out,
                            const struct vqe_noisy_circuit *circuit, size_t k)
{
  size_t n = circuit->program->ngate;
  bool inverse = k / n % 2 == 1;
  size_t at = inverse ? n - 1 - k % n : k % n;
  bind_gate(out, &circuit->program->gates[at], circuit->parameters, inverse);
}

static void rotation(double complex out[4], double c, double complex s01,
                     double complex s10)
{
  out[0] = c;
  out[1] = s01;
  out[2] = s10;
  out[3] = c;
}

void vqe_noisy_gate_unitary(double complex out[16],
                            const struct vqe_noisy_gate *gate)
{
  const double half = sqrt(0.5);
  double c = cos(gate->angle / 2.0);
  double s = sin(gate->angle / 2.0);
  double complex turn = cos(gate->angle) + I * sin(gate->angle);
  memset(out, 0, 16 * sizeof *out);
  if (gate->count == 2) {
    out[0] = 1.0;
    out[5] = 1.0;
    out[10] = 1.0;
    out[15] = gate->kind == VQE_PROGRAM_CP ? turn : -1.0;
    if (gate->kind == VQE_PROGRAM_CX) {
      /* control q[0], bit 0: |01> <-> |11> */
      out[5] = 0.0;
      out[15] = 0.0;
      out[4 * 3 + 1] = 1.0;
      out[4 * 1 + 3] = 1.0;
    }
    return;
  }
  switch (gate->kind) {
  case VQE_PROGRAM_X:
    rotation(out, 0.0, 1.0, 1.0);
    break;
  case VQE_PROGRAM_H:
    rotation(out, half, half, half);
    out[3] = -half;
    break;
  case VQE_PROGRAM_RX_PLUS:
    rotation(out, half, -I * half, -I * half);
    break;
  case VQE_PROGRAM_RX_MINUS:
    rotation(out, half, I * half, I * half);
    break;
  case VQE_PROGRAM_RY:
    rotation(out, c, -s, s);
    break;
  case VQE_PROGRAM_RZ:
    out[0] = c - I * s;
    out[3] = c + I * s;
    break;
  case VQE_PROGRAM_S:
  case VQE_PROGRAM_SDG:
    out[0] = 1.0;
    out[3] = gate->kind == VQE_PROGRAM_S ? I : -I;
    break;
  default: /* P, and nothing where a gate was cancelled */
    out[0] = 1.0;
    out[3] = gate->kind == VQE_PROGRAM_P ? turn : 1.0;
    break;
  }
}

/* ---- Pauli transfer matrices ---- */

/* <b ^ x| P |b> of the Pauli string with digits `p` on two qubits at most. */
static double complex element(int p, int b, int *x)
{
  static const double complex powers[] = {1.0, I, -1.0};
  int z = (p >> 1 & 1) | (p >> 3 & 1) << 1;
  *x = (p & 1) | (p >> 2 & 1) << 1;
  double complex value = powers[__builtin_popcount((unsigned)(*x & z))];
  return __builtin_popcount((unsigned)(z & b)) % 2 == 0 ? value : -value;
}

/* out = U P U+ */
static void conjugate(double complex out[16], const double complex *u, int p,
                      int d)
{
  double complex half[16] = {0.0};
  int x = 0;
  for (int i = 0; i < d; i++) {
    for (int b = 0; b < d; b++) {
      double complex value = element(p, b, &x);
      half[d * i + b] = u[d * i + (b ^ x)] * value;
    }
  }
  for (int i = 0; i < d; i++) {
    for (int j = 0; j < d; j++) {
      double complex sum = 0.0;
      for (int b = 0; b < d; b++) {
        sum += half[d * i + b] * conj(u[d * j + b]);
      }
      out[d * i + j] = sum;
    }
  }
}

void vqe_noisy_gate_transfer(double *out, const struct vqe_noisy_gate *gate)
{
  double complex u[16];
  double complex m[16];
  int d = gate->count == 2 ? 4 : 2;
  int n = d * d;
  vqe_noisy_gate_unitary(u, gate);
  for (int j = 0; j < n; j++) {
    conjugate(m, u, j, d);
    for (int i = 0; i < n; i++) {
      double complex trace = 0.0;
      for (int b = 0; b < d; b++) {
        int x = 0;
        double complex value = element(i, b, &x);
        trace += value * m[d * b + (b ^ x)];
      }
      double real = creal(trace) / d;
      /* zeros of Clifford gates are exact, so that sweeps skip them */
      out[n * i + j] = fabs(real) < 1e-15 ? 0.0 : real;
    }
  }
}

/* ---- noise ---- */

static bool turns_about_z(enum vqe_program_kind kind)
{
  return kind == VQE_PROGRAM_S || kind == VQE_PROGRAM_SDG ||
         kind == VQE_PROGRAM_RZ || kind == VQE_PROGRAM_P;
}

static double depolarizing_of(double infidelity, const double f1[2],
                              const double f2[2], int count)
{
  double d = count == 2 ? 4.0 : 2.0;
  double process = 1.0;
  for (int k = 0; k < count; k++) {
    process *= (1.0 + f1[k] + 2.0 * f2[k]) / 4.0;
  }
  double fidelity = (d * process + 1.0) / (d + 1.0);
  double excess = infidelity - (1.0 - fidelity);
  double p = excess > 0.0 ? d * excess / (d * fidelity - 1.0) : 0.0;
  return fmin(p, 1.0);
}

void vqe_noisy_gate_effect(struct vqe_noisy_effect *out,
                           const struct vqe_noisy_gate *gate,
                           const struct vqe_noisy_model *model, double scale)
{
  double strength = scale * model->strength;
  const struct vqe_noisy_qubit *first =
      vqe_noisy_model_qubit(model, gate->q[0]);
  double error = first->error;
  double time = first->time;
  *out = (struct vqe_noisy_effect){.f1 = {1.0, 1.0}, .f2 = {1.0, 1.0}};
  if (gate->kind == VQE_PROGRAM_NONE || strength == 0.0 ||
      (model->virtual_z && turns_about_z(gate->kind))) {
    return;
  }
  if (gate->count == 2) {
    const struct vqe_noisy_pair *pair =
        vqe_noisy_model_pair(model, gate->q[0], gate->q[1]);
    error = pair->error;
    time = pair->time;
  }
  for (int k = 0; k < gate->count; k++) {
    const struct vqe_noisy_qubit *qubit =
        vqe_noisy_model_qubit(model, gate->q[k]);
    out->f1[k] = exp(-strength * time / qubit->t1);
    out->f2[k] = exp(-strength * time / qubit->t2);
    out->any = out->any || out->f1[k] < 1.0 || out->f2[k] < 1.0;
  }
  out->p = model->infidelity ? depolarizing_of(strength * error, out->f1,
                                               out->f2, gate->count)
                             : fmin(strength * error, 1.0);
  out->any = out->any || out->p > 0.0;
}

void vqe_noisy_gate_damp(double *matrix, const struct vqe_noisy_effect *effect,
                         int count)
{
  int n = count == 2 ? 16 : 4;
  if (!effect->any) {
    return;
  }
  for (int i = n; i < n * n; i++) {
    matrix[i] *= 1.0 - effect->p;
  }
  for (int k = 0; k < count; k++) {
    for (int i = 0; i < n; i++) {
      double *row = &matrix[(size_t)n * (size_t)i];
      int digit = i >> 2 * k & 3;
      if (digit == 1 || digit == 3) {
        for (int j = 0; j < n; j++) {
          row[j] *= effect->f2[k];
        }
      } else if (digit == 2) {
        const double *below = row - (size_t)n * ((size_t)2 << 2 * k);
        for (int j = 0; j < n; j++) {
          row[j] = effect->f1[k] * row[j] + (1.0 - effect->f1[k]) * below[j];
        }
      }
    }
  }
}
