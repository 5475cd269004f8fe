/* The points of a curve one after the other: from which neighbour each starts,
 * when the curve is followed backwards, and what is kept. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/notes.h"
#include "batch/batch_fixture.h"
#include "batch/chain.h"
#include "store/journal.h"
#include "vqe/neighbour.h"

#define POINTS 4

/* Energies of each point: on the way there, from nothing, on the way back, and
 * of the neighbour's circuit as it is. NAN: the run fails. */
struct script {
  double there[POINTS], nothing, back[POINTS], probe[POINTS];
  bool other_spin;  /* of what is computed again */
  bool other_irrep; /* the same, while the way there has another spin */
  int stop_at;      /* the run that is interrupted, from 1; 0: none */
};

struct world {
  struct vqe_job *job;
  struct vqe_worker worker;
  struct vqe_lane lane;
  struct vqe_batch_options options;
  struct vqe_result *results[POINTS];
};

static const struct script *script;
static int runs;
static char said[512]; /* which point from which, in order */

static int point_of(const char *id, const struct vqe_job *job)
{
  for (int k = 0; k < POINTS; k++) {
    if (strcmp(job->experiments[k]->id, id) == 0) {
      return k;
    }
  }
  return -1;
}

static const struct vqe_job *the_job;

static int fake_run(struct vqe_result **out, struct vqe_lane *lane,
                    const struct vqe_experiment *experiment, bool serial)
{
  (void)serial;
  int k = experiment->index;
  const struct vqe_neighbour *from = lane->curve.from;
  bool probes = experiment->max_evaluations == 1;
  char text[32];
  snprintf(text, sizeof text, "%s%d<%d ", probes ? "?" : "", k,
           from != NULL ? point_of(from->id, the_job) : -1);
  strcat(said, text);
  assert_true(lane->curve.held);
  assert_int_equal(probes, lane->curve.left == NULL);
  if (++runs == script->stop_at) {
    return VQE_ERR_INTERRUPTED;
  }
  double energy = probes               ? script->probe[k]
                  : !lane->curve.again ? script->there[k]
                  : from == NULL       ? script->nothing
                                       : script->back[k];
  assert_int_equal(vqe_result_create(out, experiment,
                                     isnan(energy) ? VQE_EXPERIMENT_FAILED
                                                   : VQE_EXPERIMENT_OK,
                                     NULL),
                   0);
  (*out)->minimum = energy;
  (*out)->nuclear_repulsion_energy = 1.0;
  (*out)->nalpha = (*out)->nbeta = 1;
  (*out)->n_expectation = 2.0;
  bool again = lane->curve.again;
  (*out)->s2_expectation =
      (script->other_spin && again) || (script->other_irrep && !again) ? 2.0
                                                                       : 0.0;
  if (script->other_irrep && again) {
    assert_int_equal(
        vqe_notes_add(&(*out)->notes, VQE_NOTE_OTHER_STATE, "of B1"), 0);
  }
  if (lane->curve.left != NULL && !isnan(energy)) {
    *lane->curve.left = calloc(1, sizeof(struct vqe_neighbour));
    assert_non_null(*lane->curve.left);
    memcpy((*lane->curve.left)->id, experiment->id, sizeof experiment->id);
  }
  return VQE_OK;
}

static int run(struct world *world, const struct batch_fixture *fixture,
               const struct script *of)
{
  memset(world, 0, sizeof *world);
  world->job = batch_job(
      fixture, "{\"molecules\": [{\"name\": \"H2\", \"symbols\": [\"H\", "
               "\"H\"], \"coords\": [[0,0,0],[0,0,0.7]]}], \"scan\": "
               "{\"bond\": [0, 1], \"values\": [0.7, 0.8, 0.9, 1.0]}, "
               "\"follow\": true, \"seed\": 1}");
  assert_int_equal(world->job->count, POINTS);
  for (int k = 0; k < POINTS; k++) {
    assert_int_equal(world->job->chains[k], 0);
  }
  the_job = world->job;
  script = of;
  runs = 0;
  said[0] = '\0';
  world->worker.options = &world->options;
  world->worker.run = fake_run;
  pthread_mutex_init(&world->worker.journal_lock, NULL);
  char path[160];
  snprintf(path, sizeof path, "%s/journal", fixture->folder);
  (void)remove(path);
  assert_int_equal(vqe_journal_open(&world->worker.journal, path), 0);
  vqe_lane_init(&world->lane, &world->worker);
  const struct vqe_chain curve = {
      .count = POINTS,
      .points = (const struct vqe_experiment *const *)world->job->experiments,
      .results = world->results,
      .lane = &world->lane,
      .serial = true};
  return vqe_chain_run(&curve);
}

static void end(struct world *world)
{
  for (int k = 0; k < POINTS; k++) {
    vqe_result_free(world->results[k]);
  }
  vqe_lane_clear(&world->lane);
  vqe_journal_close(world->worker.journal);
  pthread_mutex_destroy(&world->worker.journal_lock);
  vqe_job_free(world->job);
}

static void energies_are(const struct world *world, const double *wanted)
{
  for (int k = 0; k < POINTS; k++) {
    assert_non_null(world->results[k]);
    assert_true(world->results[k]->minimum == wanted[k]);
  }
}

static void each_starts_from_the_one_before(void **state)
{
  const struct script of = {
      .there = {-1.0, -2.0, -3.0, -4.0}, .nothing = -3.9, .probe = {0, 0, 0}};
  struct world world;
  assert_int_equal(run(&world, *state, &of), 0);
  assert_string_equal(said, "0<-1 1<0 2<1 3<2 3<-1 ?2<3 ?1<2 ?0<1 ");
  energies_are(&world, of.there);
  end(&world);
}

static void lower_end_is_followed_backwards(void **state)
{
  const struct script of = {.there = {-1.0, -2.0, -3.0, -4.0},
                            .nothing = -5.0,
                            .back = {-0.5, -2.5, -3.5, 0.0},
                            .probe = {0, 0, 0}};
  const double wanted[] = {-1.0, -2.5, -3.5, -5.0};
  struct world world;
  assert_int_equal(run(&world, *state, &of), 0);
  assert_string_equal(said, "0<-1 1<0 2<1 3<2 3<-1 2<3 1<2 0<1 ");
  energies_are(&world, wanted);
  end(&world);
}

static void jump_is_found_by_one_evaluation(void **state)
{
  const struct script of = {.there = {-1.0, -2.0, -3.0, -4.0},
                            .nothing = -3.0,
                            .back = {0.0, -2.6, 0.0, 0.0},
                            .probe = {-0.9, -2.4, -2.9}};
  const double wanted[] = {-1.0, -2.6, -3.0, -4.0};
  struct world world;
  assert_int_equal(run(&world, *state, &of), 0);
  assert_string_equal(said, "0<-1 1<0 2<1 3<2 3<-1 ?2<3 ?1<2 1<2 0<1 ");
  energies_are(&world, wanted);
  end(&world);
}

static void lower_state_of_another_spin_is_left(void **state)
{
  const struct script of = {.there = {-1.0, -2.0, -3.0, -4.0},
                            .nothing = -5.0,
                            .probe = {-9.0, -9.0, -9.0},
                            .back = {-9.0, -9.0, -9.0},
                            .other_spin = true};
  struct world world;
  assert_int_equal(run(&world, *state, &of), 0);
  energies_are(&world, of.there);
  end(&world);
}

/* Neither is the molecule's state: the lower one stays, so that the curve has
 * no jump of its own making. */
static void higher_state_of_another_irrep_is_left(void **state)
{
  const struct script of = {.there = {-1.0, -2.0, -3.0, -4.0},
                            .nothing = -3.9,
                            .probe = {0, 0, 0},
                            .other_irrep = true};
  struct world world;
  assert_int_equal(run(&world, *state, &of), 0);
  assert_string_equal(said, "0<-1 1<0 2<1 3<2 3<-1 ?2<3 ?1<2 ?0<1 ");
  energies_are(&world, of.there);
  end(&world);
}

static void failed_point_is_tried_from_the_other_side(void **state)
{
  const double wanted[] = {-1.0, -2.0, -3.0, -4.0};
  const struct script of = {.there = {-1.0, NAN, -3.0, -4.0},
                            .nothing = NAN,
                            .probe = {0, 0, 0},
                            .back = {0.0, -2.0}};
  struct world world;
  assert_int_equal(run(&world, *state, &of), 0);
  assert_string_equal(said, "0<-1 1<0 2<0 3<2 3<-1 ?2<3 1<2 0<1 ");
  energies_are(&world, wanted);
  end(&world);
}

static void interrupted_curve_leaves_nothing(void **state)
{
  for (int at = 1; at <= 8; at++) {
    const struct script of = {
        .there = {-1.0, -2.0, -3.0, -4.0}, .probe = {0, 0, 0}, .stop_at = at};
    struct world world;
    assert_int_equal(run(&world, *state, &of), VQE_ERR_INTERRUPTED);
    for (int k = 0; k < POINTS; k++) {
      assert_null(world.results[k]);
    }
    end(&world);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(each_starts_from_the_one_before,
                                      batch_setup, batch_teardown),
      cmocka_unit_test_setup_teardown(lower_end_is_followed_backwards,
                                      batch_setup, batch_teardown),
      cmocka_unit_test_setup_teardown(jump_is_found_by_one_evaluation,
                                      batch_setup, batch_teardown),
      cmocka_unit_test_setup_teardown(lower_state_of_another_spin_is_left,
                                      batch_setup, batch_teardown),
      cmocka_unit_test_setup_teardown(higher_state_of_another_irrep_is_left,
                                      batch_setup, batch_teardown),
      cmocka_unit_test_setup_teardown(
          failed_point_is_tried_from_the_other_side, batch_setup,
          batch_teardown),
      cmocka_unit_test_setup_teardown(interrupted_curve_leaves_nothing,
                                      batch_setup, batch_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
