// Start-up of a Cortex-M4, and one of two programs: with COUNT it classifies the windows of windows.h under QEMU and prints
// class, scores, instructions and stack of each; without, it is the least firmware that classifies, to be measured in size.
#include "peer.h"

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;
int main(void);

void reset(void) {
    uint32_t *from = &data_load;
    for (uint32_t *to = &data_start; to < &data_end;) *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;) *to++ = 0;
    main();
    for (;;) {
    }
}

void fault(void) {
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    &stack_top, reset, fault, fault, fault, fault, fault,
};

#ifdef COUNT
#include "windows.h"

#define SYSTICK ((volatile uint32_t *)0xE000E010)

static void semihosting(int operation, const void *argument) {
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}
enum { WRITE0 = 4, EXIT_EXTENDED = 0x20 };

static const int16_t (*window)[CHANNELS];
static int32_t scores[8];
static int class;

static void nothing(void) {}
static void hundred(void) { __asm__ volatile(".rept 100\n nop\n .endr"); }
static void classify_window(void) { class = classify(window, scores); }

// Instructions between two readings, by the rule of firmware-examples/src/count.rs: 3.2 ticks each at 25 MHz and 128 ns.
static __attribute__((noipa)) uint32_t ticks(void (*region)(void)) {
    uint32_t before = SYSTICK[2];
    region();
    return (before - SYSTICK[2]) & 0xFFFFFF;
}
static uint32_t instructions(void (*region)(void)) { return (ticks(region) * 10 + 16) / 32; }

// Bytes of stack that `region` takes, by a pattern below this frame.
static __attribute__((noipa)) uint32_t stack(void (*region)(void)) {
    enum { DEPTH = 1 << 14, PATTERN = 0x5A };
    volatile uint8_t *here = (volatile uint8_t *)__builtin_frame_address(0) - 64;
    for (int i = 1; i <= DEPTH; i++) here[-i] = PATTERN;
    region();
    int deepest = DEPTH;
    while (deepest > 0 && here[-deepest] == PATTERN) deepest--;
    return (uint32_t)deepest + 64;
}

static void print(int32_t number, char after) {
    char text[16], *at = text + sizeof text - 1;
    uint32_t size = number < 0 ? -(uint32_t)number : (uint32_t)number;
    *at = 0, *--at = after;
    do *--at = (char)('0' + size % 10);
    while (size /= 10);
    if (number < 0) *--at = '-';
    semihosting(WRITE0, at);
}

int main(void) {
    SYSTICK[1] = 0xFFFFFF, SYSTICK[2] = 0, SYSTICK[0] = 5;
    uint32_t overhead = instructions(nothing);
    for (int i = 0; i < 5; i++)
        if (instructions(hundred) - overhead != 100) semihosting(EXIT_EXTENDED, (uint32_t[]){0x20026, 1});
    for (int i = 0; i < WINDOWS; i++) {
        window = windows[i];
        uint32_t count = instructions(classify_window) - overhead, bytes = stack(classify_window);
        print(class, ' '), print((int32_t)count, ' '), print((int32_t)bytes, ' ');
        for (int k = 0; k < SCORES; k++) print(scores[k], k + 1 < SCORES ? ' ' : '\n');
    }
    semihosting(EXIT_EXTENDED, (uint32_t[]){0x20026, 0});
}
#else
// The window stays outside: a sensor's driver would fill it.
extern int16_t sensor[STEPS][CHANNELS];
volatile int answer;

int main(void) {
    int32_t scores[SCORES];
    for (;;) answer = classify(sensor, scores);
}
#endif
