/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Two budgets, one inside the other as they come, and every sequence of what
 * can happen to them: entering, leaving, resetting, time, a timer or a watchdog
 * that is early, late or just in time, a guest that acknowledges. After each
 * step every observable value is compared with a second, naive description of
 * the rules (`model`), and rules that hold whatever the model says are checked.
 * On a clock that the test moves by hand.
 *
 * A step that is refused changes nothing, so no sequence goes on after one; nor
 * after one that finds nothing to do. WASMSIG_MACHINE_STEPS sets the length.
 */
#include "hand_timer.h"

enum event {
  ENTER_A,
  ENTER_B,
  LEAVE_A,
  LEAVE_B,
  RESET_A,
  RESET_B,
  TIME,
  CHECK, /* the watchdog's */
  FIRE,  /* the timer's handler */
  ACKNOWLEDGE,
  EVENTS
};
static const char *const event_names[EVENTS] = {
    "enter a", "enter b", "leave a", "leave b", "reset a",
    "reset b", "time",    "check",   "fire",    "acknowledge"};

#define MOST_STEPS 12
#define QUANTUM MS /* of time; a kill is repeated after as much */

/* ------------------------------------------------------------- the model */

struct model_budget {
  uint64_t soft, hard;
  uint64_t used, start; /* of ended sections; CPU when the running one began */
  int depth;
  bool soft_done, hard_done, due, killed;
  uint64_t again;
  bool signalled, unreceived; /* it waits, or was taken; was withdrawn */
};

static struct {
  struct model_budget budget[2];
  int entered[MOST_STEPS]; /* which, in order */
  int level;
  uint64_t cpu;
  uint32_t word;
  int kills, undos;
  bool safe; /* the kill may run in a handler */
} model;

static bool is_in(int which) { return model.budget[which].depth > 0; }

/* The running sections, innermost first; how many. */
static int running(struct model_budget *list[2]) {
  int count = 0;
  for (int i = model.level - 1; i >= 0; i--) {
    struct model_budget *m = &model.budget[model.entered[i]];
    bool first = true; /* of its enters */
    for (int j = 0; j < i; j++)
      if (model.entered[j] == model.entered[i]) first = false;
    if (first) list[count++] = m;
  }
  return count;
}

static uint64_t model_used(const struct model_budget *m) {
  return m->used + (m->depth ? model.cpu - m->start : 0);
}

static void model_tell(struct model_budget *m) {
  m->signalled = true;
  m->unreceived = false;
  model.word = WASMSIG_SIGXCPU;
}

static void model_signal(struct model_budget *m) {
  m->soft_done = true;
  model_tell(m);
}

/* Its section has ended; `count` others run on. */
static void model_withdraw(struct model_budget *m,
                           struct model_budget *const *list, int count) {
  bool meant = false;
  for (int i = 0; i < count; i++) meant |= list[i]->signalled;
  if (!m->signalled) return;
  m->signalled = false;
  m->unreceived = meant || model.word != 0;
  if (!meant) model.word = 0;
}

static void model_hard(struct model_budget *m) {
  if (!m->soft_done && m->soft != NONE) model_signal(m);
  m->hard_done = true;
}

static void model_kill(struct model_budget *m) {
  m->due = false;
  m->killed = true;
  m->again = model_used(m) + QUANTUM;
  model.kills++;
}

/* `kills`: the check may kill. */
static void model_look(bool kills) {
  struct model_budget *list[2];
  int count = running(list);
  for (int i = 0; i < count; i++) {
    struct model_budget *m = list[i];
    uint64_t used = model_used(m);
    if (!m->soft_done && used >= m->soft) model_signal(m);
    bool again = m->killed && used >= m->again;
    if ((m->hard_done || used < m->hard) && !again) continue;
    model_hard(m);
    m->due = true;
    if (model.safe) model_kill(m);
  }
  for (int i = 0; kills && i < count; i++)
    if (list[i]->due) model_kill(list[i]);
}

static int model_enter(int which) {
  struct model_budget *m = &model.budget[which];
  if (m->hard_done) return WASMSIG_ESPENT;
  model.entered[model.level++] = which;
  if (m->depth++ > 0) return WASMSIG_OK;
  m->start = model.cpu;
  if (!m->soft_done && m->used >= m->soft) {
    model_signal(m);
  } else if (m->soft_done && m->unreceived) {
    model_tell(m);
  }
  return WASMSIG_OK;
}

static int model_leave(int which) {
  struct model_budget *m = &model.budget[which], *list[2];
  if (model.level == 0 || model.entered[model.level - 1] != which)
    return WASMSIG_EORDER;
  bool ends = m->depth == 1;
  uint64_t used = model_used(m);
  if (ends && !m->hard_done && used >= m->hard) model_hard(m);
  model.level--;
  m->depth--;
  bool undo = ends && m->killed, outer_dies = false;
  int count = running(list);
  for (int i = 0; i < count; i++) {
    if (list[i]->killed) undo = false;
    if (list[i]->killed || list[i]->due) outer_dies = true;
  }
  if (ends) {
    m->used = used;
    m->due = m->killed = false;
    model_withdraw(m, list, count);
  }
  model.undos += undo;
  if (outer_dies) return WASMSIG_LEFT_OUTER_KILLED;
  if (ends && m->hard_done) return WASMSIG_LEFT_KILLED;
  return m->soft_done ? WASMSIG_LEFT_SIGNALLED : WASMSIG_LEFT_READY;
}

static int model_reset(int which) {
  struct model_budget *m = &model.budget[which];
  if (is_in(which)) return WASMSIG_EBUSY;
  m->used = 0;
  m->soft_done = m->hard_done = m->unreceived = false;
  return WASMSIG_OK;
}

static wasmsig_budget_state model_state(const struct model_budget *m) {
  if (m->hard_done) return WASMSIG_BUDGET_KILLED;
  if (m->soft_done) return WASMSIG_BUDGET_SIGNALLED;
  return m->depth ? WASMSIG_BUDGET_RUNNING : WASMSIG_BUDGET_READY;
}

static int model_step(enum event event) {
  switch (event) {
    case ENTER_A:
    case ENTER_B: return model_enter((int)(event - ENTER_A));
    case LEAVE_A:
    case LEAVE_B: return model_leave((int)(event - LEAVE_A));
    case RESET_A:
    case RESET_B: return model_reset((int)(event - RESET_A));
    case TIME: model.cpu += QUANTUM; return 0;
    case CHECK: model_look(true); return 0;
    case FIRE: model_look(false); return 0;
    default: model.word = 0; return 0;
  }
}

/* -------------------------------------------------------------- the thing */

static wasmsig_budget *const budgets[2] = {&a, &b};
static bool engine_is_killed;

static void kill_the_engine(void *context) {
  kill_engine(context);
  engine_is_killed = true;
}
static void undo_the_engine(void *context) {
  undo_engine(context);
  engine_is_killed = false;
}

static int real_step(enum event event) {
  switch (event) {
    case ENTER_A:
    case ENTER_B: return wasmsig_budget_enter(budgets[event - ENTER_A]);
    case LEAVE_A:
    case LEAVE_B: return wasmsig_budget_leave(budgets[event - LEAVE_A]);
    case RESET_A:
    case RESET_B: return wasmsig_budget_reset(budgets[event - RESET_A], NULL);
    case TIME: use_unseen(QUANTUM); return 0;
    case CHECK: wsig_watchdog_check_all(); return 0;
    case FIRE: wsig_thread_fire(wsig_here); return 0;
    default: guest_acknowledge(&guest); return 0;
  }
}

/* -------------------------------------------------- rules for all of them */

static enum event steps[MOST_STEPS];
static int step_count;
static unsigned long sequences;

static void fail_here(const char *rule) {
  for (int i = 0; i < step_count; i++)
    print_message("%s%s", i ? ", " : "after: ", event_names[steps[i]]);
  print_message("\n");
  fail_msg("%s", rule);
}

#define HOLDS(rule)                \
  do {                             \
    if (!(rule)) fail_here(#rule); \
  } while (0)

static bool is_on_list(const struct wsig_budget *budget) {
  const struct wsig_budget *w = wsig_here->innermost;
  while (w && w != budget) w = w->outer;
  return w != NULL;
}

/* What holds in each state: the table in docs/explanation/architecture.md. */
static void check_state(const struct wsig_budget *w) {
  bool on_list = is_on_list(w);
  bool dying = w->kill_due || w->kill_begun;
  HOLDS(on_list == (w->depth > 0));
  HOLDS(on_list == (w->thread != NULL));
  HOLDS(dying == (on_list && w->hard_done));
  HOLDS(!w->signalled || w->soft_done);
}

/* Whatever the model says. */
static void check_rules(void) {
  bool signalled = guest_signal(&guest) != 0, anyone = false;
  for (int i = 0; i < 2; i++) {
    const struct wsig_budget *w = (const void *)budgets[i];
    check_state(w);
    uint64_t used = wasmsig_budget_used_ns(budgets[i]);
    anyone |= used >= w->soft_ns || (used >= w->hard_ns && w->soft_done);
    HOLDS(!w->hard_done || w->soft_done || w->soft_ns == NONE);
    HOLDS(!w->soft_done || used >= w->soft_ns);
  }
  HOLDS(!signalled || anyone); /* never early */
  HOLDS(wasmsig_budget_level() > 0 || !engine_is_killed);
}

/* The next check comes before the nearest limit is passed by much. */
static void check_promise(void) {
  uint64_t least = WSIG_NEVER;
  for (struct wsig_budget *w = wsig_here->innermost; w; w = w->outer) {
    uint64_t left = wsig_limits_left(w, wsig_limits_used(w, hand_cpu_ns));
    if (left < least) least = left;
  }
  if (least == WSIG_NEVER || least == 0) return;
  /* Behind a timer that works, it may be a while later. */
  HOLDS(wsig_here->watch_at <= hand_wall_ns + least + 62 * MS);
  HOLDS(wsig_here->timer_at <= hand_wall_ns + least);
  HOLDS(wsig_here->timer_at == WSIG_NEVER ||
        hand_timer_at == wsig_here->timer_at);
}

static void compare(int expected, int result) {
  HOLDS(result == expected);
  HOLDS(guest_signal(&guest) == model.word);
  HOLDS(engine.kills == model.kills);
  HOLDS(engine.undos == model.undos);
  HOLDS(wasmsig_budget_level() == (size_t)model.level);
  for (int i = 0; i < 2; i++) {
    HOLDS(wasmsig_budget_get_state(budgets[i]) ==
          model_state(&model.budget[i]));
    HOLDS(wasmsig_budget_used_ns(budgets[i]) == model_used(&model.budget[i]));
  }
}

/* ------------------------------------------------------------- sequences */

static void begin(const uint64_t given[4], bool safe) {
  wasmsig_budget_unwind(0);
  guest_acknowledge(&bystander);
  memset(&model, 0, sizeof model);
  memset(&engine, 0, sizeof engine);
  engine_is_killed = false;
  guest_acknowledge(&guest);
  model.safe = safe;
  for (int i = 0; i < 2; i++) {
    wasmsig_budget_options options = limits(given[2 * i], given[2 * i + 1]);
    options.kill = kill_the_engine;
    options.undo = undo_the_engine;
    options.kill_is_signal_safe = safe;
    make_with(budgets[i], options);
    model.budget[i].soft = given[2 * i];
    model.budget[i].hard = given[2 * i + 1];
  }
}

/* Goes the whole way again: a budget cannot be copied. */
static int replay(const uint64_t given[4], bool safe) {
  int result = 0;
  begin(given, safe);
  for (int i = 0; i < step_count; i++) {
    int expected = model_step(steps[i]);
    result = real_step(steps[i]);
    if (i < step_count - 1) continue;
    compare(expected, result);
    check_rules();
    /* A check and an enter set the next check; only time moves it. */
    if (steps[i] != TIME) check_promise();
  }
  sequences++;
  return result;
}

static bool is_idle(enum event event) {
  if (event == ACKNOWLEDGE) return model.word == 0;
  if (event == CHECK || event == FIRE) return model.level == 0;
  return false;
}

static void explore(const uint64_t given[4], bool safe, int depth) {
  if (depth == 0) return;
  for (int event = 0; event < EVENTS; event++) {
    steps[step_count++] = (enum event)event;
    bool twice = step_count > 1 && steps[step_count - 2] == (enum event)event &&
                 (event == CHECK || event == FIRE);
    step_count--;
    /* The model is where the last replay has left it. */
    replay(given, safe);
    if (is_idle((enum event)event) || twice) continue;
    steps[step_count++] = (enum event)event;
    if (replay(given, safe) >= 0) explore(given, safe, depth - 1);
    step_count--;
  }
}

static const uint64_t all_limits[][4] = {
    /* soft and hard of a, soft and hard of b, in quanta */
    {1, 2, 1, 2},
    {1, 3, 2, 3},
    {2, 3, 1, 1},
    {NONE, 1, 1, NONE},
};

static int steps_wanted = 6; /* twice: from nothing, and inside both */

static void explore_all(bool safe) {
  sequences = 0;
  for (size_t i = 0; i < sizeof all_limits / sizeof all_limits[0]; i++) {
    uint64_t given[4];
    for (int j = 0; j < 4; j++)
      given[j] = all_limits[i][j] == NONE ? NONE : all_limits[i][j] * QUANTUM;
    step_count = 0;
    explore(given, safe, steps_wanted);
    /* And further, from where all that is interesting begins. */
    steps[step_count++] = ENTER_A;
    steps[step_count++] = ENTER_B;
    replay(given, safe);
    explore(given, safe, steps_wanted);
  }
  print_message("%lu sequences of up to %d steps\n", sequences,
                2 + steps_wanted);
}

TEST(two_budgets_do_what_the_rules_say_in_every_sequence) {
  explore_all(false);
}

TEST(two_budgets_with_signal_safe_kills_do_too) { explore_all(true); }

int main(void) {
  const char *length = getenv("WASMSIG_MACHINE_STEPS");
  if (length) steps_wanted = (int)strtol(length, NULL, 10);
  if (steps_wanted < 1 || steps_wanted > MOST_STEPS - 2) return 2;
  const struct CMUnitTest tests[] = {
      IN_SCENE(two_budgets_do_what_the_rules_say_in_every_sequence),
      IN_SCENE(two_budgets_with_signal_safe_kills_do_too),
  };
  use_hand_timers();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
