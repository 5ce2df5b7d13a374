/* Start-up and semihosting for any emulated Cortex-M. */
#include "board.h"

int main(void);

/* From link.ld. */
extern uint32_t stack_top, data_start, data_end, data_in_flash, bss_start, bss_end;

static void reset(void)
{
    uint32_t *from = &data_in_flash;

    for (uint32_t *to = &data_start; to < &data_end; to++)
        *to = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end; to++)
        *to = 0;
    stop(main());
}

static void fault(void)
{
    print("error: fault or unexpected interrupt\n");
    stop(3);
}

/* Where the stack starts, and the processor's own exceptions; no interrupt is enabled. */
__attribute__((section(".vectors"), used)) const struct {
    uint32_t *stack;
    void (*exceptions[15])(void);
} vectors = {
    &stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault},
};

enum { SYS_OPEN = 0x01, SYS_WRITE0 = 0x04, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };

static int32_t semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

void stop(int status)
{
    /* "The application exits", and how. */
    const uint32_t reason[2] = {0x20026, (uint32_t)status};

    semihost(SYS_EXIT_EXTENDED, reason);
    for (;;) {
    }
}

void print(const char *text)
{
    semihost(SYS_WRITE0, text);
}

void print_number(int32_t number)
{
    /* A sign, ten digits and a zero byte. */
    char digits[12];
    char *at = digits + sizeof digits - 1;
    uint32_t left = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;

    *at = 0;
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (number < 0)
        *--at = '-';
    print(at);
}

struct file open_file(const char *name)
{
    struct file file;
    uint32_t length = 0;

    while (name[length])
        length++;
    /* Mode 1 is "rb". */
    const uint32_t argument[3] = {(uint32_t)(uintptr_t)name, 1, length};
    file.handle = semihost(SYS_OPEN, argument);
    if (file.handle < 0) {
        print("error: cannot open ");
        print(name);
        print("\n");
        stop(2);
    }
    return file;
}

void read_file(struct file *file, void *to, size_t bytes)
{
    const uint32_t argument[3] = {(uint32_t)file->handle, (uint32_t)(uintptr_t)to, bytes};

    /* What is left unread. */
    if (semihost(SYS_READ, argument) != 0) {
        print("error: the file of windows ends early\n");
        stop(2);
    }
}
