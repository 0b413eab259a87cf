/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Memory classes of real mappings. Every case runs twice: as the kernel
 * answers a question, and as its text says, which older kernels need.
 */
#include "os/os.h"
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CELL (UINT64_C(64) << 10) /* a page of wasm */

#define CELLS 16

/* Reserved address space, in cells. What became a hole may since be another
 * library else's. */
static struct {
  unsigned char *base;
  bool hole[CELLS];
} space;

/* Cells [from, to) become accessible, or a hole. */
static void allow(uint64_t from, uint64_t to) {
  assert_int_equal(mprotect(space.base + from * CELL, (to - from) * CELL,
                            PROT_READ | PROT_WRITE),
                   0);
}

static void unmap(uint64_t from, uint64_t to) {
  assert_int_equal(munmap(space.base + from * CELL, (to - from) * CELL), 0);
  for (uint64_t cell = from; cell < to; cell++) space.hole[cell] = true;
}

/* The class of a memory of `length` cells that may reach `max` of them, and of
 * which the engine says that `reserved` are its own. */
static void assert_class_of(uint64_t length, uint64_t max, uint64_t reserved,
                            wasmsig_memory_class expected) {
  assert_int_equal(wasmsig_memory_classify(space.base, length * CELL,
                                           max * CELL, reserved * CELL, false),
                   expected);
}

/* The same where the engine guarantees what the memory may reach. */
static void assert_class(uint64_t length, uint64_t max,
                         wasmsig_memory_class expected) {
  assert_class_of(length, max, max, expected);
}

static int by_question(void **unused_state) {
  (void)unused_state;
  wsig_mapping_at = wsig_os_mapping_at;
  memset(&space, 0, sizeof space);
  space.base = mmap(NULL, CELLS * CELL, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return space.base == MAP_FAILED ? -1 : 0;
}

static int by_text(void **state) {
  int error = by_question(state);
  wsig_mapping_at = wsig_os_mapping_from_text;
  return error;
}

static int unmap_all(void **unused_state) {
  (void)unused_state;
  int error = 0;
  for (uint64_t cell = 0; cell < CELLS; cell++)
    if (!space.hole[cell]) error |= munmap(space.base + cell * CELL, CELL);
  return error;
}

/* ----------------------------------------------------------- what is fixed */

TEST(a_memory_with_its_reservation_after_it_is_fixed) {
  allow(0, 4);
  assert_class(4, 16, WASMSIG_MEMORY_FIXED);
}

TEST(a_memory_of_no_length_is_fixed_in_its_reservation) {
  assert_class(0, 16, WASMSIG_MEMORY_FIXED);
}

TEST(a_reservation_of_several_mappings_counts_as_one) {
  allow(0, 4);
  /* Shared: the kernel keeps it as a mapping of its own. */
  void *own = mmap(space.base + 8 * CELL, 4 * CELL, PROT_NONE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  assert_ptr_equal(own, space.base + 8 * CELL);
  assert_class(4, 16, WASMSIG_MEMORY_FIXED);
}

TEST(a_memory_that_has_its_largest_size_is_fixed) {
  allow(0, 16);
  assert_class(4, 4, WASMSIG_MEMORY_FIXED);
  assert_class(16, 16, WASMSIG_MEMORY_FIXED);
}

TEST(mappings_after_the_largest_size_do_not_matter) {
  allow(0, 4);
  allow(8, 9);
  unmap(10, 16);
  assert_class(4, 8, WASMSIG_MEMORY_FIXED);
}

/* --------------------------------------------------------- what may move */

/* As behind a guard region, or right below another memory. */
TEST(a_mapping_without_access_proves_no_reservation) {
  allow(0, 4);
  assert_class_of(4, 16, 0, WASMSIG_MEMORY_MOVABLE);
  assert_class_of(4, 5, 0, WASMSIG_MEMORY_MOVABLE);
  assert_class_of(0, 1, 0, WASMSIG_MEMORY_MOVABLE);
  assert_class_of(4, 4, 0, WASMSIG_MEMORY_FIXED); /* nothing is left to grow */
}

TEST(a_reservation_below_the_largest_size_is_not_enough) {
  allow(0, 4);
  assert_class_of(4, 16, 15, WASMSIG_MEMORY_MOVABLE);
  assert_class_of(4, 16, 4, WASMSIG_MEMORY_MOVABLE);
  assert_class_of(4, 15, 15, WASMSIG_MEMORY_FIXED);
  assert_class_of(4, 15, UINT64_MAX, WASMSIG_MEMORY_FIXED);
}

TEST(an_accessible_mapping_after_the_memory_makes_it_movable) {
  allow(0, 5);
  assert_class(4, 16, WASMSIG_MEMORY_MOVABLE);
}

TEST(one_accessible_page_in_the_reservation_makes_it_movable) {
  const int accesses[] = {PROT_READ, PROT_WRITE, PROT_EXEC};
  allow(0, 4);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(mprotect(space.base + 15 * CELL, 4096, accesses[i]), 0);
    assert_class(4, 16, WASMSIG_MEMORY_MOVABLE);
    assert_class(4, 15, WASMSIG_MEMORY_FIXED);
  }
}

TEST(a_hole_after_the_memory_makes_it_movable) {
  allow(0, 4);
  unmap(4, 5);
  assert_class(4, 16, WASMSIG_MEMORY_MOVABLE);
}

TEST(a_hole_in_the_reservation_makes_it_movable) {
  allow(0, 4);
  unmap(10, 11);
  assert_class(4, 16, WASMSIG_MEMORY_MOVABLE);
  assert_class(4, 10, WASMSIG_MEMORY_FIXED);
}

TEST(a_reservation_that_is_too_short_makes_it_movable) {
  allow(0, 4);
  unmap(15, 16);
  assert_class(4, 16, WASMSIG_MEMORY_MOVABLE);
}

TEST(a_memory_on_the_heap_is_movable) {
  void *memory = malloc(2 * CELL);
  assert_non_null(memory);
  assert_int_equal(wasmsig_memory_classify(memory, CELL, UINT64_C(4) << 30,
                                           UINT64_MAX, false),
                   WASMSIG_MEMORY_MOVABLE);
  free(memory);
}

/* ------------------------------------------------- what engines may say */

TEST(a_shared_memory_is_shared_no_matter_what_is_after_it) {
  allow(0, 16);
  assert_int_equal(
      wasmsig_memory_classify(space.base, 4 * CELL, 16 * CELL, 0, true),
      WASMSIG_MEMORY_SHARED);
}

TEST(no_memory_is_movable) {
  assert_int_equal(wasmsig_memory_classify(NULL, CELL, CELL, CELL, false),
                   WASMSIG_MEMORY_MOVABLE);
  assert_int_equal(wasmsig_memory_classify(NULL, CELL, CELL, CELL, true),
                   WASMSIG_MEMORY_MOVABLE);
}

TEST(a_memory_above_its_largest_size_is_movable) {
  assert_class(5, 4, WASMSIG_MEMORY_MOVABLE);
  assert_int_equal(wasmsig_memory_classify(space.base, 5 * CELL, CELL, 0, true),
                   WASMSIG_MEMORY_MOVABLE);
}

TEST(sizes_that_pass_the_end_of_the_address_space_are_movable) {
  const uint64_t sizes[] = {UINT64_MAX, UINT64_MAX - 1,
                            UINT64_MAX - (uintptr_t)space.base + 1};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(
        wasmsig_memory_classify(space.base, CELL, sizes[i], UINT64_MAX, false),
        WASMSIG_MEMORY_MOVABLE);
    assert_int_equal(wasmsig_memory_classify(space.base, sizes[i], sizes[i],
                                             UINT64_MAX, false),
                     WASMSIG_MEMORY_MOVABLE);
  }
  /* The largest that does not: there is no such reservation. */
  assert_int_equal(wasmsig_memory_classify(space.base, CELL,
                                           UINT64_MAX - (uintptr_t)space.base,
                                           UINT64_MAX, false),
                   WASMSIG_MEMORY_MOVABLE);
}

/* -------------------------------------------- the descriptor that is kept */

/* Descriptors of this process whose file is a list of mappings; the
 * last of them. */
static unsigned count_maps(int *last) {
  DIR *folder = opendir("/proc/self/fd");
  assert_non_null(folder);
  unsigned count = 0;
  for (struct dirent *at = readdir(folder); at; at = readdir(folder)) {
    char target[64] = "";
    if (readlinkat(dirfd(folder), at->d_name, target, sizeof target - 1) < 6 ||
        strcmp(target + strlen(target) - 5, "/maps") != 0)
      continue;
    *last = atoi(at->d_name);
    count++;
  }
  closedir(folder);
  return count;
}

static void assert_fixed_but_for_a_hole(void) {
  assert_class(4, 16, WASMSIG_MEMORY_FIXED);
  unmap(10, 11);
  assert_class(4, 16, WASMSIG_MEMORY_MOVABLE);
}

TEST(queries_leave_one_descriptor_open_at_most) {
  int number;
  allow(0, 4);
  for (int i = 0; i < 100; i++) assert_class(4, 16, WASMSIG_MEMORY_FIXED);
  assert_true(count_maps(&number) <= 1);
}

/* In a child: where it is not as it should be, the child ends with 1. */
static int child_finds(uint64_t length, uint64_t max,
                       wasmsig_memory_class expected) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    munmap(space.base + 10 * CELL, CELL);
    _exit(wasmsig_memory_classify(space.base, length * CELL, max * CELL,
                                  max * CELL, false) != expected);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST(a_child_queries_its_own_mappings_and_not_its_parents) {
  allow(0, 4);
  assert_class(4, 16, WASMSIG_MEMORY_FIXED);
  assert_int_equal(child_finds(4, 16, WASMSIG_MEMORY_MOVABLE), 0);
  assert_int_equal(child_finds(4, 10, WASMSIG_MEMORY_FIXED), 0);
  assert_fixed_but_for_a_hole();
}

TEST(a_descriptor_that_other_code_has_closed_is_opened_again) {
  int number;
  allow(0, 4);
  assert_class(4, 16, WASMSIG_MEMORY_FIXED);
  if (count_maps(&number) == 0) return; /* this kernel has no query */
  assert_int_equal(close(number), 0);
  assert_fixed_but_for_a_hole();
}

/* The worst of numbers used again: the mappings of another process, which has
 * a hole where we have none. */
TEST(a_descriptor_of_another_process_is_not_queried) {
  int number, pipes[2];
  char name[32], byte;
  allow(0, 4);
  assert_class(4, 16, WASMSIG_MEMORY_FIXED);
  if (count_maps(&number) == 0) return;
  assert_int_equal(pipe(pipes), 0);
  pid_t other = fork();
  if (other == 0) {
    munmap(space.base + 10 * CELL, CELL);
    (void)!write(pipes[1], "", 1);
    alarm(20); /* a test that fails leaves it behind */
    pause();
    _exit(0);
  }
  assert_int_equal(read(pipes[0], &byte, 1), 1);
  snprintf(name, sizeof name, "/proc/%d/maps", (int)other);
  int theirs = open(name, O_RDONLY);
  assert_true(theirs >= 0);
  assert_int_equal(dup2(theirs, number), number);
  assert_class(4, 16, WASMSIG_MEMORY_FIXED);
  assert_int_equal(fcntl(number, F_GETFD), 0); /* nor closed: it is theirs */
  close(theirs);
  close(number);
  close(pipes[0]);
  close(pipes[1]);
  kill(other, SIGKILL);
  waitpid(other, NULL, 0);
  assert_fixed_but_for_a_hole();
}

static void *ask_often(void *wrong) {
  for (int i = 0; i < 20000; i++)
    if (wasmsig_memory_classify(space.base, 4 * CELL, 16 * CELL, 16 * CELL,
                                false) != WASMSIG_MEMORY_FIXED)
      *(int *)wrong += 1;
  return NULL;
}

static int wrong_answers(unsigned count) {
  pthread_t threads[2];
  int wrong[2] = {0, 0};
  allow(0, 4);
  for (unsigned i = 0; i < count; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &wrong[i]),
                     0);
  for (unsigned i = 0; i < count; i++) pthread_join(threads[i], NULL);
  return wrong[0] + wrong[1];
}

TEST(threads_may_query_at_once) { assert_int_equal(wrong_answers(2), 0); }

/* ------------------------------------------------------ the text itself */

TEST(query_and_text_agree_about_every_mapping) {
  allow(0, 4);
  FILE *maps = fopen("/proc/self/maps", "r");
  assert_non_null(maps);
  char line[512];
  unsigned compared = 0;
  while (fgets(line, sizeof line, maps)) {
    unsigned long start, end;
    if (sscanf(line, "%lx-%lx ", &start, &end) != 2) continue;
    struct wsig_mapping queried, parsed;
    /* A mapping may have gone or grown since: only what both find counts. */
    if (!wsig_os_mapping_at(end - 1, &queried)) continue;
    if (!wsig_os_mapping_from_text(end - 1, &parsed)) continue;
    if (queried.start != parsed.start || queried.end != parsed.end) continue;
    assert_int_equal(queried.protection, parsed.protection);
    compared++;
  }
  fclose(maps);
  assert_true(compared > 5);
}

/* The column of the text at which a path begins. */
static size_t path_column(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  assert_non_null(maps);
  char line[512];
  size_t column = 0;
  while (!column && fgets(line, sizeof line, maps))
    if (strchr(line, '/')) column = strcspn(line, "/");
  fclose(maps);
  return column;
}

/* Makes a file whose path, from the piece of the text on that a reader with a
 * buffer of 512 sees as a line, reads like a mapping of everything. */
static void make_misleading_path(char *path, size_t size) {
  const char *misleading = "0-ffffffffffffffff rw-p 0 0 0";
  size_t begin = 511 - path_column();
  snprintf(path, size, "%s/wasmsig-XXXXXX",
           getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
  assert_non_null(mkdtemp(path));
  size_t length = strlen(path);
  assert_true(length + 4 < begin);
  while (length < begin) {
    size_t part = begin - length > 200 ? 150 : begin - length;
    path[length++] = '/';
    for (size_t i = 1; i < part; i++) path[length++] = 'd';
    path[length] = '\0';
    if (length < begin) assert_int_equal(mkdir(path, 0700), 0);
  }
  snprintf(path + length, size - length, "%s", misleading);
}

/* Removes the file and its folders up to the one that mkdtemp made. */
static void remove_path(char *path) {
  unlink(path);
  for (char *end = strrchr(path, '/'); end; end = strrchr(path, '/')) {
    *end = '\0';
    if (rmdir(path) != 0) return; /* the folder of temporary files */
  }
}

TEST(a_long_path_that_looks_like_a_mapping_is_not_parsed_as_one) {
  char path[PATH_MAX];
  make_misleading_path(path, sizeof path);
  int file = open(path, O_RDWR | O_CREAT, 0600);
  assert_true(file >= 0);
  assert_int_equal(ftruncate(file, CELL), 0);
  /* Below the memory: the text names it first. */
  void *mapped =
      mmap(space.base, CELL, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0);
  close(file);
  remove_path(path);
  assert_ptr_equal(mapped, space.base);
  allow(1, 4);
  assert_int_equal(wasmsig_memory_classify(space.base + CELL, 3 * CELL,
                                           15 * CELL, 15 * CELL, false),
                   WASMSIG_MEMORY_FIXED);
  assert_class(0, 16, WASMSIG_MEMORY_MOVABLE); /* the file is accessible */
}

#define BOTH_WAYS(sentence)                                               \
  {#sentence " (by question)", sentence, by_question, unmap_all, NULL}, { \
    #sentence " (by text)", sentence, by_text, unmap_all, NULL            \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_WAYS(a_memory_with_its_reservation_after_it_is_fixed),
      BOTH_WAYS(a_memory_of_no_length_is_fixed_in_its_reservation),
      BOTH_WAYS(a_reservation_of_several_mappings_counts_as_one),
      BOTH_WAYS(a_memory_that_has_its_largest_size_is_fixed),
      BOTH_WAYS(mappings_after_the_largest_size_do_not_matter),
      BOTH_WAYS(a_mapping_without_access_proves_no_reservation),
      BOTH_WAYS(a_reservation_below_the_largest_size_is_not_enough),
      BOTH_WAYS(an_accessible_mapping_after_the_memory_makes_it_movable),
      BOTH_WAYS(one_accessible_page_in_the_reservation_makes_it_movable),
      BOTH_WAYS(a_hole_after_the_memory_makes_it_movable),
      BOTH_WAYS(a_hole_in_the_reservation_makes_it_movable),
      BOTH_WAYS(a_reservation_that_is_too_short_makes_it_movable),
      BOTH_WAYS(a_memory_on_the_heap_is_movable),
      BOTH_WAYS(a_shared_memory_is_shared_no_matter_what_is_after_it),
      BOTH_WAYS(no_memory_is_movable),
      BOTH_WAYS(a_memory_above_its_largest_size_is_movable),
      BOTH_WAYS(sizes_that_pass_the_end_of_the_address_space_are_movable),
      BOTH_WAYS(a_child_queries_its_own_mappings_and_not_its_parents),
      cmocka_unit_test_setup_teardown(queries_leave_one_descriptor_open_at_most,
                                      by_question, unmap_all),
      cmocka_unit_test_setup_teardown(
          a_descriptor_that_other_code_has_closed_is_opened_again, by_question,
          unmap_all),
      cmocka_unit_test_setup_teardown(
          a_descriptor_of_another_process_is_not_queried, by_question,
          unmap_all),
      cmocka_unit_test_setup_teardown(threads_may_query_at_once, by_question,
                                      unmap_all),
      BOTH_WAYS(query_and_text_agree_about_every_mapping),
      BOTH_WAYS(a_long_path_that_looks_like_a_mapping_is_not_parsed_as_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
