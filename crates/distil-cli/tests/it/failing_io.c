/* Preloaded into the program: counts the calls that change files, and lets one of them, or it and all that follow, fail.
 *
 * FAIL_WHO=parent|trial  whose calls are counted;  FAIL_AT=n  the n-th fails (0: none);  FAIL_ON=1  so do all that follow;
 * FAIL_LOG=path  where the name of the first call that failed, or the number of calls at the end, is written.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static long count, at;
static int on, counts;

static void say(const char *text) {
    const char *path = getenv("FAIL_LOG");
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0644) : -1;
    if (fd >= 0) {
        syscall(SYS_write, fd, text, strlen(text));
        syscall(SYS_close, fd);
    }
}

__attribute__((constructor)) static void begin(void) {
    char line[4096] = {0};
    const char *who = getenv("FAIL_WHO"), *n = getenv("FAIL_AT");
    long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY);
    if (fd < 0 || !who || !n)
        return;
    syscall(SYS_read, fd, line, sizeof line - 1);
    syscall(SYS_close, fd);
    int trial = !strcmp(line + strlen(line) + 1, "trial");
    counts = trial == !strcmp(who, "trial");
    at = atol(n);
    on = getenv("FAIL_ON") != NULL;
}

__attribute__((destructor)) static void end(void) {
    char text[64];
    if (counts && !at) {
        snprintf(text, sizeof text, "%ld\n", count);
        say(text);
    }
}

static int fails(const char *what, int reason) {
    if (!counts)
        return 0;
    long mine = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
    if (!at || mine < at || (mine > at && !on))
        return 0;
    if (mine == at)
        say(what);
    errno = reason;
    return 1;
}

static int is_file(int fd) {
    struct stat told;
    return fd > 2 && !fstat(fd, &told) && S_ISREG(told.st_mode);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPENS(name)                                                          \
    int name(const char *path, int flags, ...) {                             \
        mode_t mode = 0;                                                     \
        if (flags & O_CREAT) {                                               \
            va_list rest;                                                    \
            va_start(rest, flags);                                           \
            mode = va_arg(rest, mode_t);                                     \
            va_end(rest);                                                    \
        }                                                                    \
        if ((flags & O_CREAT) && fails("open", ENOSPC))                      \
            return -1;                                                       \
        return REAL(name)(path, flags, mode);                                \
    }
OPENS(open)
OPENS(open64)

ssize_t write(int fd, const void *bytes, size_t size) {
    return is_file(fd) && fails("write", ENOSPC) ? -1 : REAL(write)(fd, bytes, size);
}
int fsync(int fd) { return fails("fsync", EIO) ? -1 : REAL(fsync)(fd); }
int rename(const char *from, const char *to) { return fails("rename", EIO) ? -1 : REAL(rename)(from, to); }
int mkdir(const char *path, mode_t mode) { return fails("mkdir", ENOSPC) ? -1 : REAL(mkdir)(path, mode); }
