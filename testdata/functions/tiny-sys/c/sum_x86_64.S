/* uint64_t tiny_sum_bytes(const uint8_t *input, size_t length): sixteen bytes at a time with psadbw, then one by one. */
    .section .rodata.tiny_zero, "a", @progbits
    .balign 16
    .type tiny_zero, @object
    .size tiny_zero, 16
tiny_zero:
    .zero 16

    .text
    .globl tiny_sum_bytes
    .type tiny_sum_bytes, @function
    .balign 16
tiny_sum_bytes:
    .cfi_startproc
    xorl %eax, %eax
    pxor %xmm0, %xmm0
    movdqa tiny_zero(%rip), %xmm2
.Lsixteen:
    cmpq $16, %rsi
    jb .Lfold
    movdqu (%rdi), %xmm1
    psadbw %xmm2, %xmm1
    paddq %xmm1, %xmm0
    addq $16, %rdi
    subq $16, %rsi
    jmp .Lsixteen
.Lfold:
    movq %xmm0, %rax
    psrldq $8, %xmm0
    movq %xmm0, %rdx
    addq %rdx, %rax
.Lone:
    testq %rsi, %rsi
    jz .Ldone
    movzbl (%rdi), %edx
    addq %rdx, %rax
    incq %rdi
    decq %rsi
    jmp .Lone
.Ldone:
    ret
    .cfi_endproc
    .size tiny_sum_bytes, . - tiny_sum_bytes

    .section .note.GNU-stack, "", @progbits
