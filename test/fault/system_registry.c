/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A system that refuses: memory that may not be written, filters that forbid
 * system calls (seccomp(2)), a /proc that is not there. Each case in a child
 * process of its own; a filter stays for a process's life.
 */
#include "fault.h"

#include "os/os.h"
#include "test/support/c_library.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define PAGE 65536u /* of the largest of Linux's page sizes */

static wasmsig_registry *registry;
static struct block other; /* an instance that nothing is wrong with */
static wasmsig_instance other_instance;

static void begin(void) {
  CHILD_ASSERT(wasmsig_registry_create(&registry) == WASMSIG_OK);
  block_init(&other);
  CHILD_ASSERT(block_add(registry, &other, WASMSIG_MEMORY_FIXED, ALL_WORDS,
                         &other_instance) == WASMSIG_OK);
}

static struct block *guarded_memory(void) {
  struct block *block = pages(PAGE);
  block_init(block);
  return block;
}

static wasmsig_instance add_guarded(struct block *block) {
  wasmsig_instance instance = 0;
  CHILD_ASSERT(block_add(registry, block, WASMSIG_MEMORY_GUARDED,
                         SIGNAL | TERMINATED, &instance) == WASMSIG_OK);
  return instance;
}

/* ------------------------------------------------------- protection keys */

/* The other instance alone is reached; the refusal is counted, nothing is a
 * fault, and errno is the caller's. */
static void expect_refusals(wasmsig_instance refused) {
  uint64_t before = failures();
  errno = 4711;
  CHILD_ASSERT(wasmsig_registry_raise(registry, 5) == 1);
  CHILD_ASSERT(other.signal == 5 && failures() == before + 1);
  CHILD_ASSERT(wasmsig_instance_raise(registry, refused, 6) == 0);
  CHILD_ASSERT(wasmsig_process_raise(6) == 1);
  CHILD_ASSERT(other.signal == 6 && failures() == before + 3);
  CHILD_ASSERT(errno == 4711);
  CHILD_ASSERT(block_intact(&other));
}

/* A key for which this thread may neither load nor store: only the system
 * reaches the words. */
static bool under_a_key(struct block *block, int *key) {
  *key = pkey_alloc(0, 0);
  if (*key < 0) return false;
  CHILD_ASSERT(pkey_mprotect(block, PAGE, PROT_READ | PROT_WRITE, *key) == 0);
  CHILD_ASSERT(pkey_set(*key, PKEY_DISABLE_ACCESS) == 0);
  return true;
}

static void raise_under_a_key(void) {
  int key;
  begin();
  struct block *block = guarded_memory();
  if (!under_a_key(block, &key)) {
    printf("not run: this machine has no protection keys\n");
    fflush(stdout);
    return;
  }
  wasmsig_instance instance = add_guarded(block);
  CHILD_ASSERT(wasmsig_registry_raise(registry, 5) == 2);
  CHILD_ASSERT(wasmsig_instance_terminate(registry, instance) == 1);
  CHILD_ASSERT(wasmsig_registry_raise(registry, 6) == 1);
  CHILD_ASSERT(failures() == 0);
  CHILD_ASSERT(pkey_set(key, 0) == 0);
  CHILD_ASSERT(block->signal == 5 && block->terminated == 1);
  CHILD_ASSERT(block_intact(block));
}
TEST(a_raise_reaches_a_memory_under_a_protection_key) {
  assert_child_ends_well(raise_under_a_key);
}

/* ---------------------------------------------- memory that may not be had */

static void raise_to_read_only(void) {
  begin();
  struct block *block = guarded_memory();
  wasmsig_instance instance = add_guarded(block);
  CHILD_ASSERT(block->signal == 0);
  CHILD_ASSERT(mprotect(block, PAGE, PROT_READ) == 0);
  expect_refusals(instance);
  CHILD_ASSERT(block->signal == 0 && block_intact(block));
  uint64_t before = failures();
  CHILD_ASSERT(wasmsig_instance_terminate(registry, instance) == 0);
  CHILD_ASSERT(failures() == before + 1 && block->terminated == 0);
  CHILD_ASSERT(mprotect(block, PAGE, PROT_READ | PROT_WRITE) == 0);
  CHILD_ASSERT(wasmsig_registry_raise(registry, 7) == 2 && block->signal == 7);
  CHILD_ASSERT(mprotect(block, PAGE, PROT_READ) == 0);
  before = failures();
  CHILD_ASSERT(wasmsig_instance_clear(registry, instance, 7) == 0);
  CHILD_ASSERT(failures() == before + 1 && block->signal == 7);
}
TEST(a_raise_to_a_read_only_memory_is_a_counted_failure) {
  assert_child_ends_well(raise_to_read_only);
}

static void raise_to_unmapped(void) {
  begin();
  struct block *block = guarded_memory();
  wasmsig_instance instance = add_guarded(block);
  CHILD_ASSERT(munmap(block, PAGE) == 0);
  expect_refusals(instance);
  CHILD_ASSERT(wasmsig_process_clear(0) == 1);
  CHILD_ASSERT(wasmsig_process_terminate() == 1);
  CHILD_ASSERT(wasmsig_instance_remove(registry, instance) == WASMSIG_OK);
  uint64_t before = failures();
  CHILD_ASSERT(wasmsig_process_raise(5) == 0 && failures() == before);
}
TEST(a_raise_to_memory_that_was_unmapped_is_a_counted_failure) {
  assert_child_ends_well(raise_to_unmapped);
}

static void expect_no_add(struct block *block) {
  wasmsig_instance instance = 4711;
  size_t count = wasmsig_registry_count(registry);
  CHILD_ASSERT(block_add(registry, block, WASMSIG_MEMORY_GUARDED,
                         SIGNAL | TERMINATED, &instance) == WASMSIG_EWRITE);
  CHILD_ASSERT(instance == 4711);
  CHILD_ASSERT(wasmsig_registry_count(registry) == count);
  CHILD_ASSERT(wasmsig_registry_raise(registry, 5) == 1);
}

static void add_read_only(void) {
  begin();
  struct block *block = guarded_memory();
  CHILD_ASSERT(mprotect(block, PAGE, PROT_READ) == 0);
  expect_no_add(block);
  CHILD_ASSERT(failures() == 0); /* there was no instance to fail */
  CHILD_ASSERT(block->signal == UNTOUCHED && block_intact(block));
  CHILD_ASSERT(mprotect(block, PAGE, PROT_READ | PROT_WRITE) == 0);
  add_guarded(block);
  CHILD_ASSERT(wasmsig_registry_raise(registry, 5) == 2 && block->signal == 5);
}
TEST(an_add_that_the_system_refuses_tracks_nothing) {
  assert_child_ends_well(add_read_only);
}

/* ---------------------------------------------------------------- filters */

#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE(error) \
  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)(error))
#define LOAD(member) \
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
/* Goes on with the next statement if equal, else skips `other` more. */
#define IF_EQUAL(value, otherwise) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(value), 0, otherwise)

static void install(struct sock_filter *filter, size_t length) {
  struct sock_fprog program = {.len = (unsigned short)length, .filter = filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
    return;
  perror("no seccomp filter can be set here, so this cannot be tested");
  _exit(1);
}
#define INSTALL(filter) install(filter, sizeof(filter) / sizeof *(filter))

static void forbid_process_vm(void) {
  struct sock_filter filter[] = {
      LOAD(nr),      IF_EQUAL(SYS_process_vm_writev, 1),
      REFUSE(EPERM), IF_EQUAL(SYS_process_vm_readv, 1),
      REFUSE(EPERM), ALLOW};
  INSTALL(filter);
}

static void raise_in_a_sandbox(void) {
  begin();
  struct block *block = guarded_memory();
  struct block *late = guarded_memory();
  wasmsig_instance instance = add_guarded(block);
  forbid_process_vm();
  expect_refusals(instance);
  CHILD_ASSERT(block->signal == 0 && block_intact(block));
  expect_no_add(late);
  CHILD_ASSERT(late->signal == UNTOUCHED && block_intact(late));
}

static void add_in_a_sandbox(void) {
  begin();
  struct block *block = guarded_memory();
  forbid_process_vm();
  expect_no_add(block);
  CHILD_ASSERT(failures() == 0); /* there was no instance to fail */
  CHILD_ASSERT(block->signal == UNTOUCHED && block_intact(block));
}
TEST(a_raise_that_a_filter_forbids_is_a_counted_failure) {
  assert_child_ends_well(add_in_a_sandbox);
  assert_child_ends_well(raise_in_a_sandbox);
}

/* ------------------------------------------------------------- mappings */

#define PROCMAP_QUERY_NUMBER _IOC(_IOC_READ | _IOC_WRITE, 'f', 17, 104)

static void forbid_procmap_query(void) {
  struct sock_filter filter[] = {
      LOAD(nr),       IF_EQUAL(SYS_ioctl, 3),
      LOAD(args[1]),  IF_EQUAL(PROCMAP_QUERY_NUMBER, 1),
      REFUSE(ENOTTY), ALLOW};
  INSTALL(filter);
}

static void forbid_open(void) {
  struct sock_filter filter[] = {LOAD(nr),
                                 IF_EQUAL(SYS_openat, 1),
                                 REFUSE(ENOENT),
#ifdef SYS_open
                                 IF_EQUAL(SYS_open, 1),
                                 REFUSE(ENOENT),
#endif
                                 ALLOW};
  INSTALL(filter);
}

/* Real mappings, as engines make them and as they do not. */
enum { RESERVED, IN_TWO_PARTS, FULL, PLAIN, HOLE, SHORT, LAST, SHAPES };
static char *shapes[SHAPES];
static const wasmsig_memory_class expected[SHAPES] = {
    [RESERVED] = WASMSIG_MEMORY_FIXED, [IN_TWO_PARTS] = WASMSIG_MEMORY_FIXED,
    [FULL] = WASMSIG_MEMORY_FIXED,     [PLAIN] = WASMSIG_MEMORY_MOVABLE,
    [HOLE] = WASMSIG_MEMORY_MOVABLE,   [SHORT] = WASMSIG_MEMORY_MOVABLE,
    [LAST] = WASMSIG_MEMORY_MOVABLE};

/* 8 pages: the first two can be used, the others are reserved. */
static char *reserve(void) {
  char *base = pages(8 * PAGE);
  CHILD_ASSERT(mprotect(base + 2 * PAGE, 6 * PAGE, PROT_NONE) == 0);
  return base;
}

static void make_shapes(void) {
  for (int i = 0; i < SHAPES; i++) shapes[i] = reserve();
  /* Another mapping of the same access: a file's. */
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  CHILD_ASSERT(file >= 0);
  CHILD_ASSERT(mmap(shapes[IN_TWO_PARTS] + 4 * PAGE, PAGE, PROT_NONE,
                    MAP_PRIVATE | MAP_FIXED, file, 0) != MAP_FAILED);
  close(file);
  CHILD_ASSERT(mprotect(shapes[PLAIN] + 2 * PAGE, 6 * PAGE,
                        PROT_READ | PROT_WRITE) == 0);
  CHILD_ASSERT(munmap(shapes[HOLE] + 5 * PAGE, PAGE) == 0);
  CHILD_ASSERT(mprotect(shapes[SHORT] + 7 * PAGE, PAGE, PROT_READ) == 0);
  CHILD_ASSERT(munmap(shapes[LAST] + 7 * PAGE, PAGE) == 0);
}

static wasmsig_memory_class classify(int shape) {
  uint64_t length = shape == FULL ? 8 * PAGE : 2 * PAGE;
  return wasmsig_memory_classify(shapes[shape], length, 8 * PAGE, 8 * PAGE,
                                 false);
}

static bool kernel_answers(void) {
  uint64_t query[13] = {sizeof query, 0, (uintptr_t)&other};
  int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  CHILD_ASSERT(maps >= 0);
  bool answers = any_ioctl(maps, PROCMAP_QUERY_NUMBER, query) == 0;
  CHILD_ASSERT(answers || errno == ENOTTY);
  close(maps);
  return answers;
}

static void classify_both_ways(void) {
  make_shapes();
  if (!kernel_answers()) printf("this kernel has no PROCMAP_QUERY\n");
  for (int i = 0; i < SHAPES; i++) CHILD_ASSERT(classify(i) == expected[i]);
  forbid_procmap_query();
  CHILD_ASSERT(!kernel_answers());
  for (int i = 0; i < SHAPES; i++) CHILD_ASSERT(classify(i) == expected[i]);
  fflush(stdout);
}
TEST(mappings_read_as_text_are_classified_as_queried_ones) {
  assert_child_ends_well(classify_both_ways);
}

static void classify_without_proc(void) {
  make_shapes();
  forbid_open();
  CHILD_ASSERT(open("/proc/self/maps", O_RDONLY) < 0 && errno == ENOENT);
  for (int i = 0; i < SHAPES; i++)
    CHILD_ASSERT(classify(i) ==
                 (i == FULL ? WASMSIG_MEMORY_FIXED : WASMSIG_MEMORY_MOVABLE));
}
TEST(without_proc_a_memory_that_can_grow_is_movable) {
  assert_child_ends_well(classify_without_proc);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_raise_reaches_a_memory_under_a_protection_key),
      cmocka_unit_test(a_raise_to_a_read_only_memory_is_a_counted_failure),
      cmocka_unit_test(
          a_raise_to_memory_that_was_unmapped_is_a_counted_failure),
      cmocka_unit_test(an_add_that_the_system_refuses_tracks_nothing),
      cmocka_unit_test(a_raise_that_a_filter_forbids_is_a_counted_failure),
      cmocka_unit_test(mappings_read_as_text_are_classified_as_queried_ones),
      cmocka_unit_test(without_proc_a_memory_that_can_grow_is_movable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
