/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The sun and four planets as points of mass: arithmetic in doubles. */
#include <math.h>
#include <string.h>

#include "kernel.h"

#define PI 3.141592653589793
#define SUN (4 * PI * PI)
#define DAYS 365.24 /* in a year: velocities are a year's */
#define BODIES 5
#define STEPS 10000 /* in a round */
#define STEP 0.01   /* years */

static struct body {
  double at[3], velocity[3], mass;
} bodies[BODIES] = {
    {{0, 0, 0}, {0, 0, 0}, SUN},
    {{4.84143144246472090e+00, -1.16032004402742839e+00,
      -1.03622044471123109e-01},
     {1.66007664274403694e-03 * DAYS, 7.69901118419740425e-03 * DAYS,
      -6.90460016972063023e-05 * DAYS},
     9.54791938424326609e-04 * SUN},
    {{8.34336671824457987e+00, 4.12479856412430479e+00,
      -4.03523417114321381e-01},
     {-2.76742510726411926e-03 * DAYS, 4.99852801234917238e-03 * DAYS,
      2.30417297573763929e-05 * DAYS},
     2.85885980666130812e-04 * SUN},
    {{1.28943695621391310e+01, -1.51111514016986312e+01,
      -2.23307578892655734e-01},
     {2.96460137564761618e-03 * DAYS, 2.37847173959480950e-03 * DAYS,
      -2.96589568540237556e-05 * DAYS},
     4.36624404335156298e-05 * SUN},
    {{1.53796971148509165e+01, -2.59193146099879641e+01,
      1.79258772950371181e-01},
     {2.68067772490389322e-03 * DAYS, 1.62824170038242295e-03 * DAYS,
      -9.51592254519715870e-05 * DAYS},
     5.15138902046611451e-05 * SUN},
};

static void attract(struct body *one, struct body *other) {
  double apart[3], square = 0;
  for (int k = 0; k < 3; k++) {
    apart[k] = one->at[k] - other->at[k];
    square += apart[k] * apart[k];
  }
  double pull = STEP / (square * sqrt(square));
  for (int k = 0; k < 3; k++) {
    one->velocity[k] -= apart[k] * other->mass * pull;
    other->velocity[k] += apart[k] * one->mass * pull;
  }
}

static void step(void) {
  for (int i = 0; i < BODIES; i++)
    for (int j = i + 1; j < BODIES; j++) attract(&bodies[i], &bodies[j]);
  for (int i = 0; i < BODIES; i++)
    for (int k = 0; k < 3; k++) bodies[i].at[k] += bodies[i].velocity[k] * STEP;
}

static uint64_t nbody(long rounds) {
  uint64_t bits;
  for (long i = rounds * STEPS; i > 0; i--) {
    POLL();
    step();
  }
  memcpy(&bits, &bodies[0].at[0], sizeof bits);
  return bits;
}

KERNEL(nbody)
