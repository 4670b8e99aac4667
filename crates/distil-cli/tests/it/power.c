/* Preloaded into the program and its trials: writes down every call that changes what is in a folder, and which of them were synced, and
 * ends all of them at the n-th, as when power is lost. What was not synced by then may be gone: `power.rs` takes it away.
 *
 * POWER_ROOT=folder  what lies outside is not looked at;  POWER_LOG=file  the journal;  POWER_CUT=file of 8 zero bytes  the count, shared
 * by all processes;  POWER_AT=n  the call at which power is lost (0: never);  POWER_KEPT=folder  links to files that names are taken from.
 *
 * A line of the journal: what, inode, folder's inode, name, then for a rename folder's inode and new name, then the link kept, or -.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *root, *journal, *kept;
static long *count, at;

__attribute__((constructor)) static void begin(void) {
    const char *cut = getenv("POWER_CUT"), *n = getenv("POWER_AT");
    root = getenv("POWER_ROOT"), journal = getenv("POWER_LOG"), kept = getenv("POWER_KEPT");
    long fd = cut && n && root && journal && kept ? syscall(SYS_openat, AT_FDCWD, cut, O_RDWR) : -1;
    if (fd < 0)
        return;
    count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    at = atol(n);
}

/* The absolute path without following its last name; 0 if it is none of ours. */
static int inside(const char *path, char *whole) {
    if (!count || !path)
        return 0;
    char folder[PATH_MAX], real[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    const char *name = slash ? slash + 1 : path;
    if (slash)
        *slash = 0;
    if (!realpath(slash ? (*folder ? folder : "/") : ".", real))
        return 0;
    if (snprintf(whole, PATH_MAX, "%s/%s", real, name) >= PATH_MAX)
        return 0;
    return !strncmp(whole, root, strlen(root));
}

static unsigned long inode(const char *path) {
    struct stat told;
    return lstat(path, &told) ? 0 : told.st_ino;
}

static unsigned long folder_of(const char *whole) {
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", whole);
    *strrchr(folder, '/') = 0;
    return inode(folder);
}

static const char *name_of(const char *whole) { return strrchr(whole, '/') + 1; }

/* Counts a call before it is made; at the n-th, and ever after, there is no power. */
static void counted(void) {
    if (__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST) >= at && at)
        for (;;)
            raise(SIGKILL);
}

static void note(const char *format, ...) {
    char line[3 * PATH_MAX];
    va_list rest;
    va_start(rest, format);
    vsnprintf(line, sizeof line, format, rest);
    va_end(rest);
    long fd = syscall(SYS_openat, AT_FDCWD, journal, O_WRONLY | O_CREAT | O_APPEND, 0644);
    syscall(SYS_write, fd, line, strlen(line));
    syscall(SYS_close, fd);
}

/* A second name for a file whose name is about to go. */
static void keep(const char *whole, char *link_name) {
    struct stat told;
    strcpy(link_name, "-");
    if (lstat(whole, &told) || !S_ISREG(told.st_mode))
        return;
    char path[PATH_MAX];
    snprintf(link_name, 64, "%ld.%d", *count, getpid());
    snprintf(path, sizeof path, "%s/%s", kept, link_name);
    syscall(SYS_linkat, AT_FDCWD, whole, AT_FDCWD, path, 0);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int opened(const char *whole, int there, long size, int flags, int fd) {
    if (fd >= 0 && !there)
        note("create\t%lu\t%lu\t%s\n", inode(whole), folder_of(whole), name_of(whole));
    else if (fd >= 0)
        note("open\t%lu\t%ld\n", inode(whole), flags & O_TRUNC ? 0 : size);
    return fd;
}

#define OPENS(name)                                                          \
    int name(const char *path, int flags, ...) {                             \
        mode_t mode = 0;                                                     \
        char whole[PATH_MAX];                                                \
        struct stat told;                                                    \
        if (flags & O_CREAT) {                                               \
            va_list rest;                                                    \
            va_start(rest, flags);                                           \
            mode = va_arg(rest, mode_t);                                     \
            va_end(rest);                                                    \
        }                                                                    \
        if (!(flags & (O_WRONLY | O_RDWR)) || !inside(path, whole))          \
            return REAL(name)(path, flags, mode);                            \
        counted();                                                           \
        int there = !lstat(whole, &told);                                    \
        int fd = REAL(name)(path, flags, mode);                              \
        return opened(whole, there, there ? told.st_size : 0, flags, fd);    \
    }
OPENS(open)
OPENS(open64)

ssize_t write(int fd, const void *bytes, size_t size) {
    struct stat told;
    if (count && fd > 2 && !fstat(fd, &told) && S_ISREG(told.st_mode))
        counted();
    return REAL(write)(fd, bytes, size);
}

static int synced(int fd, int failed) {
    struct stat told;
    if (!failed && count && !fstat(fd, &told))
        note(S_ISDIR(told.st_mode) ? "folder\t%lu\t%ld\n" : "sync\t%lu\t%ld\n", told.st_ino, (long)told.st_size);
    return failed;
}
int fsync(int fd) {
    if (count)
        counted();
    return synced(fd, REAL(fsync)(fd));
}
int fdatasync(int fd) {
    if (count)
        counted();
    return synced(fd, REAL(fdatasync)(fd));
}

int mkdir(const char *path, mode_t mode) {
    char whole[PATH_MAX];
    if (!inside(path, whole))
        return REAL(mkdir)(path, mode);
    counted();
    int failed = REAL(mkdir)(path, mode);
    if (!failed)
        note("mkdir\t%lu\t%lu\t%s\n", inode(whole), folder_of(whole), name_of(whole));
    return failed;
}

int rename(const char *from, const char *to) {
    char old[PATH_MAX], new[PATH_MAX], link_name[64];
    if (!inside(from, old) || !inside(to, new))
        return REAL(rename)(from, to);
    counted();
    unsigned long moved = inode(old);
    keep(new, link_name);
    int failed = REAL(rename)(from, to);
    if (!failed)
        note("rename\t%lu\t%lu\t%s\t%lu\t%s\t%s\n", moved, folder_of(old), name_of(old), folder_of(new), name_of(new), link_name);
    return failed;
}

static int unlinked(const char *whole, int (*take)(const char *, int, int), const char *path, int folder, int flags) {
    char link_name[64] = "-";
    counted();
    unsigned long gone = inode(whole);
    keep(whole, link_name);
    int failed = take(path, folder, flags);
    if (!failed && !(flags & AT_REMOVEDIR))
        note("unlink\t%lu\t%lu\t%s\t%s\n", gone, folder_of(whole), name_of(whole), link_name);
    return failed;
}
static int take_unlink(const char *path, int folder, int flags) {
    (void)folder, (void)flags;
    return REAL(unlink)(path);
}
static int take_unlinkat(const char *path, int folder, int flags) { return REAL(unlinkat)(folder, path, flags); }

int unlink(const char *path) {
    char whole[PATH_MAX];
    return inside(path, whole) ? unlinked(whole, take_unlink, path, 0, 0) : REAL(unlink)(path);
}
int unlinkat(int folder, const char *path, int flags) {
    char whole[PATH_MAX], base[PATH_MAX], joined[2 * PATH_MAX];
    snprintf(joined, sizeof joined, "/proc/self/fd/%d", folder);
    ssize_t length = folder == AT_FDCWD ? -1 : readlink(joined, base, sizeof base - 1);
    if (length > 0) {
        base[length] = 0;
        snprintf(joined, sizeof joined, "%s/%s", base, path);
    } else
        snprintf(joined, sizeof joined, "%s", path);
    return inside(joined, whole) ? unlinked(whole, take_unlinkat, path, folder, flags) : REAL(unlinkat)(folder, path, flags);
}
