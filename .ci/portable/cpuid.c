/* Preloaded into a program whose `cpuid` instructions were replaced by `ud2` (by the script beside this file): answers them
   as this processor does, less everything above SSE4.2 and POPCNT (what Nehalem had). */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <ucontext.h>

static void answer(int signal_number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *at = (const unsigned char *)registers[REG_RIP];
    if (at[0] != 0x0f || at[1] != 0x0b) {
        signal(SIGILL, SIG_DFL);
        return;
    }
    unsigned leaf = registers[REG_RAX], part = registers[REG_RCX], a, b, c, d;
    __cpuid_count(leaf, part, a, b, c, d);
    if (leaf == 1) /* FMA, MOVBE, AES, XSAVE, OSXSAVE, AVX, F16C, RDRAND */
        c &= ~(1u << 12 | 1u << 22 | 1u << 25 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 29 | 1u << 30);
    if (leaf == 7 || leaf == 0xd) /* AVX2, BMI, AVX-512; their saved state */
        a = b = c = d = 0;
    if (leaf == 0x80000001) /* LZCNT, SSE4A, XOP, FMA4 */
        c &= ~(1u << 5 | 1u << 6 | 1u << 11 | 1u << 16);
    registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void install(void) {
    struct sigaction action = {0};
    action.sa_sigaction = answer;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGILL, &action, 0);
}
